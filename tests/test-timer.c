#include "loop-backends.h"

#include <stdlib.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "async/heap.h"
#include "async/timer.h"

/* --------------------------------------------------------------------- heap */

static void
heap_check(const struct heap_node *node, size_t *count)
{
	if (node == NULL)
		return;
	++*count;
	for (int side = 0; side < 2; side++) {
		const struct heap_node *child = node->child[side];

		if (child == NULL)
			continue;
		assert_ptr_equal(child->parent, node);
		assert_true(node->key < child->key
		    || (node->key == child->key && node->order < child->order));
		heap_check(child, count);
	}
}

static void
heap_keeps_its_order_whatever_is_taken_out(void **state)
{
	enum { COUNT = 200 };
	static struct heap_node nodes[COUNT];
	struct heap heap = { .root = NULL };
	bool in[COUNT] = { false };

	(void)state;
	srand(7);
	for (int step = 0; step < 4000; step++) {
		int i = rand() % COUNT;
		size_t count = 0;

		if (in[i])
			heap_remove(&heap, &nodes[i]);
		else {
			nodes[i].key = (uint64_t)(rand() % 20);
			nodes[i].order = (uint64_t)step;
			heap_insert(&heap, &nodes[i]);
		}
		in[i] = !in[i];
		heap_check(heap.root, &count);
		assert_int_equal(count, heap.count);
	}
}

/* ------------------------------------------------------------------- timers */

struct probe {
	struct timer timer;
	int id;
};

static int fired[1000];
static size_t fired_count;

static void
probe_fire(struct timer *timer)
{
	fired[fired_count++] = ((struct probe *)timer)->id;
}

static int
forget_fired(void)
{
	fired_count = 0;
	return 0;
}

static void
timers_fire_by_deadline_and_then_by_order(void **state)
{
	static struct probe probes[1000];

	(void)state;
	forget_fired();
	for (int i = 0; i < 1000; i++) {
		int slot = i * 7 % 1000;

		probes[slot].id = slot / 10 * 1000 + i;
		timer_call_at(&probes[slot].timer, (uint64_t)(slot / 10), probe_fire);
	}
	assert_int_equal(loop_run(), 0);
	assert_int_equal(fired_count, 1000);
	for (size_t i = 1; i < fired_count; i++)
		assert_true(fired[i - 1] < fired[i]);
}

static void
a_deadline_is_never_early(void **state)
{
	static struct probe probes[5];
	uint64_t begun = loop_now_refresh();

	(void)state;
	forget_fired();
	for (int i = 0; i < 5; i++) {
		probes[i].id = i;
		timer_call_after(&probes[i].timer, (uint64_t)(5 - i) * 3 * MILLISECOND, probe_fire);
	}
	assert_int_equal(loop_run(), 0);
	assert_true(loop_now_refresh() - begun >= 15 * MILLISECOND);
	for (int i = 0; i < 5; i++)
		assert_int_equal(fired[i], 4 - i);
}

struct ticker {
	struct job job;
	int *seen;
};

static void
tick_run(struct job *job)
{
	++*((struct ticker *)job)->seen;
}

static struct ticker tick_job;

static void
enqueue_fire(struct timer *timer)
{
	(void)timer;
	tick_job.job.run = tick_run;
	job_enqueue(&tick_job.job);
}

static void
see_fire(struct timer *timer)
{
	assert_int_equal(*tick_job.seen, 1);
	++*tick_job.seen;
	(void)timer;
}

static void
jobs_run_between_two_timers_of_one_deadline(void **state)
{
	struct timer first = { .fire = NULL }, second = { .fire = NULL };
	int seen = 0;

	(void)state;
	tick_job.seen = &seen;
	timer_call_at(&first, 1, enqueue_fire);
	timer_call_at(&second, 1, see_fire);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(seen, 2);
}

static struct timer other;

static void
stop_other(struct timer *timer)
{
	(void)timer;
	timer_stop(&other);
	timer_close(&other);
}

static void
a_timer_may_stop_another_that_is_due(void **state)
{
	struct timer first = { .fire = NULL };

	(void)state;
	forget_fired();
	timer_call_at(&first, 1, stop_other);
	timer_call_at(&other, 1, probe_fire);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(fired_count, 0);
	assert_false(timer_is_set(&other));
}

static void
set_again(struct timer *timer)
{
	struct probe *probe = (struct probe *)timer;

	if (++probe->id < 100)
		timer_call_after(timer, 0, set_again);
}

static void
a_timer_set_anew_when_it_fires_waits_for_the_next_turn(void **state)
{
	struct probe probe = { .id = 0 };
	uint64_t before = loop_turns();

	(void)state;
	timer_call_after(&probe.timer, 0, set_again);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(probe.id, 100);
	assert_true(loop_turns() - before >= 100);
}

static void
setting_a_timer_again_moves_it(void **state)
{
	struct probe probe = { .id = 1 };

	(void)state;
	forget_fired();
	timer_call_at(&probe.timer, 5, probe_fire);
	timer_call_at(&probe.timer, 10, probe_fire);
	loop_manual_advance(7);
	assert_int_equal(fired_count, 0);
	loop_manual_advance(3);
	assert_int_equal(fired_count, 1);
	assert_int_equal(loop_now(), 10);
}

static uint64_t seen_at;

static void
note_now(struct timer *timer)
{
	(void)timer;
	seen_at = loop_now();
}

static void
the_manual_clock_stands_where_a_timer_fires(void **state)
{
	struct timer timer = { .fire = NULL };

	(void)state;
	timer_call_after(&timer, 40, note_now);
	assert_int_equal(loop_manual_advance(100), 0);
	assert_int_equal(seen_at, 40);
	assert_int_equal(loop_now(), 100);
	timer_call_after(&timer, 5, note_now);
	assert_int_equal(loop_manual_settle(), 0);
	assert_true(timer_is_set(&timer));
	assert_int_equal(loop_run(), 0);
	assert_int_equal(seen_at, 105);
}

static void
a_deadline_too_far_is_as_far_as_can_be(void **state)
{
	struct timer timer = { .fire = NULL };

	(void)state;
	loop_manual_advance(1);
	timer_call_after(&timer, UINT64_MAX, probe_fire);
	assert_true(timers_earliest() < UINT64_MAX);
	timer_close(&timer);
	assert_int_equal(timers_earliest(), UINT64_MAX);
}

/* --------------------------------------------------------- timers in bodies */

struct clock {
	struct timer timer;
	int at, ended;
};

static enum step
clock_body(struct coroutine *co, void *frame)
{
	struct clock *self = frame;

	BEGIN(co);
	for (self->at = 1; self->at <= 3; self->at++) {
		AWAIT(timer_after(&self->timer, SECOND));
		YIELD(&self->at);
	}
	FINALLY;
	timer_close(&self->timer);
	END;
}

static struct promise *
note_value(void *context, union value value)
{
	(void)context;
	assert_int_equal(loop_now(), (uint64_t)*(int *)value.pointer * SECOND);
	fired_count++;
	return NULL;
}

static void
note_end(void *context, int error)
{
	*(int *)context = error;
}

static void
a_body_waits_for_its_timer(void **state)
{
	struct iterator *clock = async_generator_new("clock", clock_body, sizeof(struct clock));
	int ended = 1;

	(void)state;
	forget_fired();
	for_await(clock, note_value, note_end, &ended);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(ended, 0);
	assert_int_equal(fired_count, 3);
	iterator_free(clock);
}

static void
cancel_ends_a_wait_for_a_timer(void **state)
{
	struct iterator *clock = async_generator_new("clock", clock_body, sizeof(struct clock));
	int ended = 1;
	struct for_await *loop = for_await(clock, note_value, note_end, &ended);

	(void)state;
	loop_manual_settle();
	for_await_cancel(loop);
	loop_manual_settle();
	assert_int_equal(ended, -ECANCELED);
	assert_int_equal(timers_earliest(), UINT64_MAX);
	iterator_free(clock);
}

struct waiter {
	struct job job;
	int state;
	intptr_t reason;
};

static void
waiter_run(struct job *job)
{
	struct waiter *waiter = (struct waiter *)job;

	waiter->state = job->promise->state;
	waiter->reason = job->promise->value.number;
}

static void
closing_a_timer_rejects_who_awaits_it(void **state)
{
	struct timer *timer = calloc(1, sizeof *timer);
	struct waiter waiter = { .job.run = waiter_run };

	(void)state;
	promise_perform_then(timer_after(timer, SECOND), &waiter.job);
	timer_close(timer);
	free(timer);
	loop_manual_settle();
	assert_int_equal(waiter.state, PROMISE_REJECTED);
	assert_int_equal(waiter.reason, -ECANCELED);
}

/* The first timer's promise is settled and its job queued when the timer goes away. */
static void
closing_a_timer_that_fired_rejects_who_has_not_gone_on(void **state)
{
	struct timer *timer = calloc(1, sizeof *timer);
	struct waiter waiter = { .job.run = waiter_run };

	(void)state;
	promise_perform_then(timer_after(timer, 1), &waiter.job);
	timer->fire(timer);
	timer_close(timer);
	free(timer);
	loop_manual_settle();
	assert_int_equal(waiter.state, PROMISE_REJECTED);
	assert_int_equal(waiter.reason, -ECANCELED);
}

static void
sleep_for_gives_a_promise_of_its_own(void **state)
{
	struct waiter first = { .job.run = waiter_run }, second = { .job.run = waiter_run };

	(void)state;
	promise_perform_then(sleep_for(2 * MILLISECOND), &first.job);
	promise_perform_then(sleep_for(MILLISECOND), &second.job);
	promise_unref(sleep_for(MILLISECOND));
	assert_int_equal(loop_run(), 0);
	assert_int_equal(first.state, PROMISE_FULFILLED);
	assert_int_equal(second.state, PROMISE_FULFILLED);
}

static void
closing_the_loop_forgets_timers(void **state)
{
	struct timer timer = { .fire = NULL };

	(void)state;
	promise_unref(sleep_for(SECOND));
	timer_call_after(&timer, SECOND, probe_fire);
	loop_close();
	assert_false(timer_is_set(&timer));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_keeps_its_order_whatever_is_taken_out),
		ON_BOTH(timers_fire_by_deadline_and_then_by_order),
		ON_BOTH(a_deadline_is_never_early),
		ON_BOTH(jobs_run_between_two_timers_of_one_deadline),
		ON_BOTH(a_timer_may_stop_another_that_is_due),
		ON_BOTH(a_timer_set_anew_when_it_fires_waits_for_the_next_turn),
		ON_MANUAL(setting_a_timer_again_moves_it),
		ON_MANUAL(the_manual_clock_stands_where_a_timer_fires),
		ON_MANUAL(a_deadline_too_far_is_as_far_as_can_be),
		ON_MANUAL(a_body_waits_for_its_timer),
		ON_MANUAL(cancel_ends_a_wait_for_a_timer),
		ON_MANUAL(closing_a_timer_rejects_who_awaits_it),
		ON_MANUAL(closing_a_timer_that_fired_rejects_who_has_not_gone_on),
		ON_BOTH(sleep_for_gives_a_promise_of_its_own),
		ON_BOTH(closing_the_loop_forgets_timers),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}

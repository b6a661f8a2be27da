#include "loop-backends.h"

#include <stdlib.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "async/race.h"
#include "async/timer.h"

static struct promise promises[3];
static struct race race;
static struct race_arm arms[3];

static int
begin(void **state)
{
	race = (struct race){ .line = NULL };
	for (int i = 0; i < 3; i++) {
		promise_init(&promises[i]);
		arms[i] = (struct race_arm){ .state = RACE_IDLE };
		race_watch(&race, &arms[i], &promises[i]);
	}
	return open_manual(state);
}

static int
end(void **state)
{
	for (int i = 0; i < 3; i++)
		race_forget(&arms[i]);
	race_fini(&race);
	loop_run();
	return close_loop(state);
}

struct waiter {
	struct job job;
	const void *winner;
	bool rejected;
};

static void
waiter_run(struct job *job)
{
	struct waiter *waiter = (struct waiter *)job;

	waiter->winner = job->promise->value.pointer;
	waiter->rejected = job->promise->state == PROMISE_REJECTED;
}

/* NULL: nobody yet. */
static const struct race_arm *
winner(void)
{
	static struct waiter waiter;

	waiter = (struct waiter){ .job.run = waiter_run };
	promise_perform_then(race_next(&race), &waiter.job);
	loop_run();
	if (waiter.winner == NULL)
		promise_forget(&waiter.job);
	return waiter.winner;
}

static void
the_first_to_settle_wins_and_the_others_come_in_order(void **state)
{
	(void)state;
	assert_null(winner());
	promise_fulfill(&promises[2], value_number(2));
	promise_fail(&promises[0], -EIO);
	loop_run();
	promise_fulfill(&promises[1], value_number(1));
	assert_ptr_equal(winner(), &arms[2]);
	assert_int_equal(arms[2].completion.type, COMPLETION_NORMAL);
	assert_int_equal(arms[2].completion.value.number, 2);
	assert_ptr_equal(winner(), &arms[0]);
	assert_int_equal(arms[0].completion.type, COMPLETION_THROW);
	assert_int_equal(arms[0].completion.value.number, -EIO);
	assert_ptr_equal(winner(), &arms[1]);
	assert_null(winner());
}

static void
an_arm_that_won_may_run_again(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		promise_fulfill(&promises[1], value_number(i));
		assert_ptr_equal(winner(), &arms[1]);
		assert_int_equal(arms[1].completion.value.number, i);
		promise_init(&promises[1]);
		race_watch(&race, &arms[1], &promises[1]);
	}
}

static void
a_forgotten_arm_does_not_win(void **state)
{
	(void)state;
	race_forget(&arms[0]);
	promise_fulfill(&promises[0], value_undefined());
	assert_null(winner());
	for (int i = 1; i < 3; i++)
		promise_fulfill(&promises[i], value_undefined());
	race_forget(&arms[1]);          /* its reaction is queued */
	loop_run();
	assert_ptr_equal(winner(), &arms[2]);
	promise_init(&promises[0]);
	race_watch(&race, &arms[0], &promises[0]);
	promise_init(&promises[1]);
	race_watch(&race, &arms[1], &promises[1]);
	promise_fulfill(&promises[0], value_undefined());
	promise_fulfill(&promises[1], value_undefined());
	loop_run();
	race_forget(&arms[1]);          /* the last in line */
	race_watch(&race, &arms[2], promise_resolved(value_undefined()));
	loop_run();
	race_forget(&arms[0]);          /* the first in line */
	assert_ptr_equal(winner(), &arms[2]);
	assert_null(winner());
	race_forget(&arms[0]);
}

static void
counted_promises_are_taken_over(void **state)
{
	(void)state;
	race_forget(&arms[0]);
	race_forget(&arms[1]);
	race_watch(&race, &arms[0], promise_resolved(value_number(5)));
	assert_ptr_equal(winner(), &arms[0]);
	assert_int_equal(arms[0].completion.value.number, 5);
	race_watch(&race, &arms[0], sleep_for(SECOND));
	race_watch(&race, &arms[1], NULL);
	assert_ptr_equal(winner(), &arms[1]);
	assert_int_equal(arms[1].completion.value.number, -ENOMEM);
	race_watch(&race, &arms[1], promise_rejected(-EIO));
	race_forget(&arms[1]);
}

static void
ending_a_race_rejects_who_awaits_it(void **state)
{
	struct waiter waiter = { .job.run = waiter_run };

	(void)state;
	promise_perform_then(race_next(&race), &waiter.job);
	race_fini(&race);
	loop_run();
	assert_true(waiter.rejected);
	assert_int_equal((intptr_t)waiter.winner, -ECANCELED);
}

/* ------------------------------------------------------------ in a body: debounce */

struct bursts {
	struct timer timer;
	int at, pause;
};

/* 1 and 2 together, 3 after a while, then nothing for ever. */
static enum step
bursts_body(struct coroutine *co, void *frame)
{
	struct bursts *self = frame;

	BEGIN(co);
	for (self->at = 1; self->at <= 3; self->at++) {
		AWAIT(timer_after(&self->timer, (self->at == 3 ? 50 : 1) * MILLISECOND));
		YIELD(&self->at);
	}
	AWAIT(timer_after(&self->timer, 3600 * SECOND));
	FINALLY;
	timer_close(&self->timer);
	END;
}

struct debounce {
	struct iterator *upstream;
	struct iterator_request request;
	struct race race;
	struct race_arm value, quiet;
	struct timer timer;
	int last;
};

static enum step
debounce_body(struct coroutine *co, void *frame)
{
	struct debounce *self = frame;

	BEGIN(co);
	for (;;) {
		if (self->value.state == RACE_IDLE) {
			iterator_next(self->upstream, &self->request, value_undefined());
			race_watch(&self->race, &self->value, &self->request.promise);
		}
		AWAIT(race_next(&self->race));
		if (co->value.pointer == &self->quiet) {
			YIELD(&self->last);
			continue;
		}
		if (self->value.completion.type == COMPLETION_THROW)
			THROW((int)self->value.completion.value.number);
		self->last = *(const int *)self->value.completion.value.pointer;
		race_forget(&self->quiet);
		race_watch(&self->race, &self->quiet,
		    timer_after(&self->timer, 20 * MILLISECOND));
	}
	FINALLY;
	race_forget(&self->value);
	race_forget(&self->quiet);
	race_fini(&self->race);
	timer_close(&self->timer);
	CLOSE(self->upstream, &self->request);
	END;
}

static int values[4], count, ended;
static uint64_t times[4];

static struct promise *
take(void *context, union value value)
{
	(void)context;
	values[count] = *(const int *)value.pointer;
	times[count++] = loop_now() / MILLISECOND;
	return NULL;
}

static void
note_end(void *context, int error)
{
	ended = error;
	iterator_free(context);
}

static struct for_await *
begin_debounce(void)
{
	struct iterator *bursts = async_generator_new("bursts", bursts_body, sizeof(struct bursts));
	struct iterator *debounce = async_generator_over("debounce", debounce_body,
	    sizeof(struct debounce), bursts);

	count = 0;
	ended = 1;
	((struct debounce *)async_generator_frame(debounce))->upstream = bursts;
	return for_await(debounce, take, note_end, debounce);
}

static void
a_body_awaits_the_next_value_or_a_timer(void **state)
{
	struct for_await *loop = begin_debounce();

	(void)state;
	loop_manual_advance(SECOND);
	assert_int_equal(count, 2);
	assert_int_equal(values[0], 2);
	assert_int_equal(times[0], 22);
	assert_int_equal(values[1], 3);
	assert_int_equal(times[1], 72);
	for_await_cancel(loop);
	loop_manual_settle();
	assert_int_equal(ended, -ECANCELED);
	assert_int_equal(timers_earliest(), UINT64_MAX);
}

/* At every millisecond, and in between with jobs left. */
static void
cancel_at_any_moment_cleans_up(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 80; at++) {
		struct for_await *loop = begin_debounce();

		loop_manual_advance(at * MILLISECOND);
		if (at % 3 == 0)
			jobs_run(at % 5);
		for_await_cancel(loop);
		loop_manual_settle();
		assert_int_equal(ended, -ECANCELED);
		assert_int_equal(timers_earliest(), UINT64_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_to_settle_wins_and_the_others_come_in_order,
		    begin, end),
		cmocka_unit_test_setup_teardown(an_arm_that_won_may_run_again, begin, end),
		cmocka_unit_test_setup_teardown(a_forgotten_arm_does_not_win, begin, end),
		cmocka_unit_test_setup_teardown(counted_promises_are_taken_over, begin, end),
		cmocka_unit_test_setup_teardown(ending_a_race_rejects_who_awaits_it, begin, end),
		ON_MANUAL(a_body_awaits_the_next_value_or_a_timer),
		ON_MANUAL(cancel_at_any_moment_cleans_up),
	};

	return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}

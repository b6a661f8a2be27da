/* streams/retry on the manual clock, over generators that a plan lets fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "async/loop.h"
#include "async/loop_manual.h"
#include "async/timer.h"
#include "streams/retry.h"

/* One generator: is it made at all, does it come up, how many values, how does it end. */
struct plan {
	bool no_memory, silent;      /* silent: it never says up */
	int values;
	uint64_t lasts_ns;           /* before it ends */
	int error;                   /* 0: it ends normally */
	bool stays;                  /* it waits for ever */
	int close_error;             /* of its clean-up */
};

static struct {
	const struct plan *plan;     /* of the next generator */
	int made, finished;
	char seen[1000];             /* by the loop, a word each */
	uint64_t waits[20];          /* what each `down` announced */
	int downs;
	int ended;                   /* 1: not yet */
	bool leaves;                 /* the loop, at the first value */
	struct position position;    /* of the last entry of state */
	struct retry_kept kept;
	struct iterator *retry;
	struct for_await *loop;
} world;

/* ------------------------------------------------------------------- the source */

struct scripted {
	const struct plan *plan;
	struct timer timer;
	struct event event;
	int i;
};

static const struct event *
scripted_up(struct scripted *self)
{
	self->event = (struct event){ .kind = EVENT_STATE, .is = STATE_UP };
	return &self->event;
}

static const struct event *
scripted_value(struct scripted *self)
{
	self->event = (struct event){
		.kind = EVENT_VALUE,
		.value = { .kind = JSON_KIND_INTEGER, .integer = self->i },
		.position = { .producer = 3, .consumed = (uint64_t)self->i },
	};
	return &self->event;
}

static enum step
scripted_body(struct coroutine *co, void *frame)
{
	struct scripted *self = frame;

	BEGIN(co);
	if (!self->plan->silent)
		YIELD(scripted_up(self));
	for (self->i = 1; self->i <= self->plan->values; self->i++)
		YIELD(scripted_value(self));
	if (self->plan->stays)
		AWAIT(timer_after(&self->timer, UINT64_MAX));
	if (self->plan->lasts_ns > 0)
		AWAIT(timer_after(&self->timer, self->plan->lasts_ns));
	if (self->plan->error != 0)
		THROW(self->plan->error);
	FINALLY;
	timer_close(&self->timer);
	world.finished++;
	if (self->plan->close_error != 0)
		THROW(self->plan->close_error);
	END;
}

static struct child *
make(void *context)
{
	const struct plan *plan = world.plan++;
	struct child *child;

	(void)context;
	world.made++;
	if (plan->no_memory)
		return NULL;
	child = child_new("scripted", scripted_body, sizeof(struct scripted));
	((struct scripted *)child_frame(child))->plan = plan;
	return child;
}

static const char *
message(struct child *source, void *context)
{
	(void)source;
	(void)context;
	return "it says why";
}

/* --------------------------------------------------------------------- the loop */

static void
see(const char *format, ...)
{
	size_t length = strlen(world.seen);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(world.seen + length, sizeof world.seen - length, format, arguments);
	va_end(arguments);
}

static struct promise *
on_value(void *context, union value value)
{
	const struct event *event = value.constant;

	(void)context;
	if (event->kind == EVENT_VALUE)
		see(" %d", (int)event->value.integer);
	else if (event->is == STATE_UP)
		see(" up");
	else {
		see(" down(%d%s)", -event->error, event->message != NULL ? "" : ",");
		assert_in_range(event->retry_ns, RETRY_FIRST_NS * 3 / 4, RETRY_MAX_NS);
		world.waits[world.downs++] = event->retry_ns;
	}
	if (event->kind == EVENT_STATE)
		world.position = event->position;
	return world.leaves && event->kind == EVENT_VALUE ? FOR_AWAIT_BREAK : NULL;
}

static void
on_end(void *context, int error)
{
	(void)context;
	world.ended = error;
	iterator_free(world.retry);
	world.retry = NULL;
}

static void
begin_told(const struct plan *plan, int32_t told)
{
	static const struct retry_factory factory = { .make = make, .message = message };
	const struct position position = { .producer = 1, .consumed = 41 };

	memset(&world, 0, sizeof world);
	world.plan = plan;
	world.ended = 1;
	world.kept.told = told;
	assert_int_equal(loop_open(&loop_manual), 0);
	world.retry = retry_new(&factory, &world.kept, &position);
	world.loop = for_await(world.retry, on_value, on_end, NULL);
}

static void
begin(const struct plan *plan)
{
	begin_told(plan, 0);
}

/* Runs for so long, then ends what has not ended. */
static void
finish_after(uint64_t ns)
{
	assert_int_equal(loop_manual_advance(ns), 0);
	if (world.ended > 0) {
		for_await_cancel(world.loop);
		assert_int_equal(loop_manual_settle(), 0);
		assert_int_equal(world.ended, -ECANCELED);
	}
	loop_close();
}

/* ------------------------------------------------------------------------ tests */

static void
a_generator_that_ends_normally_ends_it(void **state)
{
	(void)state;
	begin((const struct plan[]){ { .values = 2 } });
	finish_after(SECOND);
	assert_string_equal(world.seen, " up 1 2");
	assert_int_equal(world.ended, 0);
	assert_int_equal(world.made, 1);
}

static void
a_throw_is_down_and_the_next_generator_is_up(void **state)
{
	(void)state;
	begin((const struct plan[]){ { .values = 1, .error = -ENODEV }, { .values = 2 } });
	finish_after(SECOND);
	assert_string_equal(world.seen, " up 1 down(19) up 1 2");
	assert_int_equal(world.ended, 0);
}

static void
the_same_cause_is_told_once_and_another_one_again(void **state)
{
	(void)state;
	begin((const struct plan[]){
	    { .silent = true, .error = -ENOENT }, { .silent = true, .error = -ENOENT },
	    { .silent = true, .error = -ENOENT }, { .silent = true, .error = -EBUSY },
	    { .silent = true, .error = -EBUSY }, { .values = 1, .error = -EBUSY },
	    { .stays = true } });
	finish_after(300 * SECOND);
	assert_string_equal(world.seen, " down(2) down(16) up 1 down(16) up");
	assert_int_equal(world.made, 7);
	assert_int_equal(world.finished, 7);
}

static void
what_was_told_before_a_restart_is_not_told_again(void **state)
{
	(void)state;
	begin_told((const struct plan[]){ { .silent = true, .error = -ENOENT },
	    { .silent = true, .error = -ENOENT }, { .values = 1 } }, -ENOENT);
	finish_after(10 * SECOND);
	assert_string_equal(world.seen, " up 1");
	assert_int_equal(world.kept.told, 0);
}

static void
no_memory_for_a_generator_is_tried_again(void **state)
{
	(void)state;
	begin((const struct plan[]){ { .no_memory = true }, { .no_memory = true },
	    { .values = 1 } });
	finish_after(10 * SECOND);
	assert_string_equal(world.seen, " down(12,) up 1");
	assert_int_equal(world.made, 3);
}

static void
waits_double_up_to_a_limit_and_begin_anew_after_a_steady_time(void **state)
{
	struct plan plans[14] = { { .no_memory = false } };

	(void)state;
	for (int i = 0; i < 13; i++)
		plans[i] = (struct plan){ .silent = true, .error = -1 - i };
	plans[11] = (struct plan){ .lasts_ns = RETRY_STEADY_NS, .error = -EIO };
	plans[12] = (struct plan){ .lasts_ns = RETRY_STEADY_NS - 1, .error = -EIO };
	plans[13] = (struct plan){ .stays = true };
	begin(plans);
	finish_after(1000 * SECOND);
	for (int i = 0; i < 11; i++) {
		uint64_t limit = i < 6 ? RETRY_FIRST_NS << i : RETRY_MAX_NS;

		assert_in_range(world.waits[i], limit - limit / 4, limit);
	}
	assert_in_range(world.waits[11], RETRY_FIRST_NS * 3 / 4, RETRY_FIRST_NS);
	assert_in_range(world.waits[12], RETRY_FIRST_NS * 3 / 2, RETRY_FIRST_NS * 2);
	assert_int_equal(world.made, 14);
}

static void
retry_now_ends_the_waiting_and_only_that(void **state)
{
	(void)state;
	begin((const struct plan[]){ { .silent = true, .error = -ENODEV }, { .stays = true } });
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(world.made, 1);
	retry_now(world.retry);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(world.made, 2);
	retry_now(world.retry);
	finish_after(SECOND);
	assert_int_equal(world.made, 2);
	assert_string_equal(world.seen, " down(19) up");
}

static void
entries_of_state_carry_the_position_of_the_last_event(void **state)
{
	(void)state;
	begin((const struct plan[]){ { .silent = true, .error = -EIO },
	    { .values = 5, .error = -ENODEV }, { .stays = true } });
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(world.position.producer, 1);
	assert_int_equal(world.position.consumed, 41);
	finish_after(10 * SECOND);
	assert_int_equal(world.position.producer, 3);
	assert_int_equal(world.position.consumed, 5);
}

static void
cancel_runs_the_finally_of_the_generator_at_work(void **state)
{
	(void)state;
	begin((const struct plan[]){ { .stays = true, .values = 1 } });
	finish_after(SECOND);
	assert_int_equal(world.finished, 1);
	assert_string_equal(world.seen, " up 1");
}

static void
cancel_while_it_waits_ends_it(void **state)
{
	(void)state;
	begin((const struct plan[]){ { .silent = true, .error = -EIO } });
	finish_after(0);
	assert_int_equal(world.made, 1);
	assert_int_equal(world.finished, 1);
}

/* It is ended, not down: nobody is there to hear that, and it may be freed. */
static void
an_error_of_the_clean_up_ends_it_when_it_is_closed(void **state)
{
	(void)state;
	begin((const struct plan[]){ { .values = 2, .close_error = -EBUSY }, { .values = 2 } });
	world.leaves = true;
	finish_after(SECOND);
	assert_string_equal(world.seen, " up 1");
	assert_int_equal(world.ended, -EBUSY);
	assert_int_equal(world.made, 1);
	assert_int_equal(world.finished, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_generator_that_ends_normally_ends_it),
		cmocka_unit_test(a_throw_is_down_and_the_next_generator_is_up),
		cmocka_unit_test(the_same_cause_is_told_once_and_another_one_again),
		cmocka_unit_test(what_was_told_before_a_restart_is_not_told_again),
		cmocka_unit_test(no_memory_for_a_generator_is_tried_again),
		cmocka_unit_test(waits_double_up_to_a_limit_and_begin_anew_after_a_steady_time),
		cmocka_unit_test(retry_now_ends_the_waiting_and_only_that),
		cmocka_unit_test(entries_of_state_carry_the_position_of_the_last_event),
		cmocka_unit_test(cancel_runs_the_finally_of_the_generator_at_work),
		cmocka_unit_test(cancel_while_it_waits_ends_it),
		cmocka_unit_test(an_error_of_the_clean_up_ends_it_when_it_is_closed),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}

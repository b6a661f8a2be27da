/* for_await(): what a trace cannot tell of it. */
#include "async-test.h"

#include <stdio.h>
#include <stdlib.h>

#include "async/for_await.h"
#include "async/loop.h"
#include "async/loop_manual.h"
#include "async/rejection.h"
#include "async/sync_iterator.h"
#include "async/timer.h"

/* -------------------------------------------------------------------- a sink */

struct sink {
	struct for_await *loop;
	struct promise *gate;        /* what on_value returns */
	intptr_t break_at, cancel_at;
	bool cancel_in_end;
	int ended, error;
};

static struct promise *
on_value(void *context, union value value)
{
	struct sink *sink = context;
	char text[24];

	assert_int_equal(sink->ended, 0);
	snprintf(text, sizeof text, "%ld", (long)value.number);
	note(text);
	if (value.number == sink->cancel_at)
		for_await_cancel(sink->loop);
	if (value.number == sink->break_at)
		return FOR_AWAIT_BREAK;
	return promise_ref(sink->gate);
}

static void
on_end(void *context, int error)
{
	struct sink *sink = context;

	note("ended");
	sink->ended++;
	sink->error = error;
	if (sink->cancel_in_end)
		for_await_cancel(sink->loop);
}

static void
sink_start(struct sink *sink, struct iterator *iterator)
{
	sink->loop = for_await(iterator, on_value, on_end, sink);
	assert_non_null(sink->loop);
	assert_int_equal(sink->ended, 0);
}

static void
assert_ended(const struct sink *sink, int error)
{
	assert_int_equal(sink->ended, 1);
	assert_int_equal(sink->error, error);
}

/* ------------------------------------------------------------------ a source */

/* Yields 1 .. to; then waits for ever if it is told to, or throws. */
struct counter {
	intptr_t i, to;
	int error, close_error;
	bool stays, cleanup_stays;
	struct for_await **cancels;
};

static enum step
counter_body(struct coroutine *co, void *frame)
{
	struct counter *self = frame;

	BEGIN(co);
	for (self->i = 1; self->i <= self->to; self->i++)
		YIELD((void *)self->i);
	if (self->cancels != NULL)
		for_await_cancel(*self->cancels);
	if (self->stays)
		AWAIT(never_settles());
	if (self->error != 0)
		THROW(self->error);
	FINALLY;
	note("finally");
	if (self->cleanup_stays)
		AWAIT(never_settles());
	if (self->close_error != 0)
		THROW(self->close_error);
	END;
}

static struct iterator *
counter_new(struct counter counter)
{
	struct iterator *generator = async_generator_new("counter", counter_body, sizeof counter);

	*(struct counter *)async_generator_frame(generator) = counter;
	return generator;
}

/* ---------------------------------------------------------------------- ends */

static void
on_end_comes_once_behind_the_last_value(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 3 });
	struct sink sink = { .ended = 0 };

	(void)state;
	sink_start(&sink, generator);
	drain();
	assert_ended(&sink, 0);
	assert_diary("1 2 3 finally ended");
	iterator_free(generator);
	assert_quiet();
}

static void
an_error_of_the_iterator_reaches_on_end(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 1, .error = -EIO });
	struct sink sink = { .ended = 0 };

	(void)state;
	sink_start(&sink, generator);
	drain();
	assert_ended(&sink, -EIO);
	assert_diary("1 finally ended");
	iterator_free(generator);
	assert_quiet();
}

static void
break_closes_the_iterator_before_on_end(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 9 });
	struct sink sink = { .break_at = 2 };

	(void)state;
	sink_start(&sink, generator);
	drain();
	assert_ended(&sink, 0);
	assert_diary("1 2 finally ended");
	iterator_free(generator);
	assert_quiet();
}

static void
an_error_while_closing_for_a_break_reaches_on_end(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 9, .close_error = -EIO });
	struct sink sink = { .break_at = 1 };

	(void)state;
	sink_start(&sink, generator);
	drain();
	assert_ended(&sink, -EIO);
	assert_diary("1 finally ended");
	iterator_free(generator);
	assert_quiet();
}

/* ---------------------------------------------------------------- the gate */

static void
no_value_is_asked_for_before_the_gate_is_fulfilled(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 2 });
	struct sink sink = { .gate = promise_new() };

	(void)state;
	sink_start(&sink, generator);
	drain();
	assert_diary("1");
	promise_fulfill(sink.gate, value_undefined());
	drain();
	assert_ended(&sink, 0);
	assert_diary("2 finally ended");
	promise_unref(sink.gate);
	iterator_free(generator);
	assert_quiet();
}

static void
a_rejected_gate_closes_the_iterator_and_wins_over_its_error(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 2, .close_error = -EIO });
	struct sink sink = { .gate = promise_new() };

	(void)state;
	sink_start(&sink, generator);
	drain();
	promise_fail(sink.gate, -EPIPE);
	drain();
	assert_ended(&sink, -EPIPE);
	assert_diary("1 finally ended");
	promise_unref(sink.gate);
	iterator_free(generator);
	assert_quiet();
}

static void
an_embedded_promise_can_be_the_gate(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 2 });
	struct promise gate;
	struct sink sink = { .gate = &gate };

	(void)state;
	promise_init(&gate);
	sink_start(&sink, generator);
	drain();
	promise_fulfill(&gate, value_undefined());
	drain();
	assert_ended(&sink, 0);
	assert_diary("1 2 finally ended");
	iterator_free(generator);
	assert_quiet();
}

/* --------------------------------------------------------------- other kinds */

/* A hand-written iterator of which a method throws out of the call, and which has no return(). */
static void
thrower_next(struct iterator *iterator, struct iterator_request *request)
{
	(void)iterator;
	request->threw = true;
	request->promise.value = value_number(-EBADF);
}

static void
thrower_nothing(struct iterator *iterator)
{
	(void)iterator;
}

static const struct iterator_ops thrower_ops = {
	.kind = "thrower",
	.next = thrower_next,
	.cancel = thrower_nothing,
	.free = thrower_nothing,
};

static void
an_error_thrown_by_the_first_next_reaches_on_end_later(void **state)
{
	struct iterator thrower = { .ops = &thrower_ops };
	struct sink sink = { .ended = 0 };

	(void)state;
	sink_start(&sink, &thrower);
	assert_diary("");
	drain();
	assert_ended(&sink, -EBADF);
	assert_diary("ended");
	assert_quiet();
}

/* Answers each next() at once with 1, 2, ... and has no return(). */
static intptr_t answered;

static void
eager_next(struct iterator *iterator, struct iterator_request *request)
{
	(void)iterator;
	promise_fulfill_result(&request->promise, value_number(++answered), RESULT_VALUE);
}

static void
a_break_without_a_return_method_ends_at_once(void **state)
{
	static const struct iterator_ops ops = {
		.kind = "eager",
		.next = eager_next,
		.cancel = thrower_nothing,
		.free = thrower_nothing,
	};
	struct iterator eager = { .ops = &ops };
	struct sink sink = { .break_at = 2 };

	(void)state;
	sink_start(&sink, &eager);
	assert_int_equal(jobs_run(2), 2);
	assert_ended(&sink, 0);
	assert_diary("1 2 ended");
	assert_quiet();
}

static struct promise *
on_address(void *context, union value value)
{
	return on_value(context, value_number(*(const int *)value.constant));
}

static void
an_array_is_iterated_through_the_adapter(void **state)
{
	static const int items[] = { 10, 20, 30 };
	struct sync_iterator *array = array_values(items, 3, sizeof items[0]);
	struct sink sink = { .break_at = 20 };

	(void)state;
	sink.loop = for_await_sync(array, on_address, on_end, &sink);
	drain();
	assert_ended(&sink, 0);
	assert_diary("10 20 ended");
	sync_iterator_free(array);
	assert_quiet();
}

struct range {
	intptr_t i;
};

static enum step
range_body(struct coroutine *co, void *frame)
{
	struct range *self = frame;

	BEGIN(co);
	for (self->i = 1; self->i <= 5; self->i++)
		YIELD((void *)self->i);
	FINALLY;
	note("finally");
	END;
}

static void
breaking_out_of_a_sync_generator_runs_its_finally(void **state)
{
	struct sync_iterator *range = sync_generator_new("range", range_body, sizeof(struct range));
	struct sink sink = { .break_at = 2 };

	(void)state;
	sink.loop = for_await_sync(range, on_value, on_end, &sink);
	drain();
	assert_ended(&sink, 0);
	assert_diary("1 2 finally ended");
	sync_iterator_free(range);
	assert_quiet();
}

/* -------------------------------------------------------------------- cancel */

static void
cancel_while_a_value_is_awaited_ends_the_iterator_first(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 1, .stays = true });
	struct sink sink = { .cancel_in_end = true };

	(void)state;
	sink_start(&sink, generator);
	drain();
	for_await_cancel(sink.loop);
	assert_int_equal(sink.ended, 0);
	drain();
	assert_ended(&sink, -ECANCELED);
	assert_diary("1 finally ended");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_at_the_gate_closes_the_iterator(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 9 });
	struct sink sink = { .gate = never_settles() };

	(void)state;
	sink_start(&sink, generator);
	drain();
	for_await_cancel(sink.loop);
	drain();
	assert_ended(&sink, -ECANCELED);
	assert_diary("1 finally ended");
	promise_unref(sink.gate);
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_by_on_value_takes_no_other_value(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 9 });
	struct sink sink = { .cancel_at = 2 };

	(void)state;
	sink_start(&sink, generator);
	drain();
	assert_ended(&sink, -ECANCELED);
	assert_diary("1 2 finally ended");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_by_on_value_wins_over_its_break_and_its_gate(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 9 });
	struct sink breaks = { .cancel_at = 1, .break_at = 1 };
	struct sink waits = { .cancel_at = 1, .gate = never_settles() };

	(void)state;
	sink_start(&breaks, generator);
	drain();
	assert_ended(&breaks, -ECANCELED);
	iterator_free(generator);
	generator = counter_new((struct counter){ .to = 9 });
	sink_start(&waits, generator);
	drain();
	assert_ended(&waits, -ECANCELED);
	assert_diary("1 finally ended 1 finally ended");
	promise_unref(waits.gate);
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_by_the_body_that_is_asked(void **state)
{
	struct sink sink = { .ended = 0 };
	struct iterator *generator = counter_new((struct counter){
	    .to = 1, .stays = true, .cancels = &sink.loop });

	(void)state;
	sink_start(&sink, generator);
	drain();
	assert_ended(&sink, -ECANCELED);
	assert_diary("1 finally ended");
	iterator_free(generator);
	assert_quiet();
}

static enum step
canceling_body(struct coroutine *co, void *frame)
{
	struct for_await **const *self = frame;

	BEGIN(co);
	YIELD((void *)1);
	for_await_cancel(**self);
	YIELD((void *)2);
	FINALLY;
	note("finally");
	END;
}

static void
cancel_by_the_body_that_then_yields_at_once_drops_the_value_and_closes(void **state)
{
	struct sink sink = { .ended = 0 };
	struct iterator *generator = async_generator_new("canceling", canceling_body,
	    sizeof(struct for_await **));

	(void)state;
	*(struct for_await ***)async_generator_frame(generator) = &sink.loop;
	sink_start(&sink, generator);
	drain();
	assert_ended(&sink, -ECANCELED);
	assert_diary("1 finally ended");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_with_the_value_on_its_way_drops_it_and_closes(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 9 });
	struct sink sink = { .ended = 0 };

	(void)state;
	sink_start(&sink, generator);
	jobs_run(1);                    /* the tick of the yield: the request is fulfilled */
	for_await_cancel(sink.loop);
	drain();
	assert_ended(&sink, -ECANCELED);
	assert_diary("finally ended");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_again_cancels_what_the_closing_waits_for(void **state)
{
	struct iterator *generator = counter_new((struct counter){ .to = 9, .cleanup_stays = true });
	struct sink sink = { .gate = never_settles() };

	(void)state;
	sink_start(&sink, generator);
	drain();
	for_await_cancel(sink.loop);
	drain();
	assert_diary("1 finally");
	assert_int_equal(sink.ended, 0);
	for_await_cancel(sink.loop);
	drain();
	assert_ended(&sink, -ECANCELED);
	assert_diary("ended");
	promise_unref(sink.gate);
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_of_a_loop_over_a_sync_iterator_closes_it(void **state)
{
	struct sync_iterator *range = sync_generator_new("range", range_body, sizeof(struct range));
	struct sink sink = { .ended = 0 };

	(void)state;
	sink.loop = for_await_sync(range, on_value, on_end, &sink);
	for_await_cancel(sink.loop);
	drain();
	assert_ended(&sink, -ECANCELED);
	assert_diary("finally ended");
	sync_iterator_free(range);
	assert_quiet();
}

static void
cancel_ends_a_loop_once_wherever_it_stands(void **state)
{
	(void)state;
	for (size_t first = 0; first < 20; first++) {
		struct iterator *generator = counter_new((struct counter){ .to = 3, .stays = true });
		struct sink sink = { .ended = 0 };

		sink_start(&sink, generator);
		jobs_run(first);
		for_await_cancel(sink.loop);
		drain();
		assert_ended(&sink, -ECANCELED);
		assert_diary_ends("finally ended");
		iterator_free(generator);
		assert_quiet();
	}
}

/* ------------------------------------------------------------ on the loop */

struct ticking {
	struct timer timer;
	intptr_t i;
};

static enum step
ticking_body(struct coroutine *co, void *frame)
{
	struct ticking *self = frame;

	BEGIN(co);
	for (self->i = 1; ; self->i++) {
		AWAIT(timer_after(&self->timer, SECOND));
		YIELD((void *)self->i);
	}
	FINALLY;
	timer_close(&self->timer);
	note("finally");
	END;
}

static void
a_loop_over_a_timer_on_the_manual_clock(void **state)
{
	struct iterator *generator;
	struct sink sink = { .break_at = 5 };

	(void)state;
	assert_int_equal(loop_open(&loop_manual), 0);
	generator = async_generator_new("ticking", ticking_body, sizeof(struct ticking));
	sink_start(&sink, generator);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(loop_now(), 5 * SECOND);
	assert_ended(&sink, 0);
	assert_diary("1 2 3 4 5 finally ended");
	iterator_free(generator);
	loop_close();
	assert_quiet();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_end_comes_once_behind_the_last_value),
		cmocka_unit_test(an_error_of_the_iterator_reaches_on_end),
		cmocka_unit_test(break_closes_the_iterator_before_on_end),
		cmocka_unit_test(an_error_while_closing_for_a_break_reaches_on_end),
		cmocka_unit_test(no_value_is_asked_for_before_the_gate_is_fulfilled),
		cmocka_unit_test(a_rejected_gate_closes_the_iterator_and_wins_over_its_error),
		cmocka_unit_test(an_embedded_promise_can_be_the_gate),
		cmocka_unit_test(an_error_thrown_by_the_first_next_reaches_on_end_later),
		cmocka_unit_test(a_break_without_a_return_method_ends_at_once),
		cmocka_unit_test(an_array_is_iterated_through_the_adapter),
		cmocka_unit_test(breaking_out_of_a_sync_generator_runs_its_finally),
		cmocka_unit_test(cancel_while_a_value_is_awaited_ends_the_iterator_first),
		cmocka_unit_test(cancel_at_the_gate_closes_the_iterator),
		cmocka_unit_test(cancel_by_on_value_takes_no_other_value),
		cmocka_unit_test(cancel_by_on_value_wins_over_its_break_and_its_gate),
		cmocka_unit_test(cancel_by_the_body_that_is_asked),
		cmocka_unit_test(
		    cancel_by_the_body_that_then_yields_at_once_drops_the_value_and_closes),
		cmocka_unit_test(cancel_with_the_value_on_its_way_drops_it_and_closes),
		cmocka_unit_test(cancel_again_cancels_what_the_closing_waits_for),
		cmocka_unit_test(cancel_of_a_loop_over_a_sync_iterator_closes_it),
		cmocka_unit_test(cancel_ends_a_loop_once_wherever_it_stands),
		cmocka_unit_test(a_loop_over_a_timer_on_the_manual_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

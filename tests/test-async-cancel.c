/* cancel: inside out, at every place where a generator can be suspended. */
#include "async-test.h"

#include <stdio.h>
#include <stdlib.h>

#include "async/delegate.h"
#include "async/sync_iterator.h"

/* ------------------------------------------------------------------- bodies */

/* Waits for what nobody settles, and again in FINALLY as often as `cleanups` says. */
struct waiter {
	int yields, cleanups;
	intptr_t i;
};

static enum step
waiter_body(struct coroutine *co, void *frame)
{
	struct waiter *self = frame;

	BEGIN(co);
	note("begin");
	for (self->i = 1; self->i <= self->yields; self->i++)
		YIELD((void *)self->i);
	AWAIT(never_settles());
	note("not here");
	FINALLY;
	for (self->i = 1; self->i <= self->cleanups; self->i++) {
		note("cleanup");
		AWAIT(never_settles());
	}
	note("end");
	END;
}

static struct iterator *
waiter_new(int yields, int cleanups)
{
	struct iterator *generator = async_generator_new("waiter", waiter_body,
	    sizeof(struct waiter));
	struct waiter *self = async_generator_frame(generator);

	self->yields = yields;
	self->cleanups = cleanups;
	return generator;
}

/* An operator that passes everything on. */
struct pass {
	struct iterator *of;
	struct iterator_request request;
	const char *name;
};

static enum step
pass_body(struct coroutine *co, void *frame)
{
	struct pass *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->of, &self->request);
		if (self->request.promise.result == RESULT_DONE)
			break;
		YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE(self->of, &self->request);
	note(self->name);
	END;
}

static struct iterator *
pass_new(const char *name, struct iterator *of)
{
	struct iterator *generator = async_generator_over(name, pass_body, sizeof(struct pass), of);
	struct pass *self = async_generator_frame(generator);

	self->of = of;
	self->name = name;
	return generator;
}

static struct iterator *
chain_new(struct iterator *source)
{
	static const char *const names[] = { "1", "2", "3", "4", "5", "6", "7", "8" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		source = pass_new(names[i], source);
	return source;
}

/* ---------------------------------------------------------- suspension points */

static void
cancel_at_an_await_rejects_it_and_runs_finally(void **state)
{
	struct iterator *generator = waiter_new(0, 0);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	drain();
	assert_pending(&ask);
	iterator_cancel(generator);
	assert_pending(&ask);           /* by a job, never from inside the call */
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("begin end");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_in_the_tick_of_a_yield_throws_at_the_yield(void **state)
{
	struct iterator *generator = waiter_new(1, 0);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	iterator_cancel(generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("begin end");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_at_a_yield_without_a_request_is_nothing(void **state)
{
	struct iterator *generator = waiter_new(2, 0);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	drain();
	assert_value(&ask, 1);
	iterator_cancel(generator);
	ask_next(&ask, generator);
	drain();
	assert_value(&ask, 2);
	ask_return(&ask, generator, 0);
	drain();
	assert_done(&ask, 0);
	assert_diary("begin end");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_before_the_beginning_or_behind_the_end_is_nothing(void **state)
{
	struct iterator *generator = waiter_new(0, 0);
	struct ask ask = { .heard = 0 };

	(void)state;
	iterator_cancel(generator);
	drain();
	ask_return(&ask, generator, 7);
	drain();
	assert_done(&ask, 7);
	iterator_cancel(generator);
	ask_next(&ask, generator);
	drain();
	assert_done(&ask, 0);
	iterator_free(generator);
	assert_quiet();
}

static enum step
return_body(struct coroutine *co, void *frame)
{
	(void)frame;
	BEGIN(co);
	RETURN("value");
	FINALLY;
	note("end");
	END;
}

static void
cancel_in_the_tick_of_a_return_rejects_it(void **state)
{
	struct iterator *generator = async_generator_new("return", return_body, 0);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	iterator_cancel(generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("end");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_while_a_return_request_is_awaited_at_a_yield(void **state)
{
	struct iterator *generator = waiter_new(1, 0);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	drain();
	ask_return_promise(&ask, generator, never_settles());
	drain();
	assert_pending(&ask);
	iterator_cancel(generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("begin end");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_while_finally_awaits_goes_on_behind_that_await(void **state)
{
	struct iterator *generator = waiter_new(0, 2);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	iterator_cancel(generator);
	drain();
	assert_diary("begin cleanup");
	iterator_cancel(generator);
	drain();
	assert_pending(&ask);
	assert_diary("cleanup");
	iterator_cancel(generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("end");
	iterator_free(generator);
	assert_quiet();
}

static void
two_cancels_at_once_are_one(void **state)
{
	struct iterator *generator = waiter_new(0, 1);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	iterator_cancel(generator);
	iterator_cancel(generator);
	drain();
	assert_pending(&ask);
	iterator_cancel(generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("begin cleanup end");
	iterator_free(generator);
	assert_quiet();
}

/* ------------------------------------------------------------------ requests */

static void
requests_behind_the_cancelled_one_are_answered_as_after_an_end(void **state)
{
	struct iterator *generator = waiter_new(0, 0);
	struct ask asks[6] = { { .heard = 0 } };

	(void)state;
	ask_next(&asks[0], generator);
	ask_next(&asks[1], generator);
	ask_return(&asks[2], generator, 5);
	ask_return_promise(&asks[3], generator, never_settles());
	ask_throw(&asks[4], generator, -EIO);
	ask_return_promise(&asks[5], generator, promise_resolved(value_number(6)));
	iterator_cancel(generator);
	drain();
	assert_rejected(&asks[0], -ECANCELED);
	assert_done(&asks[1], 0);
	assert_done(&asks[2], 5);
	assert_rejected(&asks[3], -ECANCELED);
	assert_rejected(&asks[4], -EIO);
	assert_done(&asks[5], 6);
	assert_diary("begin end");
	iterator_free(generator);
	assert_quiet();
}

static void
cancel_while_draining_ends_every_return(void **state)
{
	struct iterator *generator = waiter_new(0, 0);
	struct ask asks[3] = { { .heard = 0 } };

	(void)state;
	ask_return_promise(&asks[0], generator, never_settles());
	ask_return_promise(&asks[1], generator, never_settles());
	ask_next(&asks[2], generator);
	drain();
	assert_pending(&asks[0]);
	iterator_cancel(generator);
	drain();
	assert_rejected(&asks[0], -ECANCELED);
	assert_rejected(&asks[1], -ECANCELED);
	assert_done(&asks[2], 0);
	ask_return(&asks[0], generator, 3);
	drain();
	assert_done(&asks[0], 3);
	iterator_free(generator);
	assert_quiet();
}

static void
close_cancels_a_pending_request_and_returns_otherwise(void **state)
{
	struct iterator *generator = waiter_new(1, 0);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	drain();
	ask_close(&ask, generator);
	drain();
	assert_done(&ask, 0);
	assert_diary("begin end");
	iterator_free(generator);

	generator = waiter_new(0, 0);
	ask = (struct ask){ .heard = 0 };
	ask_next(&ask, generator);
	ask_close(&ask, generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("begin end");
	iterator_free(generator);
	assert_quiet();
}

/* --------------------------------------------------------------- inside out */

static void
cancel_ends_a_chain_of_eight_from_the_inside(void **state)
{
	struct iterator *chain = chain_new(waiter_new(1, 0));
	struct ask ask = { .heard = 0 };

	(void)state;
	assert_int_equal(live_generators(), 9);
	ask_next(&ask, chain);
	drain();
	assert_value(&ask, 1);
	ask_next(&ask, chain);
	drain();
	iterator_cancel(chain);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("begin end 1 2 3 4 5 6 7 8");
	iterator_free(chain);
	assert_quiet();
}

static void
cancel_waits_for_the_innermost_cleanup_and_cancels_that_when_asked_again(void **state)
{
	struct iterator *chain = chain_new(waiter_new(0, 2));
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, chain);
	iterator_cancel(chain);
	drain();
	assert_pending(&ask);
	assert_diary("begin cleanup");
	iterator_cancel(chain);
	drain();
	assert_diary("cleanup");
	iterator_cancel(chain);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("end 1 2 3 4 5 6 7 8");
	iterator_free(chain);
	assert_quiet();
}

static void
cancel_while_finally_closes_reaches_what_is_closed(void **state)
{
	struct iterator *outer = pass_new("outer", waiter_new(1, 1));
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, outer);
	drain();
	ask_return(&ask, outer, 4);     /* FINALLY now waits for the waiter's cleanup */
	drain();
	assert_pending(&ask);
	assert_diary("begin cleanup");
	iterator_cancel(outer);
	drain();
	/* CLOSE takes the cancellation for a success; the request is a return, and returns. */
	assert_done(&ask, 4);
	assert_diary("end outer");
	iterator_free(outer);
	assert_quiet();
}

static void
return_before_the_beginning_closes_the_whole_chain(void **state)
{
	struct iterator *source = waiter_new(1, 0), *chain;
	struct ask ask = { .heard = 0 }, first = { .heard = 0 };

	(void)state;
	ask_next(&first, source);       /* the source has begun, the chain has not */
	drain();
	chain = chain_new(source);
	ask_return_promise(&ask, chain, never_settles());
	drain();
	assert_done(&ask, 0);
	assert_diary("begin end");
	iterator_free(chain);
	assert_quiet();
}

static void
throw_before_the_beginning_closes_the_whole_chain(void **state)
{
	struct iterator *source = waiter_new(1, 0), *chain;
	struct ask ask = { .heard = 0 }, first = { .heard = 0 };

	(void)state;
	ask_next(&first, source);
	drain();
	chain = chain_new(source);
	ask_throw(&ask, chain, -EIO);
	drain();
	assert_rejected(&ask, -EIO);
	assert_diary("begin end");
	iterator_free(chain);
	assert_quiet();
}

static void
cancel_while_a_chain_that_has_not_begun_is_closed(void **state)
{
	struct iterator *source = waiter_new(1, 1), *chain;
	struct ask ask = { .heard = 0 }, first = { .heard = 0 };

	(void)state;
	ask_next(&first, source);
	drain();
	chain = chain_new(source);
	ask_return(&ask, chain, 0);
	drain();
	assert_pending(&ask);
	iterator_cancel(chain);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("begin cleanup end");
	iterator_free(chain);
	assert_quiet();
}

static void
a_chain_that_was_never_asked_is_freed_as_it_is(void **state)
{
	(void)state;
	iterator_free(chain_new(waiter_new(1, 0)));
	assert_quiet();
}

struct delegating {
	struct iterator *of;
	struct delegate delegate;
};

static enum step
delegating_body(struct coroutine *co, void *frame)
{
	struct delegating *self = frame;

	BEGIN(co);
	DELEGATE(&self->delegate, self->of);
	note("not here");
	FINALLY;
	note("outer");
	END;
}

static void
cancel_goes_through_a_delegation(void **state)
{
	struct iterator *inner = waiter_new(1, 1), *outer;
	struct delegating *self;
	struct ask ask = { .heard = 0 };

	(void)state;
	outer = async_generator_new("outer", delegating_body, sizeof *self);
	self = async_generator_frame(outer);
	self->of = inner;
	ask_next(&ask, outer);
	drain();
	ask_next(&ask, outer);
	drain();
	iterator_cancel(outer);
	drain();
	assert_pending(&ask);
	assert_diary("begin cleanup");
	iterator_cancel(outer);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("end outer");
	iterator_free(outer);
	iterator_free(inner);
	assert_quiet();
}

/* -------------------------------------------------------------------- merge */

/* Asks two iterators at once and waits for the first to answer. */
struct merge {
	struct iterator *of[2];
	struct ask asks[2];
	struct job wake_up[2];
	struct promise wake;
};

static struct merge *merging;

static void
merge_wake(struct job *job)
{
	(void)job;
	promise_fulfill(&merging->wake, value_undefined());
}

static struct promise *
merge_ask(struct merge *self)
{
	merging = self;
	promise_init(&self->wake);
	for (int i = 0; i < 2; i++) {
		iterator_next(self->of[i], &self->asks[i].request, value_undefined());
		self->wake_up[i].run = merge_wake;
		promise_perform_then(&self->asks[i].request.promise, &self->wake_up[i]);
	}
	return &self->wake;
}

static enum step
merge_body(struct coroutine *co, void *frame)
{
	struct merge *self = frame;

	BEGIN(co);
	AWAIT(merge_ask(self));
	note("not here");
	FINALLY;
	CLOSE(self->of[0], &self->asks[0].request);
	CLOSE(self->of[1], &self->asks[1].request);
	note("merge");
	END;
}

static void
cancel_ends_a_merge_over_sources_that_never_settle(void **state)
{
	struct iterator *merge = async_generator_new("merge", merge_body, sizeof(struct merge));
	struct merge *self = async_generator_frame(merge);
	struct ask ask = { .heard = 0 };

	(void)state;
	self->of[0] = chain_new(waiter_new(0, 1));
	self->of[1] = waiter_new(0, 0);
	ask_next(&ask, merge);
	drain();
	iterator_cancel(merge);
	drain();
	assert_pending(&ask);
	assert_diary("begin begin cleanup");
	iterator_cancel(merge);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("end 1 2 3 4 5 6 7 8 end merge");
	iterator_free(self->of[0]);
	iterator_free(self->of[1]);
	iterator_free(merge);
	assert_quiet();
}

/* ------------------------------------------------------------------- corners */

struct selfish {
	struct iterator *of;
	struct iterator_request request;
};

static enum step
selfish_body(struct coroutine *co, void *frame)
{
	struct selfish *self = frame;

	BEGIN(co);
	AWAIT_NEXT(self->of, &self->request);
	note("not here");
	FINALLY;
	note("end");
	END;
}

static void
a_generator_that_awaits_itself_can_be_cancelled(void **state)
{
	struct iterator *generator = async_generator_new("selfish", selfish_body,
	    sizeof(struct selfish));
	struct selfish *self = async_generator_frame(generator);
	struct ask ask = { .heard = 0 };

	(void)state;
	self->of = generator;
	ask_next(&ask, generator);
	drain();
	assert_pending(&ask);
	iterator_cancel(generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("end");
	iterator_free(generator);
	assert_quiet();
}

static enum step
canceling_body(struct coroutine *co, void *frame)
{
	struct selfish *self = frame;

	BEGIN(co);
	iterator_cancel(self->of);
	AWAIT(never_settles());
	note("not here");
	FINALLY;
	note("end");
	END;
}

static void
a_body_that_cancels_its_own_generator_stops_at_its_next_await(void **state)
{
	struct iterator *generator = async_generator_new("canceling", canceling_body,
	    sizeof(struct selfish));
	struct selfish *self = async_generator_frame(generator);
	struct ask ask = { .heard = 0 };

	(void)state;
	self->of = generator;
	ask_next(&ask, generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("end");
	iterator_free(generator);
	assert_quiet();
}

static enum step
sync_waits_body(struct coroutine *co, void *frame)
{
	struct promise **self = frame;

	if (co->line == 0) {
		co->line = 1;
		co->value.pointer = *self;
		return STEP_YIELD_PROMISE;
	}
	note(co->received == COMPLETION_RETURN ? "closed" : "not here");
	co->value = value_undefined();
	return STEP_RETURN;
}

static void
cancel_of_an_adapter_closes_the_sync_iterator(void **state)
{
	struct promise *promise = never_settles();
	struct sync_iterator *sync = sync_generator_new("sync", sync_waits_body, sizeof promise);
	struct iterator *adapter = async_from_sync(sync);
	struct ask ask = { .heard = 0 };

	(void)state;
	*(struct promise **)sync_generator_frame(sync) = promise;
	ask_next(&ask, adapter);
	drain();
	assert_pending(&ask);
	iterator_cancel(adapter);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("closed");
	iterator_free(adapter);
	sync_iterator_free(sync);
	promise_unref(promise);
	assert_quiet();
}

/* --------------------------------------------------------- by brute force */

/* Runs `first` jobs, cancels, runs `second` more, cancels again, and so on to the end. */
static size_t
cancel_after(size_t first, size_t second)
{
	struct iterator *chain = chain_new(waiter_new(3, 1));
	struct ask ask = { .heard = 0 };
	size_t ran = 0;

	ask_next(&ask, chain);
	while (ran < first && jobs_run(1) > 0) {
		ran++;
		if (ask.heard > 0)
			ask_next(&ask, chain);
	}
	ask_close(&ask, chain);
	jobs_run(second);
	for (int i = 0; ask.heard == 0 && i < 3; i++) {
		ask_close(&ask, chain);
		drain();
	}
	drain();
	assert_int_equal(ask.heard, 1);
	ask_return(&ask, chain, 0);
	drain();
	assert_done(&ask, 0);
	iterator_free(chain);
	return ran;
}

static void
cancel_or_close_ends_a_chain_wherever_it_stands(void **state)
{
	(void)state;
	for (size_t first = 0, ran = 0; first == ran; first++) {
		for (size_t second = 0; second < 60; second += 1 + second / 8) {
			ran = cancel_after(first, second);
			assert_diary("begin cleanup end 1 2 3 4 5 6 7 8");
		}
		assert_in_range(first, 0, 1000);
	}
	assert_quiet();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancel_at_an_await_rejects_it_and_runs_finally),
		cmocka_unit_test(cancel_in_the_tick_of_a_yield_throws_at_the_yield),
		cmocka_unit_test(cancel_at_a_yield_without_a_request_is_nothing),
		cmocka_unit_test(cancel_before_the_beginning_or_behind_the_end_is_nothing),
		cmocka_unit_test(cancel_in_the_tick_of_a_return_rejects_it),
		cmocka_unit_test(cancel_while_a_return_request_is_awaited_at_a_yield),
		cmocka_unit_test(cancel_while_finally_awaits_goes_on_behind_that_await),
		cmocka_unit_test(two_cancels_at_once_are_one),
		cmocka_unit_test(requests_behind_the_cancelled_one_are_answered_as_after_an_end),
		cmocka_unit_test(cancel_while_draining_ends_every_return),
		cmocka_unit_test(close_cancels_a_pending_request_and_returns_otherwise),
		cmocka_unit_test(cancel_ends_a_chain_of_eight_from_the_inside),
		cmocka_unit_test(cancel_waits_for_the_innermost_cleanup_and_cancels_that_when_asked_again),
		cmocka_unit_test(cancel_while_finally_closes_reaches_what_is_closed),
		cmocka_unit_test(return_before_the_beginning_closes_the_whole_chain),
		cmocka_unit_test(throw_before_the_beginning_closes_the_whole_chain),
		cmocka_unit_test(cancel_while_a_chain_that_has_not_begun_is_closed),
		cmocka_unit_test(a_chain_that_was_never_asked_is_freed_as_it_is),
		cmocka_unit_test(cancel_goes_through_a_delegation),
		cmocka_unit_test(cancel_ends_a_merge_over_sources_that_never_settle),
		cmocka_unit_test(a_generator_that_awaits_itself_can_be_cancelled),
		cmocka_unit_test(a_body_that_cancels_its_own_generator_stops_at_its_next_await),
		cmocka_unit_test(cancel_of_an_adapter_closes_the_sync_iterator),
		cmocka_unit_test(cancel_or_close_ends_a_chain_wherever_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

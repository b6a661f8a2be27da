/* cancel at every place where a generator can be suspended. */
#include "async-bodies.h"

#include "async/sync_iterator.h"

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
		cmocka_unit_test(a_generator_that_awaits_itself_can_be_cancelled),
		cmocka_unit_test(a_body_that_cancels_its_own_generator_stops_at_its_next_await),
		cmocka_unit_test(cancel_of_an_adapter_closes_the_sync_iterator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

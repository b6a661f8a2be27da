/* cancel from the inside out: chains, delegation, merge. */
#include "async-bodies.h"

#include "async/delegate.h"
#include "async/for_await.h"

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

struct impatient {
	struct iterator *outer;
};

static enum step
impatient_body(struct coroutine *co, void *frame)
{
	struct impatient *self = frame;

	BEGIN(co);
	YIELD((void *)1);
	iterator_cancel(self->outer);
	YIELD((void *)2);
	FINALLY;
	note("inner");
	END;
}

struct taker {
	struct iterator *of;
	struct iterator_request request;
};

static enum step
taker_body(struct coroutine *co, void *frame)
{
	struct taker *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->of, &self->request);
		note("took");
		YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE(self->of, &self->request);
	note("outer");
	END;
}

static struct promise *
note_value(void *context, union value value)
{
	(void)context;
	note(value.number == 1 ? "1" : "not here");
	return NULL;
}

static void
note_end(void *context, int error)
{
	(void)context;
	assert_int_equal(error, -ECANCELED);
	note("ended");
}

/* Asked by who has nothing left to do, so that the value would be there without a job. */
static void
cancel_by_what_is_asked_wins_over_its_answer(void **state)
{
	struct iterator *inner = async_generator_new("impatient", impatient_body,
	    sizeof(struct impatient));
	struct iterator *outer = async_generator_over("taker", taker_body, sizeof(struct taker),
	    inner);

	(void)state;
	((struct impatient *)async_generator_frame(inner))->outer = outer;
	((struct taker *)async_generator_frame(outer))->of = inner;
	assert_non_null(for_await(outer, note_value, note_end, NULL));
	drain();
	assert_diary("took 1 inner outer ended");
	iterator_free(outer);
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
		cmocka_unit_test(cancel_ends_a_chain_of_eight_from_the_inside),
		cmocka_unit_test(cancel_waits_for_the_innermost_cleanup_and_cancels_that_when_asked_again),
		cmocka_unit_test(cancel_by_what_is_asked_wins_over_its_answer),
		cmocka_unit_test(cancel_while_finally_closes_reaches_what_is_closed),
		cmocka_unit_test(return_before_the_beginning_closes_the_whole_chain),
		cmocka_unit_test(throw_before_the_beginning_closes_the_whole_chain),
		cmocka_unit_test(cancel_while_a_chain_that_has_not_begun_is_closed),
		cmocka_unit_test(a_chain_that_was_never_asked_is_freed_as_it_is),
		cmocka_unit_test(cancel_goes_through_a_delegation),
		cmocka_unit_test(cancel_ends_a_merge_over_sources_that_never_settle),
		cmocka_unit_test(cancel_or_close_ends_a_chain_wherever_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

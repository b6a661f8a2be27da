/* Everything that can fail fails once: each allocation, and each await.  Nothing leaks, everything
 * that was acquired is released, and the error arrives where JavaScript would deliver it.
 *
 * Linked with --wrap=malloc and its kin. */
#include "async-test.h"

#include <errno.h>
#include <stdlib.h>

#include "async/delegate.h"
#include "async/for_await.h"
#include "async/rejection.h"
#include "async/sync_iterator.h"

/* --------------------------------------------------------------- allocations */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

static long allocations, fail_allocation, live;

static bool
fails(void)
{
	if (++allocations != fail_allocation)
		return false;
	errno = ENOMEM;
	return true;
}

static void *
counted(void *memory)
{
	if (memory != NULL)
		live++;
	return memory;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	return old != NULL ? __real_realloc(old, size) : counted(__real_realloc(old, size));
}

void
__wrap_free(void *memory)
{
	if (memory != NULL)
		live--;
	__real_free(memory);
}

/* -------------------------------------------------------------------- awaits */

static long awaits, fail_await;

/* A promise of `number`, unless it is its turn to be rejected. */
static struct promise *
flaky(intptr_t number)
{
	if (++awaits == fail_await)
		return promise_rejected(-EIO);
	return promise_resolved(value_number(number));
}

/* ------------------------------------------------------------- the source */

static int acquired, released;

struct source {
	intptr_t i;
};

static enum step
source_body(struct coroutine *co, void *frame)
{
	struct source *self = frame;

	BEGIN(co);
	acquired++;
	AWAIT(flaky(0));
	for (self->i = 1; self->i <= 3; self->i++) {
		AWAIT(flaky(self->i));
		YIELD(co->value.pointer);
	}
	FINALLY;
	AWAIT(flaky(0));
	released++;
	END;
}

struct operator {
	struct iterator *of;
	struct iterator_request request;
};

static enum step
operator_body(struct coroutine *co, void *frame)
{
	struct operator *self = frame;

	BEGIN(co);
	acquired++;
	for (;;) {
		AWAIT_NEXT(self->of, &self->request);
		if (self->request.promise.result == RESULT_DONE)
			break;
		AWAIT(flaky(0));
		YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE(self->of, &self->request);
	AWAIT(flaky(0));
	released++;
	END;
}

static struct iterator *
operator_new(struct iterator *of)
{
	struct iterator *generator = async_generator_over("operator", operator_body,
	    sizeof(struct operator), of);
	struct operator *self;

	if (generator == NULL)
		return NULL;
	self = async_generator_frame(generator);
	self->of = of;
	return generator;
}

static struct iterator *
chain_new(void)
{
	struct iterator *source = async_generator_new("source", source_body,
	    sizeof(struct source));

	return operator_new(operator_new(source));
}

/* --------------------------------------------------------------- scenarios */

struct sink {
	struct promise gate;
	intptr_t last, break_at;
	int ended, error;
};

static struct promise *
on_value(void *context, union value value)
{
	struct sink *sink = context;

	assert_int_equal(sink->ended, 0);
	assert_int_equal(value.number, sink->last + 1);
	sink->last = value.number;
	if (sink->last == sink->break_at)
		return FOR_AWAIT_BREAK;
	promise_init(&sink->gate);
	if (++awaits == fail_await)
		promise_fail(&sink->gate, -EIO);
	else
		promise_fulfill(&sink->gate, value_undefined());
	return &sink->gate;
}

static void
on_end(void *context, int error)
{
	struct sink *sink = context;

	sink->ended++;
	sink->error = error;
}

/* A scenario answers 0, or the error it ended in. */
static int
loop_over_chain(intptr_t break_at)
{
	struct sink sink = { .break_at = break_at };
	struct iterator *chain = chain_new();

	if (chain == NULL)
		return -ENOMEM;
	if (for_await(chain, on_value, on_end, &sink) == NULL) {
		iterator_free(chain);
		return -ENOMEM;
	}
	drain();
	assert_int_equal(sink.ended, 1);
	iterator_free(chain);
	if (sink.error == 0)
		assert_int_equal(sink.last, break_at > 0 ? break_at : 3);
	return sink.error;
}

static int
a_loop_to_the_end(void)
{
	return loop_over_chain(0);
}

static int
a_loop_that_breaks(void)
{
	return loop_over_chain(2);
}

struct sync_source {
	struct promise *promise;
	intptr_t i;
};

/* By plain steps: yields promises of 1 to 3. */
static enum step
sync_body(struct coroutine *co, void *frame)
{
	struct sync_source *self = frame;

	if (self->i == 0)
		acquired++;
	promise_unref(self->promise);
	self->promise = NULL;
	if (co->received == COMPLETION_NORMAL && self->i < 3) {
		self->promise = flaky(++self->i);
		co->value.pointer = self->promise;
		if (self->promise != NULL)
			return STEP_YIELD_PROMISE;
		co->value = value_number(-ENOMEM);
		co->received = COMPLETION_THROW;
	}
	released++;
	return co->received == COMPLETION_THROW ? STEP_THROW : STEP_RETURN;
}

static int
a_loop_over_a_sync_generator(void)
{
	struct sink sink = { .ended = 0 };
	struct sync_iterator *sync = sync_generator_new("sync", sync_body,
	    sizeof(struct sync_source));

	if (sync == NULL)
		return -ENOMEM;
	if (for_await_sync(sync, on_value, on_end, &sink) == NULL) {
		sync_iterator_free(sync);
		return -ENOMEM;
	}
	drain();
	assert_int_equal(sink.ended, 1);
	sync_iterator_free(sync);
	return sink.error;
}

/* Three requests at once: the adapter has to allocate for two of them. */
static int
an_adapter_asked_three_times_at_once(void)
{
	static const int items[] = { 1, 2, 3 };
	struct sync_iterator *array = array_values(items, 3, sizeof items[0]);
	struct iterator *adapter = array != NULL ? async_from_sync(array) : NULL;
	struct ask asks[3] = { { .heard = 0 } };
	int error = 0;

	if (adapter == NULL) {
		sync_iterator_free(array);
		return -ENOMEM;
	}
	for (int i = 0; i < 3; i++)
		ask_next(&asks[i], adapter);
	drain();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(asks[i].heard, 1);
		if (asks[i].rejected)
			error = (int)asks[i].value.number;
		else
			assert_int_equal(*(const int *)asks[i].value.constant, items[i]);
	}
	iterator_free(adapter);
	sync_iterator_free(array);
	return error;
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
	acquired++;
	self->of = chain_new();
	if (self->of == NULL)
		THROW(-ENOMEM);
	DELEGATE(&self->delegate, self->of);
	AWAIT(flaky(0));
	FINALLY;
	iterator_free(self->of);
	released++;
	END;
}

static int
a_delegation_that_is_returned(void)
{
	struct iterator *outer = async_generator_new("outer", delegating_body,
	    sizeof(struct delegating));
	struct ask ask = { .heard = 0 };
	int error = 0;

	if (outer == NULL)
		return -ENOMEM;
	for (int i = 0; i < 2 && error == 0; i++) {
		ask_next(&ask, outer);
		drain();
		assert_int_equal(ask.heard, 1);
		error = ask.rejected ? (int)ask.value.number : 0;
	}
	if (error == 0) {
		ask_return(&ask, outer, 9);
		drain();
		assert_int_equal(ask.heard, 1);
		error = ask.rejected ? (int)ask.value.number : 0;
		assert_true(ask.rejected || ask.value.number == 9);
	}
	iterator_free(outer);
	return error;
}

static struct completion
add_one(void *context, union value value)
{
	++*(int *)context;
	return (struct completion){ .value = value_number(value.number + 1) };
}

static int
chained_thens_and_an_adopted_promise(void)
{
	struct promise *adopting = promise_new(), *promise = flaky(1);
	int calls = 0, error;

	if (promise != NULL)
		promise = promise_then(promise, add_one, NULL, &calls);
	if (promise != NULL)
		promise = promise_then(promise, add_one, NULL, &calls);
	if (adopting == NULL) {
		drain();
		promise_unref(promise);
		return -ENOMEM;
	}
	promise_adopt(adopting, promise);
	drain();
	assert_int_not_equal(adopting->state, PROMISE_PENDING);
	error = adopting->state == PROMISE_REJECTED ? (int)adopting->value.number : 0;
	if (error == 0) {
		assert_int_equal(calls, 2);
		assert_int_equal(adopting->value.number, 3);
	}
	promise_unref(adopting);
	return error;
}

static int
a_loop_that_is_cancelled(void)
{
	struct sink sink = { .ended = 0 };
	struct iterator *chain = chain_new();
	struct for_await *loop;

	if (chain == NULL)
		return -ENOMEM;
	loop = for_await(chain, on_value, on_end, &sink);
	if (loop == NULL) {
		iterator_free(chain);
		return -ENOMEM;
	}
	jobs_run(12);
	if (sink.ended == 0)
		for_await_cancel(loop);
	drain();
	assert_int_equal(sink.ended, 1);
	iterator_free(chain);
	return sink.error == -ECANCELED ? 0 : sink.error;
}

/* --------------------------------------------------------------- the harness */

static int heard;

static void
hear(const struct rejection *rejection, void *context)
{
	(void)rejection;
	(void)context;
	heard++;
}

static int
run(int (*scenario)(void))
{
	long before = live;
	int error;

	acquired = released = heard = 0;
	allocations = awaits = 0;
	error = scenario();
	fail_allocation = fail_await = 0;
	assert_false(jobs_waiting());
	rejections_report();
	assert_int_equal(acquired, released);
	assert_int_equal(live_generators(), 0);
	assert_int_equal(live, before);
	return error;
}

/* `error_may_vanish`: where the language itself drops the error of a cleanup. */
static void
fail_each(int (*scenario)(void), bool error_may_vanish)
{
	long total_allocations, total_awaits;

	rejection_set_hook(hear, NULL);
	assert_int_equal(run(scenario), 0);
	assert_int_equal(heard, 0);
	total_allocations = allocations;
	total_awaits = awaits;
	for (long n = 1; n <= total_allocations; n++) {
		fail_allocation = n;
		if (!error_may_vanish)
			assert_int_equal(run(scenario), -ENOMEM);
		else
			assert_true(run(scenario) <= 0);
	}
	for (long n = 1; n <= total_awaits; n++) {
		int error;

		fail_await = n;
		error = run(scenario);
		assert_true(error == -EIO || (error_may_vanish && error == 0));
	}
	rejection_set_hook(NULL, NULL);
}

static void
a_loop_hears_every_failure(void **state)
{
	(void)state;
	fail_each(a_loop_to_the_end, false);
	fail_each(a_loop_that_breaks, false);
}

static void
a_loop_over_a_sync_generator_hears_every_failure(void **state)
{
	(void)state;
	fail_each(a_loop_over_a_sync_generator, false);
}

static void
an_adapter_answers_every_request_though_memory_is_out(void **state)
{
	(void)state;
	fail_each(an_adapter_asked_three_times_at_once, false);
}

static void
a_delegation_hears_every_failure(void **state)
{
	(void)state;
	fail_each(a_delegation_that_is_returned, false);
}

static void
thens_and_adoption_hear_every_failure(void **state)
{
	(void)state;
	fail_each(chained_thens_and_an_adopted_promise, false);
}

static void
a_cancelled_loop_cleans_up_whatever_fails(void **state)
{
	(void)state;
	fail_each(a_loop_that_is_cancelled, true);
}

/* An unhandled rejection that cannot be remembered is told too early rather than never. */
static int
an_unhandled_rejection(void)
{
	struct promise *promise = promise_rejected(-EPIPE);
	int error = promise == NULL ? -ENOMEM : 0;

	drain();
	rejections_report();
	if (promise != NULL)
		assert_int_equal(heard, 1);
	promise_unref(promise);
	return error;
}

static void
an_unhandled_rejection_is_told_though_memory_is_out(void **state)
{
	(void)state;
	rejection_set_hook(hear, NULL);
	assert_int_equal(run(an_unhandled_rejection), 0);
	assert_int_equal(allocations, 2);
	fail_allocation = 1;
	assert_int_equal(run(an_unhandled_rejection), -ENOMEM);
	fail_allocation = 2;
	assert_int_equal(run(an_unhandled_rejection), 0);
	rejection_set_hook(NULL, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_hears_every_failure),
		cmocka_unit_test(a_loop_over_a_sync_generator_hears_every_failure),
		cmocka_unit_test(an_adapter_answers_every_request_though_memory_is_out),
		cmocka_unit_test(a_delegation_hears_every_failure),
		cmocka_unit_test(thens_and_adoption_hear_every_failure),
		cmocka_unit_test(a_cancelled_loop_cleans_up_whatever_fails),
		cmocka_unit_test(an_unhandled_rejection_is_told_though_memory_is_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

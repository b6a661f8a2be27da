/* Rejections that nobody handles reach the hook once, with a name and a place. */
#include "async-test.h"

#include <string.h>

#include "async/rejection.h"

static struct rejection last;
static int heard;

static void
remember(const struct rejection *rejection, void *context)
{
	assert_ptr_equal(context, &heard);
	last = *rejection;
	heard++;
}

static int
listen(void **state)
{
	(void)state;
	heard = 0;
	last = (struct rejection){ .line = 0 };
	rejection_set_hook(remember, &heard);
	return 0;
}

static int
stop_listening(void **state)
{
	(void)state;
	assert_quiet();
	rejection_set_hook(NULL, NULL);
	return 0;
}

struct job_of_test {
	struct job job;
	int heard;
};

static void
count_job(struct job *job)
{
	((struct job_of_test *)job)->heard++;
}

static void
an_unhandled_rejection_is_told_once_behind_the_drain(void **state)
{
	struct promise *promise = promise_rejected(-EIO);

	(void)state;
	assert_int_equal(heard, 0);
	drain();
	rejections_report();
	rejections_report();
	assert_int_equal(heard, 1);
	assert_int_equal(last.reason.number, -EIO);
	assert_ptr_equal(last.promise, promise);
	assert_null(last.generator);
	promise_unref(promise);
	assert_int_equal(heard, 1);
}

static void
a_rejection_handled_in_the_same_drain_is_not_told(void **state)
{
	struct promise *promise = promise_rejected(-EIO);
	struct job_of_test reaction = { .job.run = count_job };

	(void)state;
	promise_perform_then(promise, &reaction.job);
	drain();
	rejections_report();
	assert_int_equal(reaction.heard, 1);
	assert_int_equal(heard, 0);
}

static void
a_promise_freed_before_anybody_handled_it_is_told(void **state)
{
	(void)state;
	promise_unref(promise_rejected(-EIO));
	assert_int_equal(heard, 1);
	rejections_report();
	assert_int_equal(heard, 1);
}

static void
of_many_rejections_each_is_told_in_order(void **state)
{
	struct promise *first = promise_rejected(-EIO), *second = promise_rejected(-EPIPE);

	(void)state;
	rejections_report();
	assert_int_equal(heard, 2);
	assert_int_equal(last.reason.number, -EPIPE);
	promise_unref(first);
	promise_unref(second);
}

static void
then_hands_the_duty_on_to_the_derived_promise(void **state)
{
	struct promise *derived = promise_then(promise_rejected(-EIO), NULL, NULL, NULL);

	(void)state;
	drain();
	rejections_report();
	assert_int_equal(heard, 1);
	assert_ptr_equal(last.promise, derived);
	promise_unref(derived);
}

/* -------------------------------------------------------------- generators */

static int line;

static enum step
throwing_body(struct coroutine *co, void *frame)
{
	(void)frame;
	BEGIN(co);
	line = __LINE__; THROW(-EIO);
	FINALLY;
	AWAIT(promise_resolved(value_undefined()));
	END;
}

static void
a_request_that_nobody_awaits_names_its_generator_and_the_line_of_the_throw(void **state)
{
	struct iterator *generator = async_generator_new("throws", throwing_body, 0);
	struct iterator_request request = { .threw = false };

	(void)state;
	iterator_next(generator, &request, value_undefined());
	drain();
	rejections_report();
	assert_int_equal(heard, 1);
	assert_string_equal(last.generator, "throws");
	assert_string_equal(strrchr(last.file, '/') + 1, "test-async-rejection.c");
	assert_int_equal(last.line, line);
	promise_fini(&request.promise);
	iterator_free(generator);
}

static enum step
awaiting_body(struct coroutine *co, void *frame)
{
	struct promise **self = frame;

	BEGIN(co);
	line = __LINE__; AWAIT(*self);
	FINALLY;
	END;
}

static void
a_rejected_await_names_the_line_of_the_await(void **state)
{
	struct promise *promise = promise_rejected(-EIO);
	struct iterator *generator = async_generator_new("awaits", awaiting_body, sizeof promise);
	struct iterator_request request = { .threw = false };

	(void)state;
	*(struct promise **)async_generator_frame(generator) = promise;
	iterator_next(generator, &request, value_undefined());
	drain();
	rejections_report();
	assert_int_equal(heard, 1);
	assert_string_equal(last.generator, "awaits");
	assert_int_equal(last.line, line);
	assert_ptr_equal(last.promise, &request.promise);
	promise_fini(&request.promise);
	iterator_free(generator);
}

static enum step
dropping_body(struct coroutine *co, void *frame)
{
	struct promise **self = frame;

	BEGIN(co);
	*self = promise_rejected(-EPIPE);
	AWAIT(promise_resolved(value_undefined()));
	FINALLY;
	END;
}

static void
a_promise_rejected_in_a_body_names_that_body(void **state)
{
	struct iterator *generator = async_generator_new("drops", dropping_body, sizeof(void *));
	struct promise **self = async_generator_frame(generator);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, generator);
	drain();
	assert_done(&ask, 0);
	rejections_report();
	assert_int_equal(heard, 1);
	assert_string_equal(last.generator, "drops");
	promise_unref(*self);
	iterator_free(generator);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, listen, stop_listening)
		TEST(an_unhandled_rejection_is_told_once_behind_the_drain),
		TEST(a_rejection_handled_in_the_same_drain_is_not_told),
		TEST(a_promise_freed_before_anybody_handled_it_is_told),
		TEST(of_many_rejections_each_is_told_in_order),
		TEST(then_hands_the_duty_on_to_the_derived_promise),
		TEST(a_request_that_nobody_awaits_names_its_generator_and_the_line_of_the_throw),
		TEST(a_rejected_await_names_the_line_of_the_await),
		TEST(a_promise_rejected_in_a_body_names_that_body),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

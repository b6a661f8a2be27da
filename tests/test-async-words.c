/* The words a body is written in. */
#include "async-test.h"

#include <stdio.h>
#include <string.h>

static struct ask ask;
static struct iterator *generator;

static void *
make(coroutine_body body, size_t size)
{
	generator = async_generator_new("tested", body, size);
	ask = (struct ask){ .heard = 0 };
	return async_generator_frame(generator);
}

static void
end(void)
{
	iterator_free(generator);
	assert_quiet();
}

static void
note_number(intptr_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%ld", (long)number);
	note(text);
}

/* --------------------------------------------------------------------- await */

struct awaits {
	struct promise *promise, *second;
	int i;
};

static enum step
await_body(struct coroutine *co, void *frame)
{
	struct awaits *self = frame;

	BEGIN(co);
	AWAIT(self->promise);
	note_number(co->value.number);
	for (self->i = 0; self->i < 2; self->i++) {
		if (self->i == 0) {
			note("first");
			AWAIT(promise_resolved(value_number(10)));
		} else
			AWAIT(promise_resolved(value_number(20)));
		note_number(co->value.number);
	}
	FINALLY;
	note("finally");
	if (self->second != NULL) {
		AWAIT(self->second);
		note("behind");
	}
	END;
}

static void
await_gives_the_value_in_loops_and_branches(void **state)
{
	struct awaits *self = make(await_body, sizeof *self);

	(void)state;
	self->promise = promise_resolved(value_number(5));
	ask_next(&ask, generator);
	drain();
	assert_done(&ask, 0);
	assert_diary("5 first 10 20 finally");
	end();
}

static void
a_rejected_await_runs_finally_and_rejects_the_request(void **state)
{
	struct awaits *self = make(await_body, sizeof *self);

	(void)state;
	self->promise = promise_rejected(-EIO);
	ask_next(&ask, generator);
	drain();
	assert_rejected(&ask, -EIO);
	assert_diary("finally");
	end();
}

static void
await_of_no_memory_is_a_rejection(void **state)
{
	(void)state;
	(void)make(await_body, sizeof(struct awaits));
	ask_next(&ask, generator);
	drain();
	assert_rejected(&ask, -ENOMEM);
	assert_diary("finally");
	end();
}

static void
an_await_rejected_in_finally_goes_on_behind_it_and_is_reported(void **state)
{
	struct awaits *self = make(await_body, sizeof *self);

	(void)state;
	self->promise = promise_resolved(value_number(1));
	self->second = promise_rejected(-EPIPE);
	ask_next(&ask, generator);
	drain();
	assert_rejected(&ask, -EPIPE);
	assert_diary("1 first 10 20 finally behind");
	end();
}

static void
of_two_errors_the_first_is_reported(void **state)
{
	struct awaits *self = make(await_body, sizeof *self);

	(void)state;
	self->promise = promise_rejected(-EIO);
	self->second = promise_rejected(-EPIPE);
	ask_next(&ask, generator);
	drain();
	assert_rejected(&ask, -EIO);
	assert_diary("finally behind");
	end();
}

/* --------------------------------------------------------------------- yield */

struct yields {
	intptr_t i;
	bool in_finally;
};

static enum step
yield_body(struct coroutine *co, void *frame)
{
	struct yields *self = frame;

	BEGIN(co);
	for (;;) {
		YIELD((void *)++self->i);
		note_number(co->value.number);
	}
	FINALLY;
	note("finally");
	if (self->in_finally) {
		YIELD((void *)99);
		note("behind");
	}
	END;
}

static void
next(intptr_t number)
{
	iterator_next(generator, &ask.request, value_number(number));
	drain();
}

static void
what_next_is_given_stands_behind_the_yield(void **state)
{
	(void)state;
	(void)make(yield_body, sizeof(struct yields));
	next(7);                        /* the first one's value goes nowhere */
	assert_int_equal(ask.request.promise.value.number, 1);
	next(8);
	assert_int_equal(ask.request.promise.value.number, 2);
	assert_diary("8");
	ask_return(&ask, generator, 3);
	drain();
	assert_done(&ask, 3);
	assert_diary("finally");
	end();
}

static void
throw_at_yield_runs_finally(void **state)
{
	(void)state;
	(void)make(yield_body, sizeof(struct yields));
	next(0);
	ask_throw(&ask, generator, -EBADF);
	drain();
	assert_rejected(&ask, -EBADF);
	assert_diary("finally");
	end();
}

static void
finally_may_yield_and_the_return_goes_on_behind(void **state)
{
	struct yields *self = make(yield_body, sizeof *self);

	(void)state;
	self->in_finally = true;
	next(0);
	ask_return(&ask, generator, 3);
	drain();
	assert_value(&ask, 99);
	assert_diary("finally");
	ask_next(&ask, generator);
	drain();
	assert_done(&ask, 3);
	assert_diary("behind");
	end();
}

static void
a_return_in_finally_changes_nothing(void **state)
{
	struct yields *self = make(yield_body, sizeof *self);

	(void)state;
	self->in_finally = true;
	next(0);
	ask_throw(&ask, generator, -EIO);
	drain();
	assert_value(&ask, 99);
	ask_return(&ask, generator, 4);
	drain();
	assert_rejected(&ask, -EIO);
	assert_diary("finally behind");
	end();
}

/* ---------------------------------------------------------------------- ends */

struct ends {
	const char *value;
	int error, late_error;
};

static enum step
end_body(struct coroutine *co, void *frame)
{
	struct ends *self = frame;

	BEGIN(co);
	if (self->error != 0)
		THROW(self->error);
	if (self->value != NULL)
		RETURN(self->value);
	FINALLY;
	note("finally");
	if (self->late_error != 0)
		THROW(self->late_error);
	note("behind");
	END;
}

static void
return_is_a_tick_and_then_finally(void **state)
{
	struct ends *self = make(end_body, sizeof *self);

	(void)state;
	self->value = "the value";
	ask_next(&ask, generator);
	assert_diary("");
	assert_int_equal(jobs_run(1), 1);
	assert_diary("finally behind");
	drain();
	assert_done(&ask, (intptr_t)self->value);
	end();
}

static void
throw_goes_to_finally(void **state)
{
	struct ends *self = make(end_body, sizeof *self);

	(void)state;
	self->error = -EIO;
	self->late_error = -EPIPE;
	ask_next(&ask, generator);
	drain();
	assert_rejected(&ask, -EIO);
	assert_diary("finally behind");
	end();
}

static void
throw_in_finally_goes_on_and_wins_over_a_return(void **state)
{
	struct ends *self = make(end_body, sizeof *self);

	(void)state;
	self->value = "the value";
	self->late_error = -EPIPE;
	ask_next(&ask, generator);
	drain();
	assert_rejected(&ask, -EPIPE);
	assert_diary("finally behind");
	end();
}

/* ---------------------------------------------------------------- iterators */

struct takes {
	struct iterator *of;
	struct iterator_request request;
};

static enum step
take_body(struct coroutine *co, void *frame)
{
	struct takes *self = frame;

	BEGIN(co);
	AWAIT_NEXT(self->of, &self->request);
	note_number(self->request.promise.value.number);
	FINALLY;
	CLOSE(self->of, &self->request);
	note("closed");
	END;
}

/* A hand-written iterator that makes one kind of mistake. */
static enum mistake {
	GIVES_NO_OBJECT,
	THROWS,
	REJECTS_RETURN,
} mistake;

static void
odd_next(struct iterator *iterator, struct iterator_request *request)
{
	(void)iterator;
	if (mistake == THROWS) {
		request->threw = true;
		request->promise.value = value_number(-EBADF);
	} else
		promise_fulfill_result(&request->promise, value_number(3),
		    mistake == GIVES_NO_OBJECT ? RESULT_NOT_OBJECT : RESULT_VALUE);
}

static void
odd_return(struct iterator *iterator, struct iterator_request *request)
{
	(void)iterator;
	if (mistake == REJECTS_RETURN)
		promise_fail(&request->promise, -EPIPE);
	else
		promise_fulfill_result(&request->promise, value_undefined(), RESULT_DONE);
}

static void
odd_nothing(struct iterator *iterator)
{
	(void)iterator;
}

static struct iterator odd = {
	.ops = &(const struct iterator_ops){
		.kind = "odd",
		.next = odd_next,
		.return_ = odd_return,
		.cancel = odd_nothing,
		.free = odd_nothing,
	},
};

static void
take_odd(enum mistake makes)
{
	struct takes *self = make(take_body, sizeof *self);

	self->of = &odd;
	mistake = makes;
	ask_next(&ask, generator);
	drain();
}

static void
await_next_takes_no_result_that_is_not_an_object(void **state)
{
	(void)state;
	take_odd(GIVES_NO_OBJECT);
	assert_rejected(&ask, TYPE_ERROR);
	assert_diary("closed");
	end();
}

static void
await_next_hears_an_error_thrown_by_the_call(void **state)
{
	(void)state;
	take_odd(THROWS);
	assert_rejected(&ask, -EBADF);
	assert_diary("closed");
	end();
}

static void
an_error_of_close_is_reported(void **state)
{
	(void)state;
	take_odd(REJECTS_RETURN);
	assert_rejected(&ask, -EPIPE);
	assert_diary("3 closed");
	end();
}

/* ------------------------------------------------------------------- looking */

static struct async_generator_info info;

static void
look_at(const struct async_generator_info *each, void *context)
{
	(void)context;
	info = *each;
}

static void
look(const char *state, size_t requests)
{
	async_generators_each(look_at, NULL);
	assert_string_equal(info.name, "tested");
	assert_string_equal(async_generator_state_name(info.state), state);
	assert_int_equal(info.requests, requests);
}

static void
a_generator_tells_its_state_and_the_line_where_it_stands(void **state)
{
	struct awaits *self = make(await_body, sizeof *self);
	int line;

	(void)state;
	look("suspended-start", 0);
	assert_null(info.file);
	assert_int_equal(info.line, 0);
	self->promise = never_settles();
	ask_next(&ask, generator);
	look("executing", 1);
	assert_string_equal(strrchr(info.file, '/') + 1, "test-async-words.c");
	line = info.line;
	assert_in_range(line, 1, __LINE__);
	iterator_cancel(generator);
	drain();
	assert_rejected(&ask, -ECANCELED);
	look("completed", 0);
	assert_int_equal(info.line, line);   /* where it failed */
	assert_diary("finally");
	iterator_free(generator);

	(void)make(yield_body, sizeof(struct yields));
	next(0);
	look("suspended-yield", 0);
	assert_in_range(info.line, line + 1, __LINE__);
	ask_return(&ask, generator, 0);
	drain();
	ask_return_promise(&ask, generator, promise_resolved(value_number(0)));
	look("draining-queue", 1);
	drain();
	assert_diary("finally");
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(await_gives_the_value_in_loops_and_branches),
		cmocka_unit_test(a_rejected_await_runs_finally_and_rejects_the_request),
		cmocka_unit_test(await_of_no_memory_is_a_rejection),
		cmocka_unit_test(an_await_rejected_in_finally_goes_on_behind_it_and_is_reported),
		cmocka_unit_test(of_two_errors_the_first_is_reported),
		cmocka_unit_test(what_next_is_given_stands_behind_the_yield),
		cmocka_unit_test(throw_at_yield_runs_finally),
		cmocka_unit_test(finally_may_yield_and_the_return_goes_on_behind),
		cmocka_unit_test(a_return_in_finally_changes_nothing),
		cmocka_unit_test(return_is_a_tick_and_then_finally),
		cmocka_unit_test(throw_goes_to_finally),
		cmocka_unit_test(throw_in_finally_goes_on_and_wins_over_a_return),
		cmocka_unit_test(await_next_takes_no_result_that_is_not_an_object),
		cmocka_unit_test(await_next_hears_an_error_thrown_by_the_call),
		cmocka_unit_test(an_error_of_close_is_reported),
		cmocka_unit_test(a_generator_tells_its_state_and_the_line_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Promises and jobs, where a trace does not reach. */
#include "async-test.h"

#include "async/rejection.h"

struct reaction {
	struct job job;
	const char *name;
	struct job *forgets;
};

static void
reaction_run(struct job *job)
{
	struct reaction *reaction = (struct reaction *)job;

	note(reaction->name);
	if (reaction->forgets != NULL)
		promise_forget(reaction->forgets);
}

static void
listen(struct reaction *reaction, const char *name, struct promise *promise)
{
	*reaction = (struct reaction){ .job.run = reaction_run, .name = name };
	promise_perform_then(promise, &reaction->job);
}

static void
a_settled_promise_stays_as_it_is(void **state)
{
	struct promise promise;
	struct reaction reaction;

	(void)state;
	promise_init(&promise);
	listen(&reaction, "heard", &promise);
	promise_fulfill(&promise, value_number(1));
	promise_fulfill(&promise, value_number(2));
	promise_fulfill_result(&promise, value_number(3), RESULT_DONE);
	promise_fail(&promise, -EIO);
	drain();
	assert_int_equal(promise.state, PROMISE_FULFILLED);
	assert_int_equal(promise.value.number, 1);
	assert_int_equal(promise.result, RESULT_VALUE);
	assert_diary("heard");
	assert_quiet();
}

static void
settling_calls_nobody(void **state)
{
	struct promise promise;
	struct reaction reactions[3];

	(void)state;
	promise_init(&promise);
	listen(&reactions[0], "a", &promise);
	listen(&reactions[1], "b", &promise);
	promise_fulfill(&promise, value_undefined());
	listen(&reactions[2], "c", &promise);
	assert_diary("");
	drain();
	assert_diary("a b c");
	assert_quiet();
}

static void
an_embedded_promise_serves_again(void **state)
{
	struct promise promise;
	struct reaction reaction;

	(void)state;
	for (int i = 0; i < 3; i++) {
		promise_init(&promise);
		listen(&reaction, "heard", &promise);
		promise_fulfill(&promise, value_number(i));
		drain();
	}
	assert_diary("heard heard heard");
	assert_quiet();
}

static void
the_last_reference_frees_and_a_reaction_holds_one(void **state)
{
	struct promise *promise = promise_new();
	struct reaction reactions[2];

	(void)state;
	listen(&reactions[0], "a", promise_ref(promise));
	listen(&reactions[1], "b", promise_ref(promise));
	assert_int_equal(promise->references, 3);
	promise_fulfill(promise, value_undefined());
	promise_unref(promise);
	drain();
	assert_diary("a b");
	promise_unref(NULL);
	assert_null(promise_ref(NULL));
	assert_quiet();
}

static void
a_forgotten_reaction_does_not_run_pending_or_queued(void **state)
{
	struct promise *promise = promise_new();
	struct reaction reactions[4];

	(void)state;
	listen(&reactions[0], "a", promise_ref(promise));
	listen(&reactions[1], "b", promise_ref(promise));
	listen(&reactions[2], "c", promise_ref(promise));
	listen(&reactions[3], "d", promise_ref(promise));
	promise_forget(&reactions[1].job);
	promise_forget(&reactions[3].job);
	assert_int_equal(promise->references, 3);
	promise_fulfill(promise, value_undefined());
	promise_forget(&reactions[0].job);
	drain();
	assert_diary("c");
	assert_int_equal(promise->references, 1);
	promise_unref(promise);
	assert_quiet();
}

static void
a_reaction_may_forget_another(void **state)
{
	struct promise promise;
	struct reaction reactions[3];

	(void)state;
	promise_init(&promise);
	listen(&reactions[0], "a", &promise);
	listen(&reactions[1], "b", &promise);
	listen(&reactions[2], "c", &promise);
	reactions[0].forgets = &reactions[1].job;
	promise_fulfill(&promise, value_undefined());
	drain();
	assert_diary("a c");
	assert_quiet();
}

static void
no_promise_is_one_rejected_for_want_of_memory(void **state)
{
	struct reaction reaction;

	(void)state;
	listen(&reaction, "heard", NULL);
	assert_int_equal(reaction.job.promise->state, PROMISE_REJECTED);
	assert_int_equal(reaction.job.promise->value.number, -ENOMEM);
	drain();
	assert_diary("heard");
	listen(&reaction, "heard", NULL);
	promise_forget(&reaction.job);
	drain();
	assert_diary("");
	assert_quiet();
}

static void
a_drain_runs_as_many_as_it_may(void **state)
{
	struct promise promise;
	struct reaction reactions[3];

	(void)state;
	promise_init(&promise);
	promise_fulfill(&promise, value_undefined());
	listen(&reactions[0], "a", &promise);
	listen(&reactions[1], "b", &promise);
	listen(&reactions[2], "c", &promise);
	assert_int_equal(jobs_run(2), 2);
	assert_true(jobs_waiting());
	assert_diary("a b");
	assert_int_equal(jobs_run(SIZE_MAX), 1);
	assert_int_equal(jobs_run(SIZE_MAX), 0);
	assert_diary("c");
	assert_quiet();
}

/* ---------------------------------------------------------------------- then */

static struct completion
recover(void *context, union value value)
{
	note(context);
	return (struct completion){ .value = value_number(-value.number) };
}

static struct completion
spoil(void *context, union value value)
{
	note(context);
	(void)value;
	return (struct completion){ COMPLETION_THROW, value_number(-EPIPE) };
}

static char caught[] = "caught", thrown[] = "thrown", skipped[] = "skipped";

static void
a_rejection_goes_past_handlers_to_the_first_that_catches(void **state)
{
	struct promise *promise = promise_rejected(-EIO);

	(void)state;
	promise = promise_then(promise, spoil, NULL, skipped);
	promise = promise_then(promise, NULL, recover, caught);
	promise = promise_then(promise, spoil, NULL, thrown);
	drain();
	assert_diary("caught thrown");
	assert_int_equal(promise->state, PROMISE_REJECTED);
	assert_int_equal(promise->value.number, -EPIPE);
	promise = promise_then(promise, NULL, recover, caught);
	drain();
	assert_int_equal(promise->value.number, EPIPE);
	assert_diary("caught");
	promise_unref(promise);
	assert_quiet();
}

static void
an_adopted_state_comes_two_ticks_later(void **state)
{
	struct promise *promise = promise_new(), *rejected = promise_new();

	(void)state;
	promise_adopt(promise, promise_resolved(value_number(4)));
	promise_adopt(rejected, promise_rejected(-EIO));
	assert_int_equal(jobs_run(2), 2);
	assert_int_equal(promise->state, PROMISE_PENDING);
	assert_int_equal(jobs_run(2), 2);
	assert_int_equal(promise->value.number, 4);
	assert_int_equal(rejected->value.number, -EIO);
	promise_unref(promise);
	promise_unref(promise_then(rejected, NULL, recover, caught));
	drain();
	assert_diary("caught");
	assert_quiet();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_settled_promise_stays_as_it_is),
		cmocka_unit_test(settling_calls_nobody),
		cmocka_unit_test(an_embedded_promise_serves_again),
		cmocka_unit_test(the_last_reference_frees_and_a_reaction_holds_one),
		cmocka_unit_test(a_forgotten_reaction_does_not_run_pending_or_queued),
		cmocka_unit_test(a_reaction_may_forget_another),
		cmocka_unit_test(no_promise_is_one_rejected_for_want_of_memory),
		cmocka_unit_test(a_drain_runs_as_many_as_it_may),
		cmocka_unit_test(a_rejection_goes_past_handlers_to_the_first_that_catches),
		cmocka_unit_test(an_adopted_state_comes_two_ticks_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A body within a body: what the child awaits and yields, its parent does. */
#include "async-test.h"

#include <string.h>

#include "async/child.h"

struct inner {
	intptr_t i, to;
	int error, close_error;
	bool waits, cleans;
};

static enum step
inner_body(struct coroutine *co, void *frame)
{
	struct inner *self = frame;

	BEGIN(co);
	for (self->i = 1; self->i <= self->to; self->i++) {
		AWAIT(promise_resolved(value_number(self->i)));
		YIELD((void *)co->value.number);
	}
	if (self->waits)
		AWAIT(never_settles());
	if (self->error != 0)
		THROW(self->error);
	FINALLY;
	note("inner");
	if (self->cleans)
		AWAIT(never_settles());
	if (self->close_error != 0)
		THROW(self->close_error);
	END;
}

/* Runs one child after the other, however the one before ended, and yields a hundred in between. */
struct outer {
	struct child *child;
	const struct inner *plan;
	int children;
};

static enum step
outer_body(struct coroutine *co, void *frame)
{
	struct outer *self = frame;

	BEGIN(co);
	while (self->children-- > 0) {
		self->child = child_new("inner", inner_body, sizeof(struct inner));
		*(struct inner *)child_frame(self->child) = *self->plan++;
		RUN_CHILD(child_resume(self->child, co));
		if (co->received == COMPLETION_THROW && co->value.number == -EIO) {
			note("caught");
			co->received = COMPLETION_NORMAL;
		}
		if (coroutine_abrupt(co))
			break;
		child_free(self->child);
		self->child = NULL;
		YIELD((void *)100);
	}
	FINALLY;
	child_free(self->child);
	note("outer");
	END;
}

static struct iterator *
outer_new(const struct inner *plan, int children)
{
	struct iterator *outer = async_generator_new("outer", outer_body, sizeof(struct outer));
	struct outer *self = async_generator_frame(outer);

	self->plan = plan;
	self->children = children;
	return outer;
}

static void
gives(struct iterator *outer, intptr_t number)
{
	struct ask ask = { .heard = 0 };

	ask_next(&ask, outer);
	drain();
	assert_value(&ask, number);
}

static void
the_values_of_a_child_are_its_parents(void **state)
{
	static const struct inner plan[] = { { .to = 2 }, { .to = 0 }, { .to = 1 } };
	struct iterator *outer = outer_new(plan, 3);
	struct ask ask = { .heard = 0 };

	(void)state;
	gives(outer, 1);
	gives(outer, 2);
	assert_diary("");
	gives(outer, 100);
	gives(outer, 100);
	gives(outer, 1);
	gives(outer, 100);
	ask_next(&ask, outer);
	drain();
	assert_done(&ask, 0);
	assert_diary("inner inner inner outer");
	iterator_free(outer);
	assert_quiet();
}

static void
what_a_child_throws_its_parent_may_catch(void **state)
{
	static const struct inner plan[] = { { .error = -EIO }, { .error = -ENODEV } };
	struct iterator *outer = outer_new(plan, 2);
	struct ask ask = { .heard = 0 };

	(void)state;
	gives(outer, 100);
	assert_diary("inner caught");
	ask_next(&ask, outer);
	drain();
	assert_rejected(&ask, -ENODEV);
	assert_diary("inner outer");
	iterator_free(outer);
	assert_quiet();
}

static void
return_runs_the_childs_finally_and_then_the_parents(void **state)
{
	static const struct inner plan[] = { { .to = 9 }, { .to = 9 } };
	struct iterator *outer = outer_new(plan, 2);
	struct ask ask = { .heard = 0 };

	(void)state;
	gives(outer, 1);
	ask_return(&ask, outer, 7);
	drain();
	assert_done(&ask, 7);
	assert_diary("inner outer");
	iterator_free(outer);
	assert_quiet();
}

/* Answers the return() by a yield of its FINALLY, as a generator may, and ends when it is asked again. */
static enum step
stubborn_body(struct coroutine *co, void *frame)
{
	(void)frame;
	BEGIN(co);
	YIELD((void *)1);
	FINALLY;
	YIELD((void *)2);
	END;
}

static enum step
patient_body(struct coroutine *co, void *frame)
{
	struct child **child = frame;

	BEGIN(co);
	*child = child_new("stubborn", stubborn_body, 0);
	RUN_CHILD(child_resume(*child, co));
	note(co->received == COMPLETION_NORMAL ? "over" : "not here");
	FINALLY;
	child_free(*child);
	END;
}

static void
a_child_that_yields_in_its_finally_is_over_when_it_ends_later(void **state)
{
	struct iterator *outer = async_generator_new("patient", patient_body,
	    sizeof(struct child *));
	struct ask ask = { .heard = 0 };

	(void)state;
	gives(outer, 1);
	ask_return(&ask, outer, 7);
	drain();
	assert_value(&ask, 2);
	ask_next(&ask, outer);
	drain();
	assert_done(&ask, 0);
	assert_diary("over");
	iterator_free(outer);
	assert_quiet();
}

static void
an_error_of_the_childs_finally_wins_over_a_return(void **state)
{
	static const struct inner plan[] = { { .to = 9, .close_error = -EBUSY } };
	struct iterator *outer = outer_new(plan, 1);
	struct ask ask = { .heard = 0 };

	(void)state;
	gives(outer, 1);
	ask_return(&ask, outer, 7);
	drain();
	assert_rejected(&ask, -EBUSY);
	assert_diary("inner outer");
	iterator_free(outer);
	assert_quiet();
}

static void
throw_reaches_the_child_where_it_is_suspended(void **state)
{
	static const struct inner plan[] = { { .to = 9 }, { .to = 1 } };
	struct iterator *outer = outer_new(plan, 2);
	struct ask ask = { .heard = 0 };

	(void)state;
	gives(outer, 1);
	ask_throw(&ask, outer, -EIO);
	drain();
	assert_value(&ask, 100);
	assert_diary("inner caught");
	ask_throw(&ask, outer, -EPERM);
	drain();
	assert_rejected(&ask, -EPERM);
	assert_diary("outer");
	iterator_free(outer);
	assert_quiet();
}

static void
cancel_ends_the_childs_await_and_again_that_of_its_cleanup(void **state)
{
	static const struct inner plan[] = { { .waits = true, .cleans = true } };
	struct iterator *outer = outer_new(plan, 1);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, outer);
	drain();
	iterator_cancel(outer);
	drain();
	assert_pending(&ask);
	assert_diary("inner");
	iterator_cancel(outer);
	drain();
	assert_rejected(&ask, -ECANCELED);
	assert_diary("outer");
	iterator_free(outer);
	assert_quiet();
}

static void
note_where(const struct async_generator_info *info, void *context)
{
	(void)context;
	note(info->name);
	assert_non_null(strstr(info->file, "test-async-child.c"));
	assert_true(info->line > 0);
}

static void
debug_tells_where_the_child_stands(void **state)
{
	static const struct inner plan[] = { { .to = 1 } };
	struct iterator *outer = outer_new(plan, 1);
	struct ask ask = { .heard = 0 };

	(void)state;
	gives(outer, 1);
	async_generators_each(note_where, NULL);
	assert_diary("inner");
	gives(outer, 100);
	assert_diary("inner");
	async_generators_each(note_where, NULL);
	assert_diary("outer");
	ask_return(&ask, outer, 0);
	drain();
	assert_diary("outer");
	iterator_free(outer);
	assert_quiet();
}

/* A hand-written parent and child: the contract without the words. */
static enum step
plain_child(struct coroutine *co, void *frame)
{
	int *rounds = frame;

	if (co->received != COMPLETION_NORMAL || ++*rounds > 2)
		return STEP_RETURN;
	co->value = value_number(*rounds);
	return STEP_YIELD;
}

static enum step
plain_parent(struct coroutine *co, void *frame)
{
	return child_resume(*(struct child **)frame, co);
}

static void
bodies_without_the_words_nest_as_well(void **state)
{
	struct iterator *outer = async_generator_new("plain", plain_parent, sizeof(struct child *));
	struct child *child = child_new("plain", plain_child, sizeof(int));
	struct ask ask = { .heard = 0 };

	(void)state;
	*(struct child **)async_generator_frame(outer) = child;
	gives(outer, 1);
	gives(outer, 2);
	ask_next(&ask, outer);
	drain();
	assert_int_equal(ask.heard, 1);
	assert_true(ask.done);
	child_free(child);
	iterator_free(outer);
	assert_quiet();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_values_of_a_child_are_its_parents),
		cmocka_unit_test(what_a_child_throws_its_parent_may_catch),
		cmocka_unit_test(return_runs_the_childs_finally_and_then_the_parents),
		cmocka_unit_test(a_child_that_yields_in_its_finally_is_over_when_it_ends_later),
		cmocka_unit_test(an_error_of_the_childs_finally_wins_over_a_return),
		cmocka_unit_test(throw_reaches_the_child_where_it_is_suspended),
		cmocka_unit_test(cancel_ends_the_childs_await_and_again_that_of_its_cleanup),
		cmocka_unit_test(debug_tells_where_the_child_stands),
		cmocka_unit_test(bodies_without_the_words_nest_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sync generators in the words, array iterators, spread. */
#include "async-test.h"

#include <stdio.h>

#include "async/sync_iterator.h"

struct range {
	intptr_t i, to;
};

static enum step
range_body(struct coroutine *co, void *frame)
{
	struct range *self = frame;

	BEGIN(co);
	for (self->i = 1; self->i <= self->to; self->i++)
		YIELD((void *)self->i);
	FINALLY;
	note("finally");
	END;
}

static struct sync_iterator *
range_new(intptr_t to)
{
	struct sync_iterator *generator = sync_generator_new("range", range_body,
	    sizeof(struct range));

	((struct range *)sync_generator_frame(generator))->to = to;
	return generator;
}

static void
add(void *context, const struct sync_result *result)
{
	(void)context;
	if (result->value.pointer == NULL)
		note("nothing");
	else
		note((const char[]){ (char)('0' + result->value.number), '\0' });
}

static void
a_range_is_spread(void **state)
{
	struct sync_iterator *range = range_new(5);

	(void)state;
	assert_int_equal(sync_iterator_spread(range, add, NULL).type, COMPLETION_NORMAL);
	assert_diary("1 2 3 4 5 finally");
	assert_int_equal(sync_iterator_spread(range, add, NULL).type, COMPLETION_NORMAL);
	assert_diary("");
	sync_iterator_free(range);
	sync_iterator_free(NULL);
	assert_quiet();
}

static void
spreading_an_async_iterator_is_a_type_error(void **state)
{
	struct iterator *generator = async_generator_new("async", range_body,
	    sizeof(struct range));
	struct completion completion = iterator_spread(generator);

	(void)state;
	assert_int_equal(completion.type, COMPLETION_THROW);
	assert_int_equal(completion.value.number, TYPE_ERROR);
	iterator_free(generator);
	assert_quiet();
}

static void
an_array_gives_the_addresses_of_its_items(void **state)
{
	static const short items[] = { 3, 1, 4 };
	struct sync_iterator *array = array_values(items, 3, sizeof items[0]);
	struct sync_result result = { .kind = RESULT_NOT_OBJECT };

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(array->ops->next(array, value_undefined(), &result),
		    COMPLETION_NORMAL);
		assert_int_equal(result.kind, RESULT_VALUE);
		assert_ptr_equal(result.value.constant, &items[i]);
	}
	array->ops->next(array, value_undefined(), &result);
	assert_int_equal(result.kind, RESULT_DONE);
	assert_null(result.value.pointer);
	assert_null(array->ops->return_);
	assert_null(array->ops->throw_);
	sync_iterator_free(array);
	assert_quiet();
}

static void
closing_runs_finally_once(void **state)
{
	const struct completion normal = { .type = COMPLETION_NORMAL };
	struct sync_iterator *range = range_new(5);
	struct sync_result result = { .kind = RESULT_VALUE };

	(void)state;
	range->ops->next(range, value_undefined(), &result);
	assert_int_equal(sync_iterator_close(range, normal).type, COMPLETION_NORMAL);
	assert_int_equal(sync_iterator_close(range, normal).type, COMPLETION_NORMAL);
	assert_diary("finally");
	sync_iterator_free(range);
	assert_quiet();
}

/* -------------------------------------------------------------------- yield* */

struct outer {
	struct sync_iterator *of;
	struct sync_delegate delegate;
};

static enum step
outer_body(struct coroutine *co, void *frame)
{
	struct outer *self = frame;

	BEGIN(co);
	SYNC_DELEGATE(&self->delegate, self->of);
	note("behind");
	YIELD((void *)9);
	FINALLY;
	note("outer");
	END;
}

static struct sync_iterator *
outer_new(struct sync_iterator *of)
{
	struct sync_iterator *outer = sync_generator_new("outer", outer_body, sizeof(struct outer));

	((struct outer *)sync_generator_frame(outer))->of = of;
	return outer;
}

static void
a_delegation_gives_all_values_of_the_inner_one(void **state)
{
	struct sync_iterator *range = range_new(3), *outer = outer_new(range);

	(void)state;
	assert_int_equal(sync_iterator_spread(outer, add, NULL).type, COMPLETION_NORMAL);
	assert_diary("1 2 3 finally behind 9 outer");
	sync_iterator_free(outer);
	sync_iterator_free(range);
	assert_quiet();
}

static void
return_in_a_delegation_runs_both_finally_from_the_inside(void **state)
{
	struct sync_iterator *range = range_new(3), *outer = outer_new(range);
	struct sync_result result = { .kind = RESULT_VALUE };

	(void)state;
	outer->ops->next(outer, value_undefined(), &result);
	assert_int_equal(outer->ops->return_(outer, value_number(7), &result), COMPLETION_NORMAL);
	assert_int_equal(result.kind, RESULT_DONE);
	assert_int_equal(result.value.number, 7);
	assert_diary("finally outer");
	sync_iterator_free(outer);
	sync_iterator_free(range);
	assert_quiet();
}

static void
throw_in_a_delegation_to_an_array_is_a_type_error(void **state)
{
	static const int items[] = { 1 };
	struct sync_iterator *array = array_values(items, 1, sizeof items[0]);
	struct sync_iterator *outer = outer_new(array);
	struct sync_result result = { .kind = RESULT_VALUE };

	(void)state;
	outer->ops->next(outer, value_undefined(), &result);
	assert_int_equal(outer->ops->throw_(outer, value_number(-EIO), &result), COMPLETION_THROW);
	assert_int_equal(result.value.number, TYPE_ERROR);
	assert_diary("outer");
	sync_iterator_free(outer);
	sync_iterator_free(array);
	assert_quiet();
}

/* ------------------------------------------------------------- async-from-sync */

static void
an_adapter_takes_return_of_a_promise(void **state)
{
	struct sync_iterator *range = range_new(3);
	struct iterator *adapter = async_from_sync(range);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_next(&ask, adapter);
	drain();
	assert_value(&ask, 1);
	ask_return_promise(&ask, adapter, promise_resolved(value_number(6)));
	drain();
	assert_done(&ask, 6);
	assert_diary("finally");
	iterator_free(adapter);
	sync_iterator_free(range);
	assert_quiet();
}

static void
an_adapter_without_a_return_method_awaits_the_promise_itself(void **state)
{
	static const int items[] = { 1 };
	struct sync_iterator *array = array_values(items, 1, sizeof items[0]);
	struct iterator *adapter = async_from_sync(array);
	struct ask ask = { .heard = 0 };

	(void)state;
	ask_return_promise(&ask, adapter, promise_rejected(-EIO));
	drain();
	assert_rejected(&ask, -EIO);
	ask_return(&ask, adapter, 5);
	drain();
	assert_done(&ask, 5);
	iterator_free(adapter);
	sync_iterator_free(array);
	assert_quiet();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_spread),
		cmocka_unit_test(spreading_an_async_iterator_is_a_type_error),
		cmocka_unit_test(an_array_gives_the_addresses_of_its_items),
		cmocka_unit_test(closing_runs_finally_once),
		cmocka_unit_test(a_delegation_gives_all_values_of_the_inner_one),
		cmocka_unit_test(return_in_a_delegation_runs_both_finally_from_the_inside),
		cmocka_unit_test(throw_in_a_delegation_to_an_array_is_a_type_error),
		cmocka_unit_test(an_adapter_takes_return_of_a_promise),
		cmocka_unit_test(an_adapter_without_a_return_method_awaits_the_promise_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

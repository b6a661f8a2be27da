#include "loop-backends.h"

#include <stdlib.h>
#include <string.h>

#include "async/helpers.h"
#include "probe.h"

/* ---------------------------------------------------------------- callbacks */

static struct outcome
times_ten(void *context, union value value, uint64_t counter)
{
	(void)context;
	return outcome_value(value_number(value.number * 10 + (intptr_t)counter));
}

static struct outcome
times_ten_later(void *context, union value value, uint64_t counter)
{
	(void)counter;
	(void)context;
	return outcome_await(promise_resolved(value_number(value.number * 10)));
}

static struct outcome
is_odd(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)counter;
	return outcome_bool(value.number % 2 != 0);
}

static struct outcome
is_odd_later(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)counter;
	return outcome_await(promise_resolved(value_number(value.number % 2)));
}

static struct outcome
is_above(void *context, union value value, uint64_t counter)
{
	(void)counter;
	return outcome_bool(value.number > *(int *)context);
}

static struct outcome
fail_at_two(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)counter;
	return value.number == 2 ? outcome_throw(-EDOM) : outcome_value(value);
}

static struct outcome
fail_at_two_later(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)counter;
	return value.number == 2 ? outcome_await(promise_rejected(-EDOM)) : outcome_value(value);
}

static struct outcome
fail_without_memory(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)value;
	(void)counter;
	return outcome_await(NULL);
}

/* ---------------------------------------------------------------------- map */

static void
map_gives_what_the_mapper_answers(void **state)
{
	(void)state;
	probe_loop(iterator_map(PROBE(.values = 3), times_ten, NULL), 0);
	gives("n 10 n 21 n 32 n end");
}

static void
map_awaits_a_promise(void **state)
{
	(void)state;
	probe_loop(iterator_map(PROBE(.values = 2), times_ten_later, NULL), 0);
	gives("n 10 n 20 n end");
}

static void
map_closes_when_the_mapper_throws(void **state)
{
	(void)state;
	probe_loop(iterator_map(PROBE(.values = 3), fail_at_two, NULL), 0);
	gives("n 1 n r end -33");
	probe_log_clear();
	probe_loop(iterator_map(PROBE(.values = 3), fail_at_two_later, NULL), 0);
	gives("n 1 n r end -33");
	probe_log_clear();
	probe_loop(iterator_map(PROBE(.values = 3), fail_without_memory, NULL), 0);
	gives("n r end -12");
}

static void
the_mappers_error_wins_over_that_of_the_close(void **state)
{
	(void)state;
	probe_loop(iterator_map(PROBE(.values = 3, .return_error = -EIO), fail_at_two, NULL), 0);
	gives("n 1 n r end -33");
}

static void
what_has_thrown_or_is_done_is_not_closed(void **state)
{
	(void)state;
	probe_loop(iterator_map(PROBE(.values = 1, .error = -EIO), times_ten, NULL), 0);
	gives("n 10 n end -5");
	probe_log_clear();
	probe_loop(iterator_map(PROBE(.error = -EIO, .throws = true), times_ten, NULL), 0);
	gives("n end -5");
	probe_log_clear();
	probe_loop(iterator_map(PROBE(.error = -EIO, .not_object = true), times_ten, NULL), 0);
	gives("n end -91");
}

static void
a_break_closes_all_the_way_up(void **state)
{
	(void)state;
	probe_loop(iterator_map(iterator_filter(iterator_drop(PROBE(.values = 9), 1), is_odd, NULL),
	               times_ten, NULL),
	    1);
	gives("n n n 30 r end");
}

static void
the_error_of_a_close_is_thrown(void **state)
{
	(void)state;
	probe_loop(iterator_map(PROBE(.values = 3, .return_error = -EIO), times_ten, NULL), 1);
	gives("n 10 r end -5");
}

static void
return_before_the_beginning_closes_too(void **state)
{
	struct iterator_request request = { .next = NULL };
	struct iterator *map = iterator_map(PROBE(.values = 3), times_ten, NULL);

	(void)state;
	iterator_return(map, &request, value_number(7));
	loop_run();
	assert_int_equal(request.promise.state, PROMISE_FULFILLED);
	assert_int_equal(request.promise.result, RESULT_DONE);
	iterator_next(map, &request, value_undefined());
	loop_run();
	assert_int_equal(request.promise.result, RESULT_DONE);
	iterator_free(map);
	gives("r");
}

static void
a_helper_that_never_began_may_be_freed(void **state)
{
	(void)state;
	iterator_free(iterator_map(iterator_take(PROBE(.values = 3), 2), times_ten, NULL));
	gives("");
}

static void
no_memory_passes_through(void **state)
{
	(void)state;
	assert_null(iterator_map(NULL, times_ten, NULL));
	assert_null(iterator_filter(NULL, is_odd, NULL));
	assert_null(iterator_take(NULL, 1));
	assert_null(iterator_drop(NULL, 1));
	assert_null(iterator_flat_map(NULL, times_ten, NULL));
	assert_null(iterator_some(NULL, is_odd, NULL));
	assert_null(iterator_to_array(NULL));
	probe_await(iterator_find(NULL, is_odd, NULL));
	gives("! -12");
}

/* ------------------------------------------------------------ filter, take, drop */

static void
filter_keeps_what_the_predicate_holds_for(void **state)
{
	(void)state;
	probe_loop(iterator_filter(PROBE(.values = 4), is_odd, NULL), 0);
	gives("n 1 n n 3 n n end");
	probe_log_clear();
	probe_loop(iterator_filter(PROBE(.values = 4), is_odd_later, NULL), 0);
	gives("n 1 n n 3 n n end");
	probe_log_clear();
	probe_loop(iterator_filter(PROBE(.values = 4), fail_at_two, NULL), 0);
	gives("n 1 n r end -33");
}

static void
take_closes_when_it_is_asked_for_more(void **state)
{
	(void)state;
	probe_loop(iterator_take(PROBE(.values = 9), 2), 0);
	gives("n 1 n 2 r end");
	probe_log_clear();
	probe_loop(iterator_take(PROBE(.values = 9), 0), 0);
	gives("r end");
	probe_log_clear();
	probe_loop(iterator_take(PROBE(.values = 1), 2), 0);
	gives("n 1 n end");
	probe_log_clear();
	probe_loop(iterator_take(PROBE(.values = 9, .return_error = -EIO), 1), 0);
	gives("n 1 r end -5");
}

static void
drop_leaves_the_first_out(void **state)
{
	(void)state;
	probe_loop(iterator_drop(PROBE(.values = 4), 2), 0);
	gives("n n n 3 n 4 n end");
	probe_log_clear();
	probe_loop(iterator_drop(PROBE(.values = 2), 5), 0);
	gives("n n n end");
	probe_log_clear();
	probe_loop(iterator_drop(PROBE(.values = 1), 0), 0);
	gives("n 1 n end");
}

/* ----------------------------------------------------------------- flat_map */

static struct outcome
inner_probe(void *context, union value value, uint64_t counter)
{
	struct probe_script script = *(struct probe_script *)context;

	(void)counter;
	script.name = (char)('a' + value.number - 1);
	return outcome_value(value_pointer(probe_new(&script)));
}

static void
flat_map_gives_the_inner_values(void **state)
{
	struct probe_script inner = { .values = 2 };

	(void)state;
	probe_loop(iterator_flat_map(PROBE(.values = 2), inner_probe, &inner), 0);
	gives("n an 1 an 2 an n bn 1 bn 2 bn n end");
}

static void
flat_map_closes_the_inner_one_first(void **state)
{
	struct probe_script inner = { .values = 2 };

	(void)state;
	probe_loop(iterator_flat_map(PROBE(.values = 2), inner_probe, &inner), 3);
	gives("n an 1 an 2 an n bn 1 br r end");
}

static void
an_inner_error_closes_the_outer_one(void **state)
{
	struct probe_script inner = { .values = 1, .error = -EIO };

	(void)state;
	probe_loop(iterator_flat_map(PROBE(.values = 2), inner_probe, &inner), 0);
	gives("n an 1 an r end -5");
}

static struct outcome
no_iterator(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)value;
	(void)counter;
	return outcome_value(value_undefined());
}

static void
flat_map_without_memory_for_the_inner_one_closes(void **state)
{
	(void)state;
	probe_loop(iterator_flat_map(PROBE(.values = 2), no_iterator, NULL), 0);
	gives("n r end -12");
}

/* ------------------------------------------------------------------- arrays */

static void
an_array_is_iterated(void **state)
{
	static const int items[] = { 4, 5, 6 };
	struct iterator *array = iterator_from_array(items, 3, sizeof items[0]);
	struct iterator_request request = { .next = NULL };

	(void)state;
	for (int i = 0; i < 3; i++) {
		iterator_next(array, &request, value_undefined());
		loop_run();
		assert_ptr_equal(request.promise.value.pointer, &items[i]);
	}
	iterator_next(array, &request, value_undefined());
	assert_int_equal(request.promise.result, RESULT_DONE);
	iterator_free(array);
	array = iterator_from_array(items, 3, sizeof items[0]);
	iterator_close(array, &request);
	iterator_next(array, &request, value_undefined());
	assert_int_equal(request.promise.result, RESULT_DONE);
	iterator_cancel(array);
	iterator_free(array);
}

/* ---------------------------------------------------------------- consumers */

static struct outcome
add(void *context, union value accumulator, union value value, uint64_t counter)
{
	(void)context;
	(void)counter;
	return outcome_value(value_number(accumulator.number + value.number));
}

static struct outcome
add_later(void *context, union value accumulator, union value value, uint64_t counter)
{
	struct outcome outcome = add(context, accumulator, value, counter);

	return outcome_await(promise_resolved(outcome.value));
}

static void
reduce_gives_the_last_accumulator(void **state)
{
	(void)state;
	probe_await(iterator_reduce(PROBE(.values = 4), add, value_number(100), NULL));
	gives("n n n n n = 110");
	probe_log_clear();
	probe_await(iterator_reduce(PROBE(.values = 4), add_later, value_number(0), NULL));
	gives("n n n n n = 10");
	probe_log_clear();
	probe_await(iterator_reduce(PROBE(.error = -EIO), add, value_number(0), NULL));
	gives("n ! -5");
}

static void
array_note(struct job *job)
{
	struct value_array *array = job->promise->value.pointer;

	for (size_t i = 0; i < array->count; i++)
		assert_int_equal(array->values[i].number, i + 1);
	probe_note("[%zu]", array->count);
	free(array);
}

static void
to_array_collects(void **state)
{
	struct job job = { .run = array_note };

	(void)state;
	promise_perform_then(iterator_to_array(PROBE(.values = 20)), &job);
	loop_run();
	assert_string_equal(strrchr(probe_log, 'n'), "n [20]");
	probe_log_clear();
	promise_perform_then(iterator_to_array(PROBE(.values = 0)), &job);
	gives("n [0]");
	probe_log_clear();
	probe_await(iterator_to_array(PROBE(.values = 9, .error = -EIO)));
	gives("n n n n n n n n n n ! -5");
}

static void
for_each_sees_all(void **state)
{
	(void)state;
	probe_await(iterator_for_each(PROBE(.values = 3), times_ten, NULL));
	gives("n n n n = 0");
	probe_log_clear();
	probe_await(iterator_for_each(PROBE(.values = 3), fail_at_two, NULL));
	gives("n n r ! -33");
	probe_log_clear();
	probe_await(iterator_for_each(PROBE(.values = 3), fail_at_two_later, NULL));
	gives("n n r ! -33");
	probe_log_clear();
	probe_await(iterator_for_each(PROBE(.error = -EIO, .throws = true), times_ten, NULL));
	gives("n ! -5");
}

static void
some_every_and_find_close_when_they_know(void **state)
{
	int two = 2, nine = 9;

	(void)state;
	probe_await(iterator_some(PROBE(.values = 4), is_above, &two));
	gives("n n n r = 1");
	probe_log_clear();
	probe_await(iterator_some(PROBE(.values = 2), is_above, &two));
	gives("n n n = 0");
	probe_log_clear();
	probe_await(iterator_every(PROBE(.values = 4), is_odd_later, NULL));
	gives("n n r = 0");
	probe_log_clear();
	probe_await(iterator_every(PROBE(.values = 1), is_odd, NULL));
	gives("n n = 1");
	probe_log_clear();
	probe_await(iterator_find(PROBE(.values = 4), is_above, &two));
	gives("n n n r = 3");
	probe_log_clear();
	probe_await(iterator_find(PROBE(.values = 2), is_above, &nine));
	gives("n n n = 0");
	probe_log_clear();
	probe_await(iterator_find(PROBE(.values = 4, .return_error = -EIO), is_above, &two));
	gives("n n n r ! -5");
}

static void
a_consumer_ends_when_its_iterator_is_cancelled(void **state)
{
	struct iterator *map = iterator_map(PROBE(.values = 2, .pending = true), times_ten, NULL);

	(void)state;
	probe_await(iterator_for_each(map, times_ten, NULL));
	gives("n n n");
	iterator_cancel(map);
	gives("n n n c ! -125");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(map_gives_what_the_mapper_answers),
		TEST(map_awaits_a_promise),
		TEST(map_closes_when_the_mapper_throws),
		TEST(the_mappers_error_wins_over_that_of_the_close),
		TEST(what_has_thrown_or_is_done_is_not_closed),
		TEST(a_break_closes_all_the_way_up),
		TEST(the_error_of_a_close_is_thrown),
		TEST(return_before_the_beginning_closes_too),
		TEST(a_helper_that_never_began_may_be_freed),
		TEST(no_memory_passes_through),
		TEST(filter_keeps_what_the_predicate_holds_for),
		TEST(take_closes_when_it_is_asked_for_more),
		TEST(drop_leaves_the_first_out),
		TEST(flat_map_gives_the_inner_values),
		TEST(flat_map_closes_the_inner_one_first),
		TEST(an_inner_error_closes_the_outer_one),
		TEST(flat_map_without_memory_for_the_inner_one_closes),
		TEST(an_array_is_iterated),
		TEST(reduce_gives_the_last_accumulator),
		TEST(to_array_collects),
		TEST(for_each_sees_all),
		TEST(some_every_and_find_close_when_they_know),
		TEST(a_consumer_ends_when_its_iterator_is_cancelled),
	};

	return cmocka_run_group_tests_name("helpers", tests, NULL, NULL);
}

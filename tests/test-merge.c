#include "loop-backends.h"

#include <stdlib.h>
#include <string.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "async/helpers.h"
#include "async/merge.h"
#include "async/timer.h"
#include "probe.h"

static struct iterator *
merge2(struct iterator *a, struct iterator *b)
{
	struct iterator *both[] = { a, b };

	return iterator_merge(both, 2);
}

static struct iterator *
merge3(struct iterator *a, struct iterator *b, struct iterator *c)
{
	struct iterator *all[] = { a, b, c };

	return iterator_merge(all, 3);
}

/* ------------------------------------------------------------------- values */

static void
all_values_come_and_then_the_end(void **state)
{
	(void)state;
	probe_loop(merge2(PROBE(.name = 'a', .values = 2), PROBE(.name = 'b', .values = 1)), 0);
	gives("an bn 1 an 1 bn 2 an end");
}

static void
nothing_merged_is_done_at_once(void **state)
{
	(void)state;
	probe_loop(iterator_merge(NULL, 0), 0);
	gives("end");
	probe_log_clear();
	probe_loop(merge2(PROBE(.name = 'a'), PROBE(.name = 'b')), 0);
	gives("an bn end");
}

static void
values_come_in_the_order_of_being_ready(void **state)
{
	(void)state;
	probe_loop(merge3(PROBE(.name = 'a', .values = 3, .delay = 30),
	               PROBE(.name = 'b', .values = 2, .delay = 10),
	               PROBE(.name = 'c', .values = 1, .delay = 25)),
	    0);
	gives("an bn cn 1 bn 2 bn 1 cn 1 an 2 an 3 an end");
}

static struct outcome
times_ten(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)counter;
	return outcome_value(value_number(value.number * 10));
}

/* a is always ready; b, which needs a few jobs for each value, is not left behind. */
static void
one_that_is_always_ready_holds_none_up(void **state)
{
	(void)state;
	probe_loop(merge2(PROBE(.values = 1000),
	               iterator_map(iterator_map(PROBE(.values = 3), times_ten, NULL), times_ten,
	                   NULL)),
	    25);
	loop_run();
	assert_non_null(strstr(probe_log, " 100 "));
	assert_non_null(strstr(probe_log, " 200 "));
	assert_non_null(strstr(probe_log, " 300 "));
}

static void
no_more_is_asked_ahead_than_one_each(void **state)
{
	struct iterator *merge = merge2(PROBE(.name = 'a', .values = 9), PROBE(.name = 'b', .values = 9));
	struct iterator_request request = { .next = NULL };

	(void)state;
	iterator_next(merge, &request, value_undefined());
	gives("an bn");
	assert_int_equal(request.promise.value.number, 1);
	iterator_next(merge, &request, value_undefined());
	gives("an bn an");
	iterator_close(merge, &request);
	gives("an bn an ar br");
	iterator_free(merge);
}

static void
requests_that_wait_are_answered_in_order(void **state)
{
	struct iterator *merge = merge2(PROBE(.name = 'a', .values = 2, .delay = 10),
	    PROBE(.name = 'b', .values = 1, .delay = 15));
	struct iterator_request requests[6] = { { .next = NULL } };

	(void)state;
	for (int i = 0; i < 4; i++)
		iterator_next(merge, &requests[i], value_undefined());
	iterator_return(merge, &requests[4], value_number(7));
	iterator_next(merge, &requests[5], value_undefined());
	gives("an bn an bn an");
	for (int i = 0; i < 3; i++)
		assert_int_equal(requests[i].promise.result, RESULT_VALUE);
	for (int i = 3; i < 6; i++)
		assert_int_equal(requests[i].promise.result, RESULT_DONE);
	assert_int_equal(requests[4].promise.value.number, 7);
	iterator_return(merge, &requests[0], value_number(8));
	assert_int_equal(requests[0].promise.value.number, 8);
	iterator_free(merge);
}

/* ------------------------------------------------------------------ closing */

static void
a_break_closes_all(void **state)
{
	(void)state;
	probe_loop(merge3(PROBE(.name = 'a', .values = 9), PROBE(.name = 'b', .pending = true),
	               PROBE(.name = 'c', .values = 9)),
	    1);
	gives("an bn cn 1 ar bc cr end");
}

static void
what_is_over_is_not_closed(void **state)
{
	(void)state;
	probe_loop(merge2(PROBE(.name = 'a'), PROBE(.name = 'b', .values = 9)), 2);
	gives("an bn 1 bn 2 br end");
}

static void
return_before_the_beginning_closes_all(void **state)
{
	struct iterator *merge = merge2(PROBE(.name = 'a', .values = 1),
	    iterator_map(PROBE(.name = 'b', .values = 1), times_ten, NULL));
	struct iterator_request request = { .next = NULL };

	(void)state;
	iterator_return(merge, &request, value_undefined());
	gives("ar br");
	assert_int_equal(request.promise.result, RESULT_DONE);
	iterator_free(merge);
}

static void
one_that_never_began_may_be_freed(void **state)
{
	(void)state;
	iterator_free(merge2(PROBE(.values = 1), PROBE(.values = 1)));
	gives("");
}

static void
no_memory_for_one_frees_the_others(void **state)
{
	(void)state;
	assert_null(merge3(PROBE(.values = 1), NULL, PROBE(.values = 1)));
}

static void
an_error_closes_the_others_and_is_thrown(void **state)
{
	(void)state;
	probe_loop(merge3(PROBE(.name = 'a', .values = 9), PROBE(.name = 'b', .values = 1, .error = -EIO),
	               PROBE(.name = 'c', .pending = true)),
	    0);
	gives("an bn cn 1 an 1 bn 2 an ar cc end -5");
}

static void
an_error_of_the_call_itself_counts_too(void **state)
{
	(void)state;
	probe_loop(merge2(PROBE(.name = 'a', .error = -EIO, .throws = true),
	               PROBE(.name = 'b', .values = 9)),
	    0);
	gives("an bn br end -5");
	probe_log_clear();
	probe_loop(merge2(PROBE(.name = 'a', .error = -EIO, .not_object = true),
	               PROBE(.name = 'b', .values = 9)),
	    0);
	gives("an bn br end -91");
}

static void
the_first_error_wins(void **state)
{
	(void)state;
	probe_loop(merge2(PROBE(.name = 'a', .error = -EIO), PROBE(.name = 'b', .error = -EDOM)), 0);
	gives("an bn end -5");
	probe_log_clear();
	probe_loop(merge2(PROBE(.name = 'a', .values = 1, .error = -EIO, .delay = 5),
	               PROBE(.name = 'b', .values = 9, .delay = 7, .return_error = -EDOM)),
	    0);
	gives("an bn 1 an 1 bn bc end -5");
}

static void
an_error_of_a_close_is_thrown(void **state)
{
	(void)state;
	probe_loop(merge2(PROBE(.name = 'a', .values = 9),
	               PROBE(.name = 'b', .values = 9, .return_error = -EDOM)),
	    1);
	gives("an bn 1 ar br end -33");
}

/* ------------------------------------------------------------------- cancel */

static void
cancel_closes_all_and_rejects(void **state)
{
	struct for_await *loop = probe_loop(merge2(PROBE(.name = 'a', .values = 1, .pending = true),
	                                       PROBE(.name = 'b', .pending = true)),
	    0);

	(void)state;
	gives("an bn 1 an");
	for_await_cancel(loop);
	gives("an bn 1 an ac bc end -125");
}

static void
cancel_without_a_request_does_nothing(void **state)
{
	struct iterator *merge = merge2(PROBE(.values = 1), PROBE(.values = 1));

	(void)state;
	iterator_cancel(merge);
	iterator_free(merge);
}

static int slow_finished;

struct slow {
	struct iterator *upstream;
	struct iterator_request request;
	struct timer timer;
};

static enum step
slow_body(struct coroutine *co, void *frame)
{
	struct slow *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->upstream, &self->request);
		if (self->request.promise.result == RESULT_DONE)
			break;
		AWAIT(timer_after(&self->timer, MILLISECOND));
		YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE(self->upstream, &self->request);
	AWAIT(timer_after(&self->timer, MILLISECOND));
	AWAIT(timer_after(&self->timer, MILLISECOND));
	timer_close(&self->timer);
	slow_finished++;
	END;
}

static struct iterator *
slow_over(struct iterator *upstream)
{
	struct iterator *slow = async_generator_over("slow", slow_body, sizeof(struct slow), upstream);

	((struct slow *)async_generator_frame(slow))->upstream = upstream;
	return slow;
}

/* A merge of a merge, of slow ones, of silent ones; under operators. */
static struct iterator *
tree(void)
{
	struct iterator *left = merge2(slow_over(PROBE(.values = 3, .delay = 3 * MILLISECOND)),
	    slow_over(PROBE(.values = 2, .pending = true)));
	struct iterator *right = merge2(PROBE(.values = 4, .delay = 2 * MILLISECOND),
	    iterator_take(slow_over(PROBE(.values = 9)), 2));

	return iterator_map(slow_over(merge2(left, right)), times_ten, NULL);
}

static void
cancel_reaches_every_place_of_a_tree(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 25; at++) {
		for (size_t jobs = 0; jobs < 30; jobs++) {
			struct for_await *loop = probe_loop(tree(), 0);

			probe_log_clear();
			loop_manual_advance(at * MILLISECOND);
			jobs_run(jobs);
			for_await_cancel(loop);
			assert_int_equal(loop_run(), 0);
			assert_non_null(strstr(probe_log, "end -125"));
			assert_int_equal(probes, 0);
			assert_int_equal(timers_earliest(), UINT64_MAX);
		}
	}
}

static void
a_break_leaves_nothing_behind_wherever_it_comes(void **state)
{
	(void)state;
	for (int max = 1; max < 9; max++) {
		probe_log_clear();
		probe_loop(tree(), max);
		assert_int_equal(loop_run(), 0);
		assert_non_null(strstr(probe_log, "end"));
		assert_int_equal(probes, 0);
	}
}

static void
a_second_cancel_cuts_the_cleaning_up_short(void **state)
{
	struct for_await *loop = probe_loop(tree(), 0);
	uint64_t now;

	(void)state;
	loop_manual_advance(100 * MILLISECOND);
	now = loop_now();
	for_await_cancel(loop);
	for (int i = 0; i < 12 && strstr(probe_log, "end") == NULL; i++) {
		loop_manual_settle();
		if (strstr(probe_log, "end") == NULL)
			for_await_cancel(loop);
	}
	assert_int_equal(loop_now(), now);
	assert_non_null(strstr(probe_log, "end -125"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_values_come_and_then_the_end),
		TEST(nothing_merged_is_done_at_once),
		TEST(values_come_in_the_order_of_being_ready),
		TEST(one_that_is_always_ready_holds_none_up),
		TEST(no_more_is_asked_ahead_than_one_each),
		TEST(requests_that_wait_are_answered_in_order),
		TEST(a_break_closes_all),
		TEST(what_is_over_is_not_closed),
		TEST(return_before_the_beginning_closes_all),
		TEST(one_that_never_began_may_be_freed),
		TEST(no_memory_for_one_frees_the_others),
		TEST(an_error_closes_the_others_and_is_thrown),
		TEST(an_error_of_the_call_itself_counts_too),
		TEST(the_first_error_wins),
		TEST(an_error_of_a_close_is_thrown),
		TEST(cancel_closes_all_and_rejects),
		TEST(cancel_without_a_request_does_nothing),
		TEST(cancel_reaches_every_place_of_a_tree),
		TEST(a_break_leaves_nothing_behind_wherever_it_comes),
		TEST(a_second_cancel_cuts_the_cleaning_up_short),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}

/* Cursors as async iterators. */
#include "tests/log-fixture.h"

#include <errno.h>

#include "async/for_await.h"
#include "async/loop.h"
#include "async/loop_manual.h"
#include "async/rejection.h"

static void
ignore_rejection(const struct rejection *rejection, void *context)
{
	(void)rejection;
	(void)context;
}

static int
setup(void **state)
{
	rejection_set_hook(ignore_rejection, NULL);
	assert_int_equal(loop_open(&loop_manual), 0);
	assert_int_equal(log_setup(state), 0);
	open_log(&small);
	return 0;
}

static int
teardown(void **state)
{
	int r = log_teardown(state);

	loop_close();
	return r;
}

struct reader {
	uint64_t spans, next, lost;
	int ended, error;
	struct promise *gate;
};

static struct promise *
on_span(void *context, union value value)
{
	const struct span *span = value.constant;
	struct reader *reader = context;

	reader->spans++;
	reader->lost += span->first - reader->next;
	reader->next = span->next;
	assert_int_equal(span->data[span->length - 1], '\n');
	if (reader->gate != NULL)
		promise_init(reader->gate);
	return reader->gate;
}

static void
on_end(void *context, int error)
{
	struct reader *reader = context;

	reader->ended++;
	reader->error = error;
}

static void
an_iterator_gives_spans_until_the_log_closes(void **state)
{
	struct iterator *iterator = cursor_iterator(log_, 1, LAG_SKIP);
	struct reader reader = { .next = 1 };

	(void)state;
	append_integers(3);
	assert_non_null(for_await(iterator, on_span, on_end, &reader));
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(reader.spans, 1);
	append_integers(5);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(reader.spans, 2);
	assert_int_equal(reader.next, 9);
	assert_int_equal(reader.ended, 0);
	log_drop(log_);
	log_ = NULL;
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(reader.ended, 1);
	assert_int_equal(reader.error, 0);
	iterator_free(iterator);
}

static void
a_span_of_an_iterator_outlives_what_is_appended(void **state)
{
	struct iterator *iterator = cursor_iterator(log_, 1, LAG_SKIP);
	struct iterator_request request = { .next = NULL };
	const struct span *span;
	char text[200];

	(void)state;
	append_integers(1);
	iterator_next(iterator, &request, value_undefined());
	assert_int_equal(request.promise.state, PROMISE_FULFILLED);
	span = request.promise.value.constant;
	memcpy(text, span->data, span->length);
	append_integers(100);
	assert_memory_equal(text, span->data, span->length);
	iterator_next(iterator, &request, value_undefined());
	assert_int_equal(span->first, log_tail_seq(log_));
	iterator_free(iterator);
}

static void
an_iterator_that_blocks_moves_on_with_each_next(void **state)
{
	struct iterator *iterator = cursor_iterator(log_, 1, LAG_BLOCK);
	struct iterator_request request = { .next = NULL };
	struct promise *room;

	(void)state;
	while ((room = log_room(log_)) == NULL)
		append_integers(1);
	iterator_next(iterator, &request, value_undefined());
	assert_int_equal(room->state, PROMISE_PENDING);
	iterator_next(iterator, &request, value_undefined());
	assert_int_equal(room->state, PROMISE_FULFILLED);
	promise_unref(room);
	iterator_cancel(iterator);
	assert_int_equal(request.promise.state, PROMISE_REJECTED);
	iterator_free(iterator);
}

static void
a_cancelled_loop_ends(void **state)
{
	struct iterator *iterator = cursor_iterator(log_, 1, LAG_SKIP);
	struct reader reader = { .next = 1 };
	struct for_await *loop = for_await(iterator, on_span, on_end, &reader);

	(void)state;
	assert_non_null(loop);
	assert_int_equal(loop_manual_settle(), 0);
	for_await_cancel(loop);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(reader.ended, 1);
	assert_int_equal(reader.error, -ECANCELED);
	iterator_free(iterator);
}

static void
after_return_there_is_nothing(void **state)
{
	struct iterator *iterator = cursor_iterator(log_, 1, LAG_SKIP);
	struct iterator_request waiting = { .next = NULL }, request = { .next = NULL };

	(void)state;
	iterator_next(iterator, &waiting, value_undefined());
	iterator_return(iterator, &request, value_number(5));
	assert_int_equal(waiting.promise.state, PROMISE_FULFILLED);
	assert_int_equal(waiting.promise.result, RESULT_DONE);
	assert_int_equal(request.promise.result, RESULT_DONE);
	assert_int_equal(request.promise.value.number, 5);
	append_integers(1);
	iterator_next(iterator, &request, value_undefined());
	assert_int_equal(request.promise.result, RESULT_DONE);
	iterator_free(iterator);
}

static void
requests_are_answered_in_order(void **state)
{
	struct iterator *iterator = cursor_iterator(log_, 1, LAG_SKIP);
	struct iterator_request requests[3] = { { .next = NULL } };

	(void)state;
	for (int i = 0; i < 3; i++)
		iterator_next(iterator, &requests[i], value_undefined());
	append_integers(1);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(requests[0].promise.state, PROMISE_FULFILLED);
	assert_int_equal(requests[1].promise.state, PROMISE_PENDING);
	append_integers(1);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(requests[1].promise.state, PROMISE_FULFILLED);
	assert_int_equal(requests[2].promise.state, PROMISE_PENDING);
	iterator_cancel(iterator);
	assert_int_equal(requests[2].promise.state, PROMISE_REJECTED);
	iterator_free(iterator);
}

static void
an_iterator_that_is_overtaken_throws_under_close(void **state)
{
	struct iterator *iterator = cursor_iterator(log_, 1, LAG_CLOSE);
	struct reader reader = { .next = 1 };

	(void)state;
	append_integers(100);
	assert_non_null(for_await(iterator, on_span, on_end, &reader));
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(reader.error, -ENOBUFS);
	iterator_free(iterator);
}

static void
an_iterator_under_skip_goes_on(void **state)
{
	struct iterator *iterator = cursor_iterator(log_, 1, LAG_SKIP);
	struct reader reader = { .next = 1 };

	(void)state;
	append_integers(100);
	assert_non_null(for_await(iterator, on_span, on_end, &reader));
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(reader.next, 101);
	assert_int_equal(reader.lost, log_tail_seq(log_) - 1);
	log_drop(log_);
	log_ = NULL;
	assert_int_equal(loop_manual_settle(), 0);
	iterator_free(iterator);
}

#define ON_LOOP(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LOOP(an_iterator_gives_spans_until_the_log_closes),
		ON_LOOP(a_span_of_an_iterator_outlives_what_is_appended),
		ON_LOOP(an_iterator_that_blocks_moves_on_with_each_next),
		ON_LOOP(a_cancelled_loop_ends),
		ON_LOOP(after_return_there_is_nothing),
		ON_LOOP(requests_are_answered_in_order),
		ON_LOOP(an_iterator_that_is_overtaken_throws_under_close),
		ON_LOOP(an_iterator_under_skip_goes_on),
	};

	return cmocka_run_group_tests_name("cursors as iterators", tests, NULL, NULL);
}

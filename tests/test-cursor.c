/* Cursors: woken once a turn, four ways to fall behind, and as async iterators. */
#include "tests/streams-test.h"

#include <errno.h>
#include <stdlib.h>

#include "async/for_await.h"
#include "async/loop.h"
#include "async/loop_manual.h"
#include "async/rejection.h"

#define CURSORS 8

static struct arena *arena;
static struct log *log_;
static struct cursor cursors[CURSORS];
static int woken[CURSORS], wakes;
static void (*on_ready)(struct cursor *cursor);

static void
ready(struct cursor *cursor)
{
	woken[cursor - cursors]++;
	wakes++;
	if (on_ready != NULL)
		on_ready(cursor);
}

static void
ignore_rejection(const struct rejection *rejection, void *context)
{
	(void)rejection;
	(void)context;
}

static int
setup(void **state)
{
	const struct log_options options = { .size = 4096, .max_line = 1024 };

	(void)state;
	rejection_set_hook(ignore_rejection, NULL);
	assert_int_equal(loop_open(&loop_manual), 0);
	assert_int_equal(arena_create(&arena), 0);
	assert_int_equal(log_open(arena, "door", &options, &log_), 0);
	memset(cursors, 0, sizeof cursors);
	memset(woken, 0, sizeof woken);
	wakes = 0;
	on_ready = NULL;
	for (int i = 0; i < CURSORS; i++)
		cursors[i].ready = ready;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_close(log_);
	for (int i = 0; i < CURSORS; i++)
		cursor_close(&cursors[i]);
	arena_free(arena);
	loop_close();
	return 0;
}

static void
append(const struct event *event)
{
	assert_int_equal(log_append(log_, event), 0);
}

static void
append_integers(int count)
{
	const struct event event = test_integer(1);

	while (count-- > 0)
		append(&event);
}

/* A letter an entry: e(vent), s(tate), g(ap). */
static void
append_kinds(const char *kinds)
{
	const struct event event = test_integer(1), state = test_state(STATE_DOWN), gap = test_gap(1);

	for (; *kinds != '\0'; kinds++)
		append(*kinds == 'e' ? &event : *kinds == 's' ? &state : &gap);
}

static void
assert_read(struct cursor *cursor, uint64_t first, uint64_t next, uint64_t lost_from,
    uint64_t lost_to)
{
	uint64_t from, to;
	struct span span;
	bool found = cursor_read(cursor, SIZE_MAX, &span, &from, &to);

	assert_int_equal(from, lost_from);
	assert_int_equal(to, lost_to);
	assert_int_equal(found, first != 0);
	if (!found)
		return;
	assert_int_equal(span.first, first);
	assert_int_equal(span.next, next);
	assert_int_equal(cursor->seq, first);
	assert_int_equal(span.length, log_offset(log_, next) - log_offset(log_, first));
	assert_int_equal(span.data[span.length - 1], '\n');
	cursor_advance(cursor, next);
}

/* ------------------------------------------------------------------- waking */

static void
a_waiting_cursor_is_woken_once_a_turn(void **state)
{
	(void)state;
	cursor_open(&cursors[0], log_, 1, LAG_SKIP);
	cursor_wait(&cursors[0]);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(wakes, 0);
	append_integers(10);
	assert_int_equal(wakes, 0);               /* not from within */
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(wakes, 1);
	append_integers(1);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(wakes, 1);               /* it does not wait */
	assert_read(&cursors[0], 1, 12, 0, 0);    /* a batch leaves as one span */
	assert_read(&cursors[0], 0, 0, 0, 0);
	cursor_wait(&cursors[0]);
	append_integers(1);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(wakes, 2);
}

static void
who_waits_where_something_is_hears_this_turn(void **state)
{
	(void)state;
	append_integers(1);
	cursor_open(&cursors[0], log_, 1, LAG_SKIP);
	cursor_wait(&cursors[0]);
	cursor_wait(&cursors[0]);
	assert_int_equal(wakes, 0);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(wakes, 1);
}

static void
all_that_wait_are_woken_and_others_are_not(void **state)
{
	(void)state;
	for (int i = 0; i < CURSORS; i++)
		cursor_open(&cursors[i], log_, 1, LAG_SKIP);
	for (int i = 0; i < CURSORS; i += 2)
		cursor_wait(&cursors[i]);
	append_integers(1);
	assert_int_equal(loop_manual_settle(), 0);
	for (int i = 0; i < CURSORS; i++)
		assert_int_equal(woken[i], i % 2 == 0);
}

static void
close_all(struct cursor *cursor)
{
	(void)cursor;
	for (int i = 0; i < CURSORS; i++)
		cursor_close(&cursors[i]);
}

static void
a_callback_may_close_every_cursor(void **state)
{
	(void)state;
	on_ready = close_all;
	for (int i = 0; i < CURSORS; i++) {
		cursor_open(&cursors[i], log_, 1, LAG_SKIP);
		cursor_wait(&cursors[i]);
	}
	append_integers(1);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(wakes, 1);
}

static int rounds;

static void
wait_again(struct cursor *cursor)
{
	if (rounds-- > 0)
		cursor_wait(cursor);
}

static void
waiting_anew_in_a_callback_is_for_the_next_turn(void **state)
{
	(void)state;
	on_ready = wait_again;
	rounds = 1;
	append_integers(1);
	cursor_open(&cursors[0], log_, 1, LAG_SKIP);
	cursor_wait(&cursors[0]);
	(void)loop_turn();
	assert_int_equal(wakes, 1);
	(void)loop_turn();
	assert_int_equal(wakes, 2);
}

static void
drop_log(struct cursor *cursor)
{
	(void)cursor;
	log_drop(log_);
	log_ = NULL;
	on_ready = NULL;
}

static void
a_callback_may_drop_the_log(void **state)
{
	(void)state;
	on_ready = drop_log;
	for (int i = 0; i < CURSORS; i++) {
		cursor_open(&cursors[i], log_, 1, LAG_SKIP);
		cursor_wait(&cursors[i]);
	}
	append_integers(1);
	assert_int_equal(loop_manual_settle(), 0);
	for (int i = 0; i < CURSORS; i++) {
		assert_int_equal(woken[i], 1);
		assert_null(cursors[i].log);
	}
}

static void
a_log_that_closes_tells_who_waits_later(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		cursor_open(&cursors[i], log_, 1, i == 2 ? LAG_BLOCK : LAG_SKIP);
	cursor_wait(&cursors[0]);
	cursor_wait(&cursors[2]);
	log_close(log_);
	log_ = NULL;
	assert_int_equal(wakes, 0);
	for (int i = 0; i < 3; i++)
		assert_null(cursors[i].log);
	assert_read(&cursors[1], 0, 0, 0, 0);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(woken[0] + woken[2], 2);
	assert_int_equal(woken[1], 0);
	cursor_wait(&cursors[1]);                 /* it hears when it asks */
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(woken[1], 1);
}

static void
a_cursor_closed_before_it_was_told_hears_nothing(void **state)
{
	(void)state;
	cursor_open(&cursors[0], log_, 1, LAG_SKIP);
	cursor_wait(&cursors[0]);
	log_close(log_);
	log_ = NULL;
	cursor_close(&cursors[0]);
	cursor_close(&cursors[0]);
	assert_int_equal(loop_manual_settle(), 0);
	assert_int_equal(wakes, 0);
}

/* ----------------------------------------------------------------------- lag */

static void
skip_goes_on_at_the_oldest_and_tells_what_it_missed(void **state)
{
	uint64_t tail;

	(void)state;
	append_integers(3);
	cursor_open(&cursors[0], log_, 2, LAG_SKIP);
	append_integers(100);
	tail = log_tail_seq(log_);
	assert_true(tail > 2);
	assert_read(&cursors[0], tail, 104, 2, tail - 1);
	assert_read(&cursors[0], 0, 0, 0, 0);
}

static void
close_stays_where_it_is_and_says_so_again(void **state)
{
	uint64_t tail;

	(void)state;
	append_integers(3);
	cursor_open(&cursors[0], log_, 1, LAG_CLOSE);
	assert_read(&cursors[0], 1, 4, 0, 0);
	append_integers(100);
	tail = log_tail_seq(log_);
	assert_read(&cursors[0], 0, 0, 4, tail - 1);
	assert_read(&cursors[0], 0, 0, 4, tail - 1);
	assert_int_equal(cursors[0].seq, 4);
}

static void
block_that_begins_behind_the_ring_is_told(void **state)
{
	uint64_t tail;

	(void)state;
	append_integers(100);
	tail = log_tail_seq(log_);
	cursor_open(&cursors[0], log_, 1, LAG_BLOCK);
	assert_read(&cursors[0], tail, 101, 1, tail - 1);
}

static void
block_becomes_skip(void **state)
{
	(void)state;
	cursor_open(&cursors[0], log_, 1, LAG_BLOCK);
	cursor_set_lag(&cursors[0], LAG_SKIP);
	append_integers(100);
	assert_read(&cursors[0], log_tail_seq(log_), 101, 1, log_tail_seq(log_) - 1);
	cursor_set_lag(&cursors[0], LAG_BLOCK);
	assert_null(log_room(log_));
	cursor_set_lag(&cursors[0], LAG_SKIP);
	assert_int_equal(cursors[0].lag, LAG_SKIP);
}

static void
a_smaller_ring_is_told_to_a_block_cursor(void **state)
{
	const struct log_options large = { .size = 65536, .max_line = 1024 };
	const struct log_options small = { .size = 4096, .max_line = 1024 };
	uint64_t tail;

	(void)state;
	assert_int_equal(log_change(log_, &large), 0);
	cursor_open(&cursors[0], log_, 1, LAG_BLOCK);
	append_integers(100);
	assert_int_equal(log_change(log_, &small), 0);
	tail = log_tail_seq(log_);
	assert_true(tail > 1);
	assert_read(&cursors[0], tail, 101, 1, tail - 1);
	append_integers(1);
}

/* What `latest` reads of a log with these entries: "7-9" for a span, "(1-6)" for what it skips. */
static void
assert_latest(const char *kinds, const char *reads)
{
	uint64_t base = log_next_seq(log_), from, to;
	char text[128], *p = text;
	struct span span;

	cursor_open(&cursors[0], log_, base, LAG_LATEST);
	append_kinds(kinds);
	text[0] = '\0';
	while (cursor_read(&cursors[0], SIZE_MAX, &span, &from, &to)) {
		if (from != 0)
			p += sprintf(p, "(%d-%d)", (int)(from - base + 1), (int)(to - base + 1));
		p += sprintf(p, "%d-%d ", (int)(span.first - base + 1), (int)(span.next - base));
		assert_int_equal(
		    span.length, log_offset(log_, span.next) - log_offset(log_, span.first));
		cursor_advance(&cursors[0], span.next);
	}
	assert_string_equal(text, reads);
	cursor_close(&cursors[0]);
}

static void
latest_jumps_to_the_newest_event_and_keeps_states(void **state)
{
	(void)state;
	assert_latest("e", "1-1 ");
	assert_latest("ee", "(1-1)2-2 ");
	assert_latest("eeeee", "(1-4)5-5 ");
	assert_latest("s", "1-1 ");
	assert_latest("ses", "1-1 2-3 ");
	assert_latest("es", "1-2 ");
	assert_latest("ees", "(1-1)2-3 ");
	assert_latest("eesee", "(1-2)3-3 (4-4)5-5 ");
	assert_latest("ssee", "1-2 (3-3)4-4 ");
	assert_latest("sseessee", "1-2 (3-4)5-6 (7-7)8-8 ");
	assert_latest("eg", "1-2 ");
	assert_latest("gge", "(1-2)3-3 ");
	assert_latest("gg", "1-2 ");
	assert_latest("eegs", "(1-1)2-4 ");
	assert_latest("sg", "1-2 ");
}

static void
latest_tells_what_was_overwritten_in_the_same_breath(void **state)
{
	(void)state;
	cursor_open(&cursors[0], log_, 1, LAG_LATEST);
	append_integers(100);
	assert_read(&cursors[0], 100, 101, 1, 99);
}

static void
latest_reads_a_whole_line_even_beyond_the_limit(void **state)
{
	uint64_t from, to;
	struct span span;

	(void)state;
	cursor_open(&cursors[0], log_, 1, LAG_LATEST);
	append_kinds("ssse");
	assert_true(cursor_read(&cursors[0], 1, &span, &from, &to));
	assert_int_equal(span.first, 1);
	assert_int_equal(span.next, 2);
}

/* ------------------------------------------------------------------ iteration */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_waiting_cursor_is_woken_once_a_turn),
		TEST(who_waits_where_something_is_hears_this_turn),
		TEST(all_that_wait_are_woken_and_others_are_not),
		TEST(a_callback_may_close_every_cursor),
		TEST(waiting_anew_in_a_callback_is_for_the_next_turn),
		TEST(a_callback_may_drop_the_log),
		TEST(a_log_that_closes_tells_who_waits_later),
		TEST(a_cursor_closed_before_it_was_told_hears_nothing),
		TEST(skip_goes_on_at_the_oldest_and_tells_what_it_missed),
		TEST(close_stays_where_it_is_and_says_so_again),
		TEST(block_that_begins_behind_the_ring_is_told),
		TEST(block_becomes_skip),
		TEST(a_smaller_ring_is_told_to_a_block_cursor),
		TEST(latest_jumps_to_the_newest_event_and_keeps_states),
		TEST(latest_tells_what_was_overwritten_in_the_same_breath),
		TEST(latest_reads_a_whole_line_even_beyond_the_limit),
		TEST(an_iterator_gives_spans_until_the_log_closes),
		TEST(a_span_of_an_iterator_outlives_what_is_appended),
		TEST(an_iterator_that_blocks_moves_on_with_each_next),
		TEST(a_cancelled_loop_ends),
		TEST(after_return_there_is_nothing),
		TEST(requests_are_answered_in_order),
		TEST(an_iterator_that_is_overtaken_throws_under_close),
		TEST(an_iterator_under_skip_goes_on),
	};

	return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}

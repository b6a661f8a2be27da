/* The log: `block` cursors, and who waits for them. */
#include "tests/log-fixture.h"

#include <errno.h>

static void
never_ready(struct cursor *cursor)
{
	(void)cursor;
	fail();
}

/* Not on the stack: a test that fails leaves them in the log. */
static struct cursor slow, fast;

static void
open_blocking(struct cursor *cursor, uint64_t seq)
{
	*cursor = (struct cursor){ .ready = never_ready };
	cursor_open(cursor, log_, seq, LAG_BLOCK);
}

static void
a_block_cursor_stands_in_the_way(void **state)
{
	const struct event event = test_integer(1);
	int appended = 0;
	struct span span;

	(void)state;
	open_log(&small);
	append_integers(10);
	open_blocking(&slow, 11);
	while (append(&event) == 0)
		appended++;
	assert_in_range(appended, (RING - 512) / 110, RING / 90);
	assert_int_equal(append(&event), -EAGAIN);
	assert_int_equal(log_next_seq(log_), 11 + appended);
	assert_true(log_tail_seq(log_) <= 11);
	assert_true(log_span(log_, 11, SIZE_MAX, &span));
	assert_int_equal(span.next, log_next_seq(log_));
	cursor_close(&slow);
	assert_int_equal(append(&event), 0);
}

static struct promise *
fill_until_no_room(void)
{
	struct promise *room;

	do
		append_integers(1);
	while ((room = log_room(log_)) == NULL);
	assert_int_equal(room->state, PROMISE_PENDING);
	return room;
}

static void
room_comes_when_the_slowest_moves_on(void **state)
{
	const struct event event = test_integer(1);
	struct promise *room;

	(void)state;
	open_log(&small);
	open_blocking(&slow, 1);
	open_blocking(&fast, 1);
	room = fill_until_no_room();
	while (append(&event) == 0)
		continue;
	cursor_advance(&fast, log_next_seq(log_));
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_advance(&slow, 2);                         /* not enough yet for a line of any size */
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_advance(&slow, log_next_seq(log_) - 1);
	assert_int_equal(room->state, PROMISE_FULFILLED);
	assert_null(log_room(log_));
	promise_unref(room);
	cursor_close(&slow);
	cursor_close(&fast);
}

static void
room_comes_when_the_last_blocker_leaves(void **state)
{
	struct promise *room;

	(void)state;
	open_log(&small);
	open_blocking(&fast, 1);
	open_blocking(&slow, 1);
	room = fill_until_no_room();
	cursor_set_lag(&fast, LAG_SKIP);
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_close(&slow);
	assert_int_equal(room->state, PROMISE_FULFILLED);
	promise_unref(room);
	cursor_close(&fast);
}

static void
room_comes_when_all_have_left_the_floor(void **state)
{
	const struct event event = test_integer(1);
	struct cursor third = { .log = NULL };
	struct promise *room;

	(void)state;
	open_log(&small);
	append_integers(1);
	open_blocking(&fast, 1);
	open_blocking(&slow, 1);
	open_blocking(&third, 2);
	room = fill_until_no_room();
	while (append(&event) == 0)
		continue;
	cursor_advance(&fast, log_next_seq(log_));
	cursor_advance(&third, 3);                         /* stood above the floor */
	cursor_advance(&fast, log_next_seq(log_));        /* and left it before */
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_advance(&slow, log_next_seq(log_));
	assert_int_equal(room->state, PROMISE_PENDING);   /* now it is the third one's */
	cursor_advance(&third, log_next_seq(log_));
	assert_int_equal(room->state, PROMISE_FULFILLED);
	promise_unref(room);
	cursor_close(&slow);
	cursor_close(&fast);
	cursor_close(&third);
}

static void
all_who_wait_for_room_have_one_promise(void **state)
{
	struct promise *room, *again;

	(void)state;
	open_log(&small);
	open_blocking(&slow, 1);
	room = fill_until_no_room();
	again = log_room(log_);
	assert_ptr_equal(room, again);
	promise_unref(again);
	promise_unref(room);
	cursor_close(&slow);
}

static void
count_and_age_wait_for_block_cursors(void **state)
{
	const struct log_options options = { .size = 16 * RING, .max_line = 1024, .count = 5,
		.age_ns = 3600 * NSEC_PER_SEC };
	const struct event old = event_of_age(7200 * NSEC_PER_SEC);

	(void)state;
	open_log(&options);
	assert_int_equal(append(&old), 0);
	open_blocking(&slow, 2);
	for (int i = 0; i < 20; i++)
		assert_int_equal(append(&old), 0);
	assert_int_equal(log_tail_seq(log_), 2);
	cursor_advance(&slow, 20);
	assert_int_equal(append(&old), 0);
	assert_int_equal(log_tail_seq(log_), 20);
	cursor_close(&slow);
}

/* Append first, then wait for room: at every margin, with lines of every size up to the longest. */
static void
who_waits_for_room_is_never_refused_and_loses_nothing(void **state)
{
	uint64_t x = 88172645463325252;
	struct promise *room = NULL;
	struct span span;
	uint64_t from, to;

	(void)state;
	open_log(&small);
	open_blocking(&slow, 1);
	for (int i = 0; i < 30000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (room == NULL) {
			size_t length = x & 1 ? 1024 - (x >> 8) % 4 : 150 + (x >> 8) % 875;

			append_of_length(length, 0);
			room = log_room(log_);
		}
		if ((x >> 40) % 3 == 0 || room != NULL) {
			if (cursor_read(&slow, (x >> 20) % 4096, &span, &from, &to))
				cursor_advance(&slow, span.next);
			assert_int_equal(from, 0);
		}
		if (room != NULL && room->state == PROMISE_FULFILLED) {
			promise_unref(room);
			room = NULL;
		}
	}
	promise_unref(room);
	cursor_close(&slow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_block_cursor_stands_in_the_way),
		TEST(room_comes_when_the_slowest_moves_on),
		TEST(room_comes_when_the_last_blocker_leaves),
		TEST(room_comes_when_all_have_left_the_floor),
		TEST(all_who_wait_for_room_have_one_promise),
		TEST(count_and_age_wait_for_block_cursors),
		TEST(who_waits_for_room_is_never_refused_and_loses_nothing),
	};

	return cmocka_run_group_tests_name("log blocked", tests, NULL, NULL);
}

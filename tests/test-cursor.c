/* Cursors: woken once a turn, and four ways to fall behind. */
#include "tests/log-fixture.h"

#include "async/loop.h"
#include "async/loop_manual.h"

#define CURSORS 8

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

static int
setup(void **state)
{
	assert_int_equal(loop_open(&loop_manual), 0);
	assert_int_equal(log_setup(state), 0);
	open_log(&small);
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
	log_close(log_);
	log_ = NULL;
	for (int i = 0; i < CURSORS; i++)
		cursor_close(&cursors[i]);
	log_teardown(state);
	loop_close();
	return 0;
}

/* A letter an entry: e(vent), s(tate), g(ap). */
static void
append_kinds(const char *kinds)
{
	const struct event event = test_integer(1), state = test_state(STATE_DOWN);
	const struct event gap = test_gap(1);

	for (; *kinds != '\0'; kinds++)
		assert_int_equal(append(*kinds == 'e' ? &event : *kinds == 's' ? &state : &gap), 0);
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

#define WITH_CURSORS(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CURSORS(a_waiting_cursor_is_woken_once_a_turn),
		WITH_CURSORS(who_waits_where_something_is_hears_this_turn),
		WITH_CURSORS(all_that_wait_are_woken_and_others_are_not),
		WITH_CURSORS(a_callback_may_close_every_cursor),
		WITH_CURSORS(waiting_anew_in_a_callback_is_for_the_next_turn),
		WITH_CURSORS(a_callback_may_drop_the_log),
		WITH_CURSORS(a_log_that_closes_tells_who_waits_later),
		WITH_CURSORS(a_cursor_closed_before_it_was_told_hears_nothing),
		WITH_CURSORS(skip_goes_on_at_the_oldest_and_tells_what_it_missed),
		WITH_CURSORS(close_stays_where_it_is_and_says_so_again),
		WITH_CURSORS(block_that_begins_behind_the_ring_is_told),
		WITH_CURSORS(block_becomes_skip),
		WITH_CURSORS(a_smaller_ring_is_told_to_a_block_cursor),
		WITH_CURSORS(latest_jumps_to_the_newest_event_and_keeps_states),
		WITH_CURSORS(latest_tells_what_was_overwritten_in_the_same_breath),
		WITH_CURSORS(latest_reads_a_whole_line_even_beyond_the_limit),
	};

	return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}

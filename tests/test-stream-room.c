/* streams/stream: without room in its log, and when something fails. */
#include "tests/stream-feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "streams/operators.h"

/* ---------------------------------------------------------------------------- room */

/* Reads what a `block` cursor has before it; how many entries. */
static size_t
drain(struct cursor *cursor, char *text, size_t size)
{
	uint64_t from, to;
	struct span span;
	size_t count = 0;

	while (cursor_read(cursor, 1, &span, &from, &to)) {
		const char *says = fixture_says(stream_find("fed", 3), span.first);
		size_t length = strcspn(says + 1, " ") + 1;

		assert_int_equal(from, 0);
		assert_true(strlen(text) + length < size);
		strncat(text, says, length);
		cursor_advance(cursor, span.next);
		count++;
	}
	return count;
}

static void
ready(struct cursor *cursor)
{
	(void)cursor;
}

static void
a_block_cursor_stops_the_source_and_nothing_is_lost(void **state)
{
	static char text[20000], expected[20000];
	static struct cursor cursor = { .ready = ready };
	struct stream_options with = options();
	struct stream *stream;
	uint64_t head;

	(void)state;
	text[0] = expected[0] = '\0';
	with.log.size = 1 << 12;
	with.expect_ns = 10 * SECOND;
	stream = begin_with(&with);
	cursor_open(&cursor, stream_log(stream), 1, LAG_BLOCK);
	for (int i = 0; i < 200; i++)
		feed(i);
	head = log_next_seq(stream_log(stream));
	assert_true(head < 100);
	for (int i = 200; i < 400; i++)
		feed(i);
	loop_manual_advance(30 * SECOND);       /* stale has no room either */
	assert_int_equal(log_next_seq(stream_log(stream)), head);
	for (int rounds = 0; drain(&cursor, text, sizeof text) > 0; rounds++)
		loop_manual_settle();
	for (int i = 0; i < 400; i++)
		sprintf(expected + strlen(expected), " %d", i);
	assert_string_equal(text, expected);
	cursor_close(&cursor);
	stop(stream, false);
}

static void
what_was_on_its_way_at_the_end_comes_again(void **state)
{
	static const int64_t none = 0;
	const struct stream_operator operators[] = {
		{ &drop_operator, &none }, { &drop_operator, &none },
	};
	struct stream_options with = options(), other = options();
	struct stream *stream;

	(void)state;
	with.operators = other.operators = operators;
	with.operator_count = other.operator_count = 2;
	other.chain = 2;
	for (size_t jobs = 0; jobs < 60; jobs++) {
		world.count = 0;
		stream = begin_with(&with);
		feed_halfway(jobs);
		if (jobs % 2 == 0)
			stream = restart_with(stream, &with);
		else {
			stream_change(stream, &other);
			stream_change(stream, &with);
		}
		loop_manual_settle();
		assert_says(stream, " 1 2 3 4 5");
		stop(stream, false);
	}
}

static void
stale_says_up_before_the_event_even_without_room(void **state)
{
	static char text[20000], expected[20000];
	static struct cursor cursor = { .ready = ready };
	struct stream_options with = options();
	struct stream *stream;
	uint64_t head = 0;
	int i = 0;

	(void)state;
	text[0] = expected[0] = '\0';
	with.log.size = 1 << 12;
	with.expect_ns = 10 * SECOND;
	stream = begin_with(&with);
	cursor_open(&cursor, stream_log(stream), 1, LAG_BLOCK);
	/* As much as leaves room for one line, and then little room for two. */
	while (log_next_seq(stream_log(stream)) > head && i < 25) {
		head = log_next_seq(stream_log(stream));
		feed(i++);
	}
	loop_manual_advance(10 * SECOND);
	for (; i < 60; i++)
		feed(i);
	while (drain(&cursor, text, sizeof text) > 0)
		loop_manual_settle();
	for (i = 0; i < 60; i++)
		sprintf(expected + strlen(expected), "%s %d", i == 25 ? " stale up" : "", i);
	assert_string_equal(text, expected);
	cursor_close(&cursor);
	stop(stream, false);
}

/* Fills the log up to a `block` cursor at its beginning. */
static struct stream *
begin_blocked(struct cursor *cursor)
{
	struct stream_options with = options();
	struct stream *stream;

	with.log.size = 1 << 12;
	stream = begin_with(&with);
	*cursor = (struct cursor){ .ready = ready };
	cursor_open(cursor, stream_log(stream), 1, LAG_BLOCK);
	for (int i = 0; i < 100; i++)
		feed(1);
	return stream;
}

/* Behind what the cursor has before it. */
static const char *
says_behind(struct stream *stream, struct cursor *cursor)
{
	static char text[20000];
	uint64_t seq = log_next_seq(stream_log(stream));

	text[0] = '\0';
	while (drain(cursor, text, sizeof text) > 0)
		loop_manual_settle();
	return fixture_says(stream, seq);
}

static void
a_long_value_waits_for_its_room_behind_up(void **state)
{
	static struct cursor cursor = { .ready = ready };
	static char text[20000], expected[2000];
	struct stream_options with = options();
	int waited = 0;

	(void)state;
	with.log.size = 1 << 12;
	with.expect_ns = SECOND;
	world.length = 850;
	/* Somewhere, `up` leaves too little room for the value. */
	for (int count = 20; count < 45; count++) {
		struct stream *stream;
		uint64_t head;

		text[0] = expected[0] = '\0';
		world.count = 0;
		stream = begin_with(&with);
		cursor = (struct cursor){ .ready = ready };
		cursor_open(&cursor, stream_log(stream), 1, LAG_BLOCK);
		for (int i = 0; i < count; i++)
			feed(i);
		loop_manual_advance(SECOND);
		head = log_next_seq(stream_log(stream));
		feed(-1);
		waited += strcmp(fixture_says(stream, head), " up") == 0;
		feed(7);
		while (drain(&cursor, text, sizeof text) > 0)
			loop_manual_settle();
		for (int i = 0; i < count; i++)
			sprintf(expected + strlen(expected), " %d", i);
		if (strstr(text, "stale") != NULL)
			strcat(expected, " stale up");
		assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
		assert_int_equal(strlen(text), strlen(expected) + 1 + 852 + 2);
		assert_string_equal(text + strlen(text) - 3, "\" 7");
		cursor_close(&cursor);
		stop(stream, false);
	}
	assert_true(waited > 0);
}

static void
changed_waits_for_room(void **state)
{
	static struct cursor cursor;
	struct stream_options with = options();
	struct stream *stream = begin_blocked(&cursor);

	(void)state;
	with.chain = 2;
	with.log.size = 1 << 12;
	world.count = 0;
	assert_int_equal(stream_change(stream, &with), 0);
	loop_manual_settle();
	assert_int_equal(world.made, 1);
	assert_string_equal(says_behind(stream, &cursor), " changed");
	assert_int_equal(world.made, 2);
	cursor_close(&cursor);
	stop(stream, false);
}

static void
a_stream_that_waits_for_room_can_be_stopped_or_left_alone(void **state)
{
	static struct cursor cursor;
	struct stream_options with = options();
	struct stream *stream = begin_blocked(&cursor);

	(void)state;
	with.chain = 2;
	with.log.size = 1 << 12;
	assert_int_equal(stream_change(stream, &with), 0);
	loop_manual_settle();
	with.on_demand = true;
	assert_int_equal(stream_change(stream, &with), 0);
	assert_true(stream_idle(stream));
	stream_listen(stream);
	assert_false(stream_idle(stream));
	assert_int_equal(world.made, 1);
	stop(stream, false);
	cursor_close(&cursor);
}

static void
ended_waits_for_room(void **state)
{
	static struct cursor cursor;
	struct stream *stream = begin_blocked(&cursor);

	(void)state;
	world.count = (size_t)log_next_seq(stream_log(stream)) - 1;
	world.end = true;
	poke();
	assert_string_equal(says_behind(stream, &cursor), " ended");
	assert_int_equal(stream_state(stream), STATE_ENDED);
	cursor_close(&cursor);
	stop(stream, false);
}

static void
another_unit_without_room_is_told_before_the_next_event(void **state)
{
	static struct cursor cursor;
	struct stream_options with = options();
	struct stream *stream = begin_blocked(&cursor);
	uint64_t fits = log_next_seq(stream_log(stream));

	(void)state;
	world.count = (size_t)fits;
	with.log.size = 1 << 12;
	/* `changed` is short: it has to be said often to find no room. */
	for (int i = 0; log_next_seq(stream_log(stream)) == fits + (uint64_t)i; i++) {
		with.unit = i % 2 == 0 ? "Cel" : "V";
		assert_int_equal(stream_change(stream, &with), 0);
	}
	assert_string_equal(says_behind(stream, &cursor), " changed 1");
	cursor_close(&cursor);
	stop(stream, false);
}

/* ------------------------------------------------------------------------ failures */

static int
fail_begin(struct operator *operator)
{
	(void)operator;
	return world.operator_error;
}

static const struct event *
pass(struct operator *operator, const struct event *event)
{
	(void)operator;
	return event;
}

static const struct operator_ops failing_operator = {
	.name = "failing",
	.size = sizeof(struct operator),
	.begin = fail_begin,
	.apply = pass,
};

static void
operators_that_fail_are_down_and_tried_again(void **state)
{
	const struct stream_operator operators[] = { { &failing_operator, NULL } };
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.operators = operators;
	with.operator_count = 1;
	world.operator_error = -ENOMEM;
	stream = begin_with(&with);
	assert_says(stream, " down(ENOMEM)");
	assert_non_null(strstr(fixture_reports, "its operators failed: Cannot allocate memory"));
	world.operator_error = 0;
	stream_retry(stream);
	loop_manual_settle();
	feed(1);
	assert_says(stream, " down(ENOMEM) up 1");
	world.operator_error = -EIO;
	stop(stream, false);
	world.count = 0;
	stream = begin_with(&with);
	world.operator_error = 0;
	loop_manual_advance(30 * SECOND);
	assert_says(stream, " down(EIO) up");
	stop(stream, false);
}

static void
what_cannot_be_opened_leaves_nothing_behind(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.log.size = SIZE_MAX;
	assert_true(stream_new(fixture_arena, &with, &stream) < 0);
	with = options();
	with.unit = "a unit that is much too long for a log, and for anybody to read, and for a line";
	assert_true(stream_new(fixture_arena, &with, &stream) < 0);
	stream = begin();
	assert_int_equal(stream_change(stream, &with), -EINVAL);
	with.chain = 2;
	assert_int_equal(stream_change(stream, &with), -EINVAL);
	with.unit = NULL;
	with.log.size = SIZE_MAX;
	assert_true(stream_change(stream, &with) < 0);
	feed(1);
	assert_says(stream, " 1");
	stop(stream, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_block_cursor_stops_the_source_and_nothing_is_lost),
		TEST(what_was_on_its_way_at_the_end_comes_again),
		TEST(stale_says_up_before_the_event_even_without_room),
		TEST(a_long_value_waits_for_its_room_behind_up),
		TEST(changed_waits_for_room),
		TEST(a_stream_that_waits_for_room_can_be_stopped_or_left_alone),
		TEST(ended_waits_for_room),
		TEST(another_unit_without_room_is_told_before_the_next_event),
		TEST(operators_that_fail_are_down_and_tried_again),
		TEST(what_cannot_be_opened_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("streams without room", tests, NULL, NULL);
}

/* streams/stream: its life, on the manual clock, over a source that a test feeds by hand. */
#include "stream-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "async/job.h"
#include "sources/source.h"
#include "sources/wake.h"
#include "streams/operators.h"

/* -------------------------------------------------------------------- the source */

struct feed_kept {
	uint64_t told;               /* how many of the world's values it has yielded */
};

struct feed {
	struct source source;
	struct wake wake;
	struct timer timer;
};

static struct {
	int values[2000];
	size_t count;
	int error;                   /* to be thrown next */
	bool end, slow_end;
	size_t length;               /* -1 is a text as long as this */
	int operator_error;
	int made, finished, handed_over;
	struct feed *at;
} world;

static struct json_value
feed_value(int value)
{
	static char text[1000];

	memset(text, 'x', sizeof text);
	if (value < 0)
		return (struct json_value){ .kind = JSON_KIND_STRING, .text = { text, world.length } };
	return (struct json_value){ .kind = JSON_KIND_INTEGER, .integer = value };
}

static const struct event *
feed_next(struct feed *self)
{
	struct feed_kept *kept = self->source.kept;

	self->source.event = (struct event){
		.kind = EVENT_VALUE,
		.value = feed_value(world.values[kept->told++]),
		.time = moment_now(),
	};
	return &self->source.event;
}

static bool
feed_has(const struct feed *self)
{
	const struct feed_kept *kept = self->source.kept;

	return kept->told < world.count;
}

static int
feed_error(struct feed *self)
{
	int error = world.error;

	world.error = 0;
	return error == 0 ? 0 : source_fail(&self->source, error, "the test said so");
}

static enum step
feed_body(struct coroutine *co, void *frame)
{
	struct feed *self = frame;

	BEGIN(co);
	world.made++;
	world.at = self;
	if (world.error != 0)
		THROW(feed_error(self));
	YIELD(source_up(&self->source));
	for (;;) {
		while (feed_has(self))
			YIELD(feed_next(self));
		if (world.error != 0)
			THROW(feed_error(self));
		if (world.end)
			break;
		source_settle(&self->source, &self->source.event.position);
		AWAIT(wake_await(&self->wake));
	}
	FINALLY;
	if (world.slow_end)
		AWAIT(timer_after(&self->timer, SECOND));
	timer_close(&self->timer);
	world.handed_over += source_handing_over(&self->source);
	world.finished++;
	world.at = NULL;
	END;
}

static const struct source_ops feed_source = {
	.name = "feed",
	.size = sizeof(struct feed),
	.kept_size = sizeof(struct feed_kept),
	.run = feed_body,
};

static void
poke(void)
{
	if (world.at != NULL)
		wake_up(&world.at->wake);
	loop_manual_settle();
}

static void
feed(int value)
{
	world.values[world.count++] = value;
	poke();
}

static void
throw(int error)
{
	world.error = error;
	poke();
}

/* ------------------------------------------------------------------------ streams */

static struct stream_options
options(void)
{
	return (struct stream_options){
		.name = "fed",
		.source = source_of(&feed_source, NULL),
		.chain = 1,
		.log = { .size = 1 << 16, .max_line = 1 << 10 },
	};
}

static struct stream *
begin_with(const struct stream_options *with)
{
	struct stream *stream;

	assert_int_equal(stream_new(fixture_arena, with, &stream), 0);
	loop_manual_settle();
	return stream;
}

static struct stream *
begin(void)
{
	const struct stream_options with = options();

	return begin_with(&with);
}

static void
note_stopped(struct stream *stream, void *context)
{
	(void)stream;
	*(bool *)context = true;
}

static void
stop(struct stream *stream, bool handing_over)
{
	bool done = false;

	stream_stop(stream, handing_over, note_stopped, &done);
	loop_manual_settle();
	if (world.slow_end)
		loop_manual_advance(2 * SECOND);
	assert_true(done);
}

/* What a SIGKILL and a restart are for a stream: nobody commits anything, and another one
 * adopts. */
static struct stream *
restart_with(struct stream *stream, const struct stream_options *with)
{
	stop(stream, true);
	fixture_restart();
	return begin_with(with);
}

static struct stream *
restart(struct stream *stream)
{
	const struct stream_options with = options();

	return restart_with(stream, &with);
}

static int
setup(void **state)
{
	memset(&world, 0, sizeof world);
	return fixture_manual(state);
}

/* -------------------------------------------------------------------- up and down */

static void
events_become_entries_and_the_first_up_is_no_news(void **state)
{
	struct stream *stream = begin();

	(void)state;
	assert_int_equal(stream_state(stream), STATE_UP);
	feed(7);
	feed(8);
	assert_says(stream, " 7 8");
	assert_string_equal(stream_name(stream), "fed");
	stop(stream, false);
}

static void
down_and_up_are_told_with_their_cause(void **state)
{
	struct stream *stream = begin();

	(void)state;
	feed(1);
	throw(-ENODEV);
	assert_int_equal(stream_state(stream), STATE_DOWN);
	assert_non_null(strstr(fixture_reports,
	    "fed: down: the test said so: No such device; trying again in "));
	loop_manual_advance(SECOND);
	assert_int_equal(stream_state(stream), STATE_UP);
	feed(2);
	assert_says(stream, " 1 down(ENODEV) up 2");
	stop(stream, false);
}

static void
stream_retry_tries_at_once(void **state)
{
	struct stream *stream = begin();

	(void)state;
	throw(-ENODEV);
	stream_retry(stream);
	loop_manual_settle();
	assert_says(stream, " down(ENODEV) up");
	stop(stream, false);
}

static void
a_source_that_is_done_has_ended_for_good(void **state)
{
	struct stream *stream = begin();

	(void)state;
	feed(1);
	world.end = true;
	poke();
	assert_says(stream, " 1 ended");
	assert_int_equal(stream_state(stream), STATE_ENDED);
	stream = restart(stream);
	assert_int_equal(world.made, 1);
	assert_int_equal(stream_state(stream), STATE_ENDED);
	loop_manual_advance(100 * SECOND);
	assert_says(stream, " 1 ended");
	stop(stream, false);
}

static void
take_ends_the_stream_and_closes_the_source(void **state)
{
	struct stream *stream = fixture_stream("s", "{\"source\":{\"type\":\"timer\","
	    "\"interval\":\"1s\"},\"operators\":[{\"op\":\"take\",\"count\":3}]}");

	(void)state;
	loop_manual_advance(10 * SECOND);
	assert_says(stream, " 1 2 3 ended");
}

/* -------------------------------------------------------------------------- stale */

static void
silence_is_stale_and_the_next_event_is_up(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.expect_ns = 10 * SECOND;
	stream = begin_with(&with);
	loop_manual_advance(9 * SECOND);
	feed(1);
	loop_manual_advance(9 * SECOND);
	assert_says(stream, " 1");
	loop_manual_advance(SECOND);
	assert_says(stream, " 1 stale");
	assert_int_equal(stream_state(stream), STATE_STALE);
	loop_manual_advance(100 * SECOND);
	feed(2);
	assert_says(stream, " 1 stale up 2");
	assert_int_equal(stream_state(stream), STATE_UP);
	loop_manual_advance(10 * SECOND);
	assert_says(stream, " 1 stale up 2 stale");
	stop(stream, false);
}

static void
what_is_down_is_not_stale_too(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.expect_ns = SECOND;
	world.error = -EIO;
	stream = begin_with(&with);
	for (int i = 0; i < 3; i++) {
		world.error = -EIO;
		loop_manual_advance(SECOND);
	}
	assert_says(stream, " down(EIO)");
	world.error = 0;
	stream_retry(stream);
	loop_manual_advance(SECOND - 1);
	assert_says(stream, " down(EIO) up");
	loop_manual_advance(1);
	assert_says(stream, " down(EIO) up stale");
	stop(stream, false);
}

static void
stale_survives_a_restart_and_is_not_repeated(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.expect_ns = SECOND;
	stream = begin_with(&with);
	loop_manual_advance(2 * SECOND);
	stream = restart_with(stream, &with);
	assert_int_equal(stream_state(stream), STATE_STALE);
	loop_manual_advance(5 * SECOND);
	assert_says(stream, " stale");
	feed(1);
	assert_says(stream, " stale up 1");
	stop(stream, false);
}

/* ---------------------------------------------------------------------- on demand */

static void
on_demand_it_is_read_only_while_somebody_listens(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.on_demand = true;
	with.linger_ns = 5 * SECOND;
	stream = begin_with(&with);
	assert_int_equal(world.made, 0);
	assert_true(stream_idle(stream));
	stream_listen(stream);
	loop_manual_settle();
	assert_int_equal(world.made, 1);
	assert_false(stream_idle(stream));
	feed(1);
	stream_listen(stream);
	stream_unlisten(stream);
	loop_manual_advance(10 * SECOND);
	assert_int_equal(world.finished, 0);
	stream_unlisten(stream);
	loop_manual_advance(4 * SECOND);
	assert_int_equal(world.finished, 0);
	loop_manual_advance(SECOND);
	assert_int_equal(world.finished, 1);
	assert_true(stream_idle(stream));
	feed(2);
	assert_says(stream, " 1");
	stream_listen(stream);
	loop_manual_settle();
	assert_says(stream, " 1 2");
	assert_int_equal(world.made, 2);
	assert_int_equal(stream_listeners(stream), 1);
	stop(stream, false);
}

static void
who_comes_back_within_the_linger_finds_it_running(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.on_demand = true;
	with.linger_ns = 5 * SECOND;
	stream = begin_with(&with);
	stream_listen(stream);
	stream_unlisten(stream);
	loop_manual_advance(4 * SECOND);
	stream_listen(stream);
	loop_manual_advance(100 * SECOND);
	assert_int_equal(world.made, 1);
	assert_int_equal(world.finished, 0);
	stop(stream, false);
}

static void
who_comes_while_it_closes_is_served_when_it_has_closed(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.on_demand = true;
	world.slow_end = true;
	stream = begin_with(&with);
	stream_listen(stream);
	stream_unlisten(stream);
	loop_manual_advance(SECOND / 2);
	stream_listen(stream);
	assert_int_equal(world.made, 1);
	loop_manual_advance(SECOND);
	assert_int_equal(world.finished, 1);
	assert_int_equal(world.made, 2);
	stop(stream, false);
}

/* -------------------------------------------------------------------------- change */

static void
another_chain_is_changed_and_begins_when_the_old_one_is_over(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	feed(1);
	feed(2);
	with.chain = 2;
	world.slow_end = true;
	assert_int_equal(stream_change(stream, &with), 0);
	loop_manual_settle();
	assert_int_equal(world.made, 1);
	loop_manual_advance(SECOND);
	assert_int_equal(world.made, 2);
	/* Its kept block is empty: the feed begins anew. */
	assert_says(stream, " 1 2 changed 1 2");
	stop(stream, false);
}

static void
back_and_forth_while_the_old_one_closes_is_no_change(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	feed(1);
	world.slow_end = true;
	with.chain = 2;
	assert_int_equal(stream_change(stream, &with), 0);
	with.chain = 1;
	assert_int_equal(stream_change(stream, &with), 0);
	loop_manual_advance(SECOND);
	feed(2);
	assert_says(stream, " 1 2");
	assert_int_equal(world.made, 2);
	stop(stream, false);
}

static void
a_change_revives_what_has_ended(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	world.end = true;
	poke();
	assert_says(stream, " ended");
	with.chain = 2;
	world.end = false;
	assert_int_equal(stream_change(stream, &with), 0);
	loop_manual_settle();
	feed(5);
	assert_says(stream, " ended changed up 5");
	stop(stream, false);
}

static void
the_same_chain_goes_on_though_its_options_have_moved(void **state)
{
	static const char json[] = "{\"source\":{\"type\":\"timer\",\"interval\":\"1s\"},"
	    "\"operators\":[{\"op\":\"filter\",\"not\":2},{\"op\":\"scale\",\"factor\":10}]%s}";
	struct stream *stream;
	char text[300];

	(void)state;
	snprintf(text, sizeof text, json, "");
	stream = fixture_stream("s", text);
	loop_manual_advance(SECOND);
	snprintf(text, sizeof text, json, ",\"description\":\"other words\"");
	fixture_change(stream, text);
	loop_manual_advance(2 * SECOND);
	assert_says(stream, " 10 30");
}

static void
another_unit_is_changed_and_the_generator_goes_on(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();
	struct text last;

	(void)state;
	feed(1);
	with.unit = "Cel";
	assert_int_equal(stream_change(stream, &with), 0);
	feed(2);
	assert_says(stream, " 1 changed 2");
	assert_int_equal(world.made, 1);
	last = log_last_event(stream_log(stream));
	assert_non_null(memmem(last.data, last.length, "\"unit\":\"Cel\"", 12));
	stop(stream, false);
}

static void
another_history_keeps_what_there_is(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	feed(1);
	with.log.size *= 4;
	assert_int_equal(stream_change(stream, &with), 0);
	feed(2);
	assert_says(stream, " 1 2");
	stop(stream, false);
}

static void
operators_that_keep_too_much_are_refused(void **state)
{
	static const int64_t count = 1;
	struct stream_operator many[40];
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		many[i] = (struct stream_operator){ &drop_operator, &count };
	with.operators = many;
	with.operator_count = 40;
	assert_int_equal(stream_new(fixture_arena, &with, &stream), -E2BIG);
	stream = begin();
	assert_int_equal(stream_change(stream, &with), -E2BIG);
	feed(1);
	assert_says(stream, " 1");
	stop(stream, false);
}

/* ------------------------------------------------------------------------- restart */

static void
a_restart_goes_on_where_it_was_and_says_nothing(void **state)
{
	struct stream *stream = begin();
	char epoch[EPOCH_LENGTH + 1];

	(void)state;
	feed(1);
	feed(2);
	strcpy(epoch, log_epoch(stream_log(stream)));
	stream = restart(stream);
	feed(3);
	assert_says(stream, " 1 2 3");
	assert_string_equal(log_epoch(stream_log(stream)), epoch);
	stop(stream, false);
}

static void
another_config_after_a_restart_is_changed(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	feed(1);
	with.chain = 2;
	stream = restart_with(stream, &with);
	assert_says(stream, " 1 changed 1");
	stream = restart_with(stream, &with);
	feed(2);
	assert_says(stream, " 1 changed 1 2");
	stop(stream, false);
}

static void
down_is_not_repeated_after_a_restart(void **state)
{
	struct stream *stream = begin();

	(void)state;
	throw(-ENODEV);
	world.error = -ENODEV;
	stream = restart(stream);
	assert_int_equal(stream_state(stream), STATE_DOWN);
	assert_says(stream, " down(ENODEV)");
	loop_manual_advance(SECOND);
	assert_says(stream, " down(ENODEV) up");
	stop(stream, false);
}

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

/* Five events, and then so many jobs: somewhere between source and log. */
static void
feed_halfway(size_t jobs)
{
	for (int i = 1; i <= 5; i++)
		world.values[world.count++] = i;
	wake_up(&world.at->wake);
	jobs_run(jobs);
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

/* -------------------------------------------------------------------------- removal */

struct spy {
	struct streams_watch watch;
	int added, removed;
	uint64_t seen;
};

static void
spy_added(struct streams_watch *watch, struct stream *stream)
{
	(void)stream;
	((struct spy *)watch)->added++;
}

static void
spy_removed(struct streams_watch *watch, struct stream *stream)
{
	struct spy *spy = (struct spy *)watch;

	spy->removed++;
	spy->seen = log_next_seq(stream_log(stream));
	assert_null(stream_find("fed", 3));
}

static char cursor_saw[200];

static void
cursor_ready(struct cursor *cursor)
{
	uint64_t from, to;
	struct span span;

	if (cursor->log == NULL) {
		strcat(cursor_saw, " closed");
		return;
	}
	while (cursor_read(cursor, 1 << 16, &span, &from, &to)) {
		snprintf(cursor_saw + strlen(cursor_saw), 50, " %d", (int)(span.next - span.first));
		cursor_advance(cursor, span.next);
	}
	cursor_wait(cursor);
}

static void
a_removed_stream_says_ended_to_its_cursors_and_its_name_is_a_new_epoch(void **state)
{
	struct spy spy = { .watch = { .added = spy_added, .removed = spy_removed } };
	static struct cursor cursor = { .ready = cursor_ready };
	char epoch[EPOCH_LENGTH + 1];
	struct stream *stream;

	(void)state;
	cursor_saw[0] = '\0';
	streams_watch(&spy.watch);
	stream = begin();
	assert_int_equal(spy.added, 1);
	strcpy(epoch, log_epoch(stream_log(stream)));
	cursor_open(&cursor, stream_log(stream), 1, LAG_SKIP);
	cursor_wait(&cursor);
	feed(1);
	stop(stream, false);
	assert_int_equal(spy.removed, 1);
	assert_int_equal(spy.seen, 3);
	assert_string_equal(cursor_saw, " 1 1 closed");
	assert_int_equal(streams_count(), 0);
	world.count = 0;
	stream = begin();
	assert_string_not_equal(log_epoch(stream_log(stream)), epoch);
	assert_says(stream, "");
	streams_unwatch(&spy.watch);
	stop(stream, false);
}

static void
handing_over_says_nothing_and_finally_runs(void **state)
{
	struct stream *stream = begin();

	(void)state;
	feed(1);
	stop(stream, true);
	assert_int_equal(world.finished, 1);
	assert_int_equal(world.handed_over, 0);         /* there is no store here */
	fixture_restart();
	stream = begin();
	assert_says(stream, " 1");
	stop(stream, false);
}

static void
it_can_be_stopped_in_every_phase(void **state)
{
	struct stream_options with = options(), other = options();
	struct stream *stream;
	bool done = false;

	(void)state;
	with.on_demand = true;
	stream = begin_with(&with);
	stop(stream, false);                            /* idle */
	world.slow_end = true;
	stream = begin();
	other.chain = 3;
	stream_change(stream, &other);
	stop(stream, false);                            /* closing */
	world.slow_end = false;
	world.error = -EIO;
	stop(begin(), false);                           /* down, waiting */
	world.end = true;
	stop(begin(), false);                           /* ended */
	world.end = false;
	stream = begin();
	stream_stop(stream, false, note_stopped, &done);
	assert_int_equal(stream_change(stream, &other), -EBUSY);
	assert_int_equal(stream_new(fixture_arena, &with, &stream), -EEXIST);
	loop_manual_settle();
	assert_true(done);
}

/* ----------------------------------------------------------------- table and rights */

static void
streams_are_found_by_name_and_walked_in_order(void **state)
{
	static const char *const names[] = { "m", "b.2", "b", "z-9", "B", "b.1" };
	static const char *const sorted[] = { "B", "b", "b.1", "b.2", "m", "z-9" };
	struct stream *streams[6], *stream = NULL;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct stream_options with = options();

		with.name = names[i];
		with.on_demand = true;
		streams[i] = begin_with(&with);
	}
	assert_int_equal(streams_count(), 6);
	for (size_t i = 0; i < 6; i++) {
		stream = i == 0 ? streams_first() : streams_next(stream);
		assert_string_equal(stream_name(stream), sorted[i]);
		assert_ptr_equal(stream_find(names[i], strlen(names[i])), streams[i]);
	}
	assert_null(streams_next(stream));
	assert_null(stream_find("b.", 2));
	assert_null(stream_find("b.11", 4));
	assert_ptr_equal(stream_find("b.11", 3), streams[5]);
	for (size_t i = 0; i < 6; i++)
		stop(streams[i], false);
	assert_null(streams_first());
}

static void
patterns_are_names_or_globs(void **state)
{
	(void)state;
	assert_true(stream_pattern_is_glob("cpu*"));
	assert_true(stream_pattern_is_glob("a?"));
	assert_true(stream_pattern_is_glob("[ab]"));
	assert_false(stream_pattern_is_glob("cpu.0"));
	assert_true(stream_pattern_valid("cpu.0-x_Y"));
	assert_true(stream_pattern_valid("*"));
	assert_true(stream_pattern_valid("[!a-c]*"));
	assert_false(stream_pattern_valid(""));
	assert_false(stream_pattern_valid(".x"));
	assert_false(stream_pattern_valid("a b"));
	assert_false(stream_pattern_valid("a/*"));
	assert_false(stream_pattern_valid(
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void
a_restricted_stream_allows_root_and_who_is_named(void **state)
{
	static const uid_t uids[] = { 1000 };
	static const gid_t gids[] = { 5, 6 };
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	assert_true(stream_allows(stream, 1234, NULL, 0));
	with.restricted = true;
	stream_change(stream, &with);
	assert_false(stream_allows(stream, 1000, NULL, 0));
	assert_true(stream_allows(stream, 0, NULL, 0));
	with.allow_uids = uids;
	with.allow_uid_count = 1;
	with.allow_gids = gids;
	with.allow_gid_count = 2;
	stream_change(stream, &with);
	assert_true(stream_allows(stream, 1000, NULL, 0));
	assert_false(stream_allows(stream, 1001, (const gid_t[]){ 4, 7 }, 2));
	assert_true(stream_allows(stream, 1001, (const gid_t[]){ 4, 6 }, 2));
	stop(stream, false);
}

static void
rejects_are_counted_and_reported_at_a_limited_rate(void **state)
{
	struct stream *stream = begin();

	(void)state;
	for (int i = 0; i < 1000; i++)
		stream_reject(stream, "nonsense");
	assert_int_equal(stream_rejected(stream), 1000);
	assert_string_equal(fixture_reports, "fed: rejected: nonsense\n");
	loop_manual_advance(10 * SECOND);
	stream_reject(stream, "more");
	assert_non_null(strstr(fixture_reports,
	    "fed: rejected: more (and 999 more since the last such message)\n"));
	stop(stream, false);
}

#define TEST(test) { #test, test, setup, fixture_close, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_become_entries_and_the_first_up_is_no_news),
		TEST(down_and_up_are_told_with_their_cause),
		TEST(stream_retry_tries_at_once),
		TEST(a_source_that_is_done_has_ended_for_good),
		TEST(take_ends_the_stream_and_closes_the_source),
		TEST(silence_is_stale_and_the_next_event_is_up),
		TEST(what_is_down_is_not_stale_too),
		TEST(stale_survives_a_restart_and_is_not_repeated),
		TEST(on_demand_it_is_read_only_while_somebody_listens),
		TEST(who_comes_back_within_the_linger_finds_it_running),
		TEST(who_comes_while_it_closes_is_served_when_it_has_closed),
		TEST(another_chain_is_changed_and_begins_when_the_old_one_is_over),
		TEST(back_and_forth_while_the_old_one_closes_is_no_change),
		TEST(a_change_revives_what_has_ended),
		TEST(the_same_chain_goes_on_though_its_options_have_moved),
		TEST(another_unit_is_changed_and_the_generator_goes_on),
		TEST(another_history_keeps_what_there_is),
		TEST(operators_that_keep_too_much_are_refused),
		TEST(a_restart_goes_on_where_it_was_and_says_nothing),
		TEST(another_config_after_a_restart_is_changed),
		TEST(down_is_not_repeated_after_a_restart),
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
		TEST(a_removed_stream_says_ended_to_its_cursors_and_its_name_is_a_new_epoch),
		TEST(handing_over_says_nothing_and_finally_runs),
		TEST(it_can_be_stopped_in_every_phase),
		TEST(streams_are_found_by_name_and_walked_in_order),
		TEST(patterns_are_names_or_globs),
		TEST(a_restricted_stream_allows_root_and_who_is_named),
		TEST(rejects_are_counted_and_reported_at_a_limited_rate),
	};

	return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}

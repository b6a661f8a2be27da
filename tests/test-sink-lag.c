/* Subscribers that are too slow: each policy, with every gap exact and every line whole. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "sink-fixture.h"

/* ----------------------------------------------------------------- the reader */

/* Follows one stream of a client: every seq comes once, in order, or within a gap. */
struct reader {
	struct client *client;
	uint64_t next, events, gaps, lost;
	bool ended, out_of_time, lagged;
	uint64_t ready;
};

static uint64_t
member(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	assert_non_null(at);
	return strtoull(at + strlen(name), NULL, 10);
}

static void
reader_gap(struct reader *reader, const char *line)
{
	uint64_t from = member(line, "\"from\":"), to = member(line, "\"to\":");

	assert_int_equal(from, reader->next);
	assert_true(to >= from);
	assert_int_equal(member(line, "\"lost\":"), to - from + 1);
	reader->gaps++;
	reader->lost += to - from + 1;
	reader->next = to + 1;
}

static void
reader_line(struct reader *reader, const char *line)
{
	struct json_checked checked;

	assert_int_equal(json_check(line, strlen(line), &checked), JSON_FAULT_NONE);
	if (line_is_like(line, "{\"gap\":~\"stage\":\"queue\"}")
	    || line_is_like(line, "{\"gap\":~\"stage\":\"history\"}")) {
		reader_gap(reader, line);
		return;
	}
	if (strncmp(line, "{\"ready\":", 9) == 0) {
		reader->ready = member(line, "\"seq\":") + 1;
		assert_int_equal(reader->ready, reader->next);
	}
	else if (strncmp(line, "{\"error\":\"block-timeout\"", 24) == 0)
		reader->out_of_time = true;
	else if (strncmp(line, "{\"error\":\"lagged\"", 17) == 0)
		reader->lagged = true;
	else {
		if (strncmp(line, "{\"stream\":", 10) == 0)
			reader->events++;
		else
			assert_int_equal(strncmp(line, "{\"state\":", 9), 0);
		reader->ended |= line_is_like(line, "{\"state\":~\"is\":\"ended\"~");
		assert_int_equal(member(line, "\"seq\":"), reader->next);
		reader->next++;
	}
}

/* All that there is, without failing when it is nothing. */
static void
reader_read(struct reader *reader)
{
	struct client *client = reader->client;

	for (;;) {
		client_read(client);
		if (client->length == client->begin
		    || memchr(client->bytes + client->begin, '\n', client->length - client->begin)
		        == NULL)
			return;
		reader_line(reader, client_line(client));
		while (client->length > client->begin
		    && memchr(client->bytes + client->begin, '\n', client->length - client->begin))
			reader_line(reader, client_line(client));
	}
}

static struct reader
subscribe(const char *name, const char *lag)
{
	struct reader reader = { .client = client_new() };
	char request[200];

	snprintf(request, sizeof request, "{\"subscribe\":[\"%s\"],\"lag\":\"%s\",\"from\":"
	    "\"oldest\"}",
	    name, lag);
	client_send(reader.client, request);
	client_send(reader.client, "\n");
	reader.next = member(client_line(reader.client), "\"next\":");
	client_expect(reader.client, "{\"reply\":~");
	return reader;
}

/* A stream whose ring is a few KiB. */
static struct feed *
small_ring(const char *name)
{
	struct feed *feed = feed_new(name);

	feed_options(feed)->log.max_line = 2048;
	feed_options(feed)->log.size = 8192;
	feed_open(feed);
	settle();
	return feed;
}

static void
feed_many(struct feed *feed, int64_t count)
{
	static int64_t value;

	for (int64_t i = 0; i < count; i++) {
		feed_number(feed, value++);
		if (i % 20 == 19)
			settle();
	}
	settle();
}

/* ---------------------------------------------------------------------- tests */

static void
skip_tells_exactly_what_is_lost(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "skip");
	for (int round = 0; round < 5; round++) {
		feed_many(feed, 5000);
		reader_read(&reader);
		assert_int_equal(reader.next, 5000 * (round + 1) + 1);
	}
	assert_true(reader.gaps >= 5);
	assert_int_equal(reader.events + reader.lost, 25000);
	assert_int_equal(reader.ready, 1);
}

static void
a_line_that_was_cut_is_completed_before_the_gap(void **state)
{
	struct feed *feed = feed_new("wide");
	struct reader reader;
	char *text = malloc(20001);

	(void)state;
	sink_open();
	feed_options(feed)->log.max_line = 32 * 1024;
	feed_options(feed)->log.size = 128 * 1024;
	feed_open(feed);
	settle();
	reader = subscribe("wide", "skip");
	for (int i = 0; i < 600; i++) {
		size_t length = (size_t)(i * 7919 % 19000 + 2);

		memset(text, 'a' + i % 26, length);
		text[0] = text[length - 1] = '"';
		text[length] = '\0';
		feed_text(feed, text);
		settle();
		if (i % 97 == 96)
			reader_read(&reader);
	}
	reader_read(&reader);
	assert_int_equal(reader.next, 601);
	assert_true(reader.gaps > 0);
	free(text);
}

static void
latest_jumps_to_the_newest_and_keeps_states(void **state)
{
	struct feed *feed;
	struct reader reader;
	uint64_t before;

	(void)state;
	sink_open();
	feed = feed_start("s");
	reader = subscribe("s", "latest");
	reader_read(&reader);
	feed_many(feed, 4000);
	feed_state(feed, STATE_DOWN);
	feed_many(feed, 100);
	feed_state(feed, STATE_UP);
	feed_many(feed, 100);
	before = reader.events;
	reader_read(&reader);
	assert_int_equal(reader.next, 4203);
	assert_true(reader.gaps >= 1);
	assert_true(reader.events - before < 4200);
	/* Whoever keeps up gets one by one. */
	feed_number(feed, 1);
	reader_read(&reader);
	assert_int_equal(reader.next, 4204);
}

static void
latest_that_reads_slowly_gets_few_and_new_ones(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "latest");
	for (int i = 0; i < 20; i++) {
		feed_many(feed, 1000);
		reader_read(&reader);
		assert_int_equal(reader.next, 1000 * (i + 1) + 1);
	}
	assert_true(reader.lost > reader.events);
}

static void
block_stops_the_source_and_loses_nothing(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	setting.options.block = true;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "block");
	feed_many(feed, 20000);
	assert_true(feed_waiting(feed) > 10000);
	while (reader.next <= 20000)
		reader_read(&reader);
	assert_int_equal(feed_waiting(feed), 0);
	assert_int_equal(reader.gaps, 0);
	assert_int_equal(reader.events, 20000);
}

static void
block_is_stopped_by_nobody_who_has_gone(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	setting.options.block = true;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "block");
	feed_many(feed, 20000);
	assert_true(feed_waiting(feed) > 0);
	client_free(reader.client);
	settle();
	assert_int_equal(feed_waiting(feed), 0);
}

static void
a_blocker_that_takes_nothing_for_long_becomes_skip_and_is_told(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	setting.options.block = true;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "block");
	feed_many(feed, 20000);
	assert_int_equal(loop_manual_advance(9 * SECOND), 0);
	assert_true(feed_waiting(feed) > 0);
	assert_int_equal(loop_manual_advance(2 * SECOND), 0);
	settle();
	assert_int_equal(feed_waiting(feed), 0);
	reader_read(&reader);
	assert_true(reader.out_of_time);
	assert_int_equal(reader.next, 20001);
	assert_true(reader.gaps > 0);
	feed_many(feed, 1);
	reader_read(&reader);
	assert_int_equal(reader.next, 20002);
}

static void
a_blocker_that_takes_a_little_is_given_time(void **state)
{
	struct feed *feed;
	struct reader reader;
	char bytes[65536];

	(void)state;
	setting.options.block = true;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "block");
	feed_many(feed, 20000);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(loop_manual_advance(9 * SECOND), 0);
		/* Enough for the socket to be writable again. */
		assert_true(recv(reader.client->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0);
		for (int n = 0; n < 4; n++)
			(void)recv(reader.client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		settle();
	}
	assert_true(feed_waiting(feed) > 0);
}

static void
never_is_never(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	setting.options.block = true;
	setting.options.block_timeout = DURATION_NEVER;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "block");
	feed_many(feed, 20000);
	assert_int_equal(loop_manual_advance(100000 * SECOND), 0);
	assert_true(feed_waiting(feed) > 0);
	while (reader.next <= 20000)
		reader_read(&reader);
	assert_int_equal(reader.gaps, 0);
}

static void
close_finishes_the_line_says_lagged_and_ends(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "close");
	feed_many(feed, 20000);
	reader_read(&reader);
	assert_true(reader.lagged);
	assert_int_equal(reader.gaps, 0);
	assert_true(reader.next < 20000);
	client_expect_end(reader.client);
	assert_int_equal(stream_listeners(feed_stream(feed)), 0);
}

static void
close_that_never_reads_is_closed_in_the_end(void **state)
{
	struct feed *feed;
	struct sink_stats stats;

	(void)state;
	sink_open();
	feed = small_ring("s");
	(void)subscribe("s", "close");
	feed_many(feed, 20000);
	assert_int_equal(loop_manual_advance(60 * SECOND), 0);
	settle();
	unix_sink.stats(setting.sink, &stats);
	assert_int_equal(stats.connections, 0);
}

static void
close_with_a_history_that_is_lost_begins_all_the_same(void **state)
{
	struct feed *feed = feed_new("s");
	struct reader reader = { .next = 2 };
	char request[200];

	(void)state;
	feed_options(feed)->log.count = 3;
	feed_open(feed);
	sink_open();
	feed_numbers(feed, 1, 10);
	settle();
	reader.client = client_new();
	snprintf(request, sizeof request, "{\"subscribe\":[\"s\"],\"lag\":\"close\",\"after\":"
	    "{\"s\":"
	    "{\"epoch\":\"%s\",\"seq\":1}}}\n", feed_epoch("s"));
	client_send(reader.client, request);
	client_expect(reader.client, "{\"subscribed\":\"s\",\"next\":8,~");
	client_expect(reader.client, "{\"reply\":~");
	reader_read(&reader);
	assert_false(reader.lagged);
	assert_int_equal(reader.next, 11);
	assert_int_equal(reader.lost, 6);
}

static void
ready_stands_exactly_where_the_past_ends(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	sink_open();
	feed = feed_start("s");
	feed_many(feed, 6000);
	reader = subscribe("s", "skip");
	feed_many(feed, 1000);
	reader_read(&reader);
	assert_int_equal(reader.ready, 6001);
	assert_int_equal(reader.next, 7001);
	assert_int_equal(reader.gaps, 0);
}

static void
last_events_that_fill_the_outbox_come_one_after_the_other(void **state)
{
	struct feed *feeds[4];
	struct client *client;
	char *text = malloc(30001), name[16];
	int events = 0, ready = 0;

	(void)state;
	setting.options.limits.outbox = 64 * 1024;
	setting.options.limits.request = 1024;
	setting.options.limits.subscriptions = 8;
	sink_open();
	memset(text, 'x', 30000);
	text[0] = text[29999] = '"';
	text[30000] = '\0';
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "s%d", i);
		feeds[i] = feed_new(name);
		feed_options(feeds[i])->log.max_line = 32 * 1024;
		feed_open(feeds[i]);
		feed_text(feeds[i], text);
		feed_state(feeds[i], STATE_DOWN);
	}
	settle();
	client = client_new();
	client_send(client, "{\"subscribe\":[\"*\"],\"from\":\"latest\",\"id\":\"i\"}\n");
	while (ready < 4) {
		const char *line = client_line(client);

		events += strncmp(line, "{\"stream\":", 10) == 0;
		ready += line_is_like(line, "{\"ready\":~,\"seq\":2,\"id\":\"i\"}");
	}
	assert_int_equal(events, 4);
	client_expect_nothing(client);
	free(text);
}

static void
one_that_never_reads_costs_the_others_nothing(void **state)
{
	struct feed *feed;
	struct reader dead, healthy[4];

	(void)state;
	sink_open();
	feed = small_ring("s");
	dead = subscribe("s", "skip");
	for (int i = 0; i < 4; i++)
		healthy[i] = subscribe("s", "skip");
	for (int i = 0; i < 300; i++) {
		feed_numbers(feed, 1, 20);
		for (int k = 0; k < 4; k++)
			reader_read(&healthy[k]);
	}
	for (int k = 0; k < 4; k++) {
		assert_int_equal(healthy[k].events, 6000);
		assert_int_equal(healthy[k].gaps, 0);
	}
	reader_read(&dead);
	assert_int_equal(dead.next, 6001);
}

static void
a_flood_on_one_stream_hides_no_other_of_the_connection(void **state)
{
	struct feed *flood, *quiet;
	struct client *client;
	const char *line;
	int before = 0;

	(void)state;
	sink_open();
	flood = feed_start("flood");
	quiet = feed_start("quiet");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"*\"]}", "{\"subscribed\":~");
	client_expect(client, "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	client_expect(client, "{\"ready\":~");
	feed_numbers(flood, 1, 8000);
	feed_number(quiet, 1);
	do {
		line = client_line(client);
		before++;
	} while (!line_is_like(line, "{\"stream\":\"quiet\",~"));
	assert_true(before < 8001);
}

static void
more_streams_than_one_message_holds_all_come(void **state)
{
	struct feed *feeds[200];
	struct client *client;
	char name[16];
	int count = 0;

	(void)state;
	sink_open();
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "s%03d", i);
		feeds[i] = feed_new(name);
		feed_open(feeds[i]);
	}
	settle();
	client = client_new();
	client_send(client, "{\"subscribe\":[\"*\"]}\n");
	for (int i = 0; i < 401; i++)
		(void)client_line(client);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 200; i++)
			feed_number(feeds[i], i);
		for (int i = 0; i < 200; i++)
			count += line_is_like(client_line(client), "{\"stream\":\"s~");
	}
	assert_int_equal(count, 1000);
	client_expect_nothing(client);
}

static void
a_removed_stream_tells_the_slow_what_they_lost_and_its_end(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	sink_open();
	feed = small_ring("s");
	reader = subscribe("s", "skip");
	feed_many(feed, 20000);
	feed_stop(feed, false);
	settle();
	assert_null(stream_find("s", 1));
	reader_read(&reader);
	assert_true(reader.ended);
	assert_int_equal(reader.next, 20002);
	client_expect_nothing(reader.client);
}

/* ---------------------------------------------------------------------- many */

static size_t
memory_in_use(void)
{
	return mallinfo2().uordblks;
}

static void
a_thousand_subscribers_at_once(void **state)
{
	enum { COUNT = 1000 };
	static struct client *clients[COUNT];
	struct feed *feed;
	size_t before, after;

	(void)state;
	sink_open();
	feed = feed_start("s");
	for (int i = 0; i < COUNT; i++)
		clients[i] = client_connect();
	before = memory_in_use();
	for (int i = 0; i < COUNT; i++)
		client_send(clients[i], "{\"subscribe\":[\"s\"]}\n");
	settle();
	after = memory_in_use();
	for (int i = 0; i < COUNT; i++)
		client_expect(clients[i], "{\"hello\":~");
	for (int i = 0; i < COUNT; i++) {
		client_expect(clients[i], "{\"subscribed\":~");
		client_expect(clients[i], "{\"reply\":~");
		client_expect(clients[i], "{\"ready\":~");
	}
	for (int round = 0; round < 3; round++) {
		feed_number(feed, round);
		for (int i = 0; i < COUNT; i++)
			client_expect(clients[i], "{\"stream\":\"s\",~");
	}
	print_message("# %zu bytes of heap a subscriber\n", (after - before) / COUNT);
	assert_int_equal(stream_listeners(feed_stream(feed)), COUNT);
}

static void
an_event_to_who_keeps_up_allocates_nothing(void **state)
{
	struct feed *feed;
	struct reader reader;
	size_t before;

	(void)state;
	sink_open();
	feed = feed_start("s");
	reader = subscribe("s", "skip");
	feed_many(feed, 100);
	reader_read(&reader);
	before = memory_in_use();
	feed_many(feed, 100);
	settle();
	reader_read(&reader);
	assert_int_equal(memory_in_use(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(skip_tells_exactly_what_is_lost),
		ON_MANUAL_CLOCK(a_line_that_was_cut_is_completed_before_the_gap),
		ON_MANUAL_CLOCK(latest_jumps_to_the_newest_and_keeps_states),
		ON_MANUAL_CLOCK(latest_that_reads_slowly_gets_few_and_new_ones),
		ON_MANUAL_CLOCK(block_stops_the_source_and_loses_nothing),
		ON_MANUAL_CLOCK(block_is_stopped_by_nobody_who_has_gone),
		ON_MANUAL_CLOCK(a_blocker_that_takes_nothing_for_long_becomes_skip_and_is_told),
		ON_MANUAL_CLOCK(a_blocker_that_takes_a_little_is_given_time),
		ON_MANUAL_CLOCK(never_is_never),
		ON_MANUAL_CLOCK(close_finishes_the_line_says_lagged_and_ends),
		ON_MANUAL_CLOCK(close_that_never_reads_is_closed_in_the_end),
		ON_MANUAL_CLOCK(close_with_a_history_that_is_lost_begins_all_the_same),
		ON_MANUAL_CLOCK(ready_stands_exactly_where_the_past_ends),
		ON_MANUAL_CLOCK(last_events_that_fill_the_outbox_come_one_after_the_other),
		ON_MANUAL_CLOCK(one_that_never_reads_costs_the_others_nothing),
		ON_MANUAL_CLOCK(a_flood_on_one_stream_hides_no_other_of_the_connection),
		ON_MANUAL_CLOCK(more_streams_than_one_message_holds_all_come),
		ON_MANUAL_CLOCK(a_removed_stream_tells_the_slow_what_they_lost_and_its_end),
		ON_REAL_LOOP(a_line_that_was_cut_is_completed_before_the_gap),
		ON_MANUAL_CLOCK(a_thousand_subscribers_at_once),
		ON_MANUAL_CLOCK(an_event_to_who_keeps_up_allocates_nothing),
	};

	return cmocka_run_group_tests_name("slow subscribers", tests, NULL, NULL);
}

/* Subscribers that are too slow: each policy, with every gap exact and every line whole. */
#include <stdio.h>
#include <sys/socket.h>

#include "sink-reader.h"

/* ---------------------------------------------------------------------- tests */

static void
skip_tells_exactly_what_is_lost(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	sink_open();
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "skip");
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
latest_jumps_to_the_newest_and_keeps_states(void **state)
{
	struct feed *feed;
	struct reader reader;
	uint64_t before;

	(void)state;
	sink_open();
	feed = feed_start("s");
	reader = reader_subscribe("s", "latest");
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
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "latest");
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
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "block");
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
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "block");
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
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "block");
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
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "block");
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
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "block");
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
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "close");
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
	feed = feed_small_ring("s");
	(void)reader_subscribe("s", "close");
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
	reader = reader_subscribe("s", "skip");
	feed_many(feed, 1000);
	reader_read(&reader);
	assert_int_equal(reader.ready, 6001);
	assert_int_equal(reader.next, 7001);
	assert_int_equal(reader.gaps, 0);
}

static void
a_removed_stream_tells_the_slow_what_they_lost_and_its_end(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	sink_open();
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "skip");
	feed_many(feed, 20000);
	feed_stop(feed, false);
	settle();
	assert_null(stream_find("s", 1));
	reader_read(&reader);
	assert_true(reader.ended);
	assert_int_equal(reader.next, 20002);
	client_expect_nothing(reader.client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(skip_tells_exactly_what_is_lost),
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
		ON_MANUAL_CLOCK(a_removed_stream_tells_the_slow_what_they_lost_and_its_end),
	};

	return cmocka_run_group_tests_name("slow subscribers", tests, NULL, NULL);
}

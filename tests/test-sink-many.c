/* Many subscribers, many streams: nobody costs another anything. */
#include <malloc.h>
#include <stdio.h>

#include "sink-reader.h"

static size_t
memory_in_use(void)
{
	return mallinfo2().uordblks;
}

static void
one_that_never_reads_costs_the_others_nothing(void **state)
{
	struct feed *feed;
	struct reader dead, healthy[4];

	(void)state;
	sink_open();
	feed = feed_small_ring("s");
	dead = reader_subscribe("s", "skip");
	for (int i = 0; i < 4; i++)
		healthy[i] = reader_subscribe("s", "skip");
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
	reader = reader_subscribe("s", "skip");
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
		ON_MANUAL_CLOCK(one_that_never_reads_costs_the_others_nothing),
		ON_MANUAL_CLOCK(a_flood_on_one_stream_hides_no_other_of_the_connection),
		ON_MANUAL_CLOCK(more_streams_than_one_message_holds_all_come),
		ON_MANUAL_CLOCK(a_thousand_subscribers_at_once),
		ON_MANUAL_CLOCK(an_event_to_who_keeps_up_allocates_nothing),
	};

	return cmocka_run_group_tests_name("many subscribers", tests, NULL, NULL);
}

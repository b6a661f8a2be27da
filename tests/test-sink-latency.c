/* `latency` in stats: from an event's stamp to the end of its sending; and what keeps it small beside
 * a flood. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/histogram.h"
#include "sink-fixture.h"

static void
feed_stamped(struct feed *feed, uint64_t mono_ns)
{
	const struct event event = {
		.kind = EVENT_VALUE,
		.time = { .mono_ns = mono_ns, .real_ns = 1 },
		.value = { .kind = JSON_KIND_INTEGER, .integer = 7 },
	};

	feed_event(feed, &event);
}

static const struct histogram *
latency_of(struct feed *feed)
{
	return log_latency(stream_log(feed_stream(feed)));
}

static struct client *
subscriber_of(const char *name)
{
	struct client *client = client_new();
	char request[64];

	snprintf(request, sizeof request, "{\"subscribe\":[\"%s\"]}", name);
	client_ask(client, request, "{\"subscribed\":~");
	client_expect(client, "{\"reply\":\"subscribe\",~");
	client_expect(client, "{\"ready\":~");
	return client;
}

static struct client *
subscriber(void)
{
	return subscriber_of("door");
}

static struct feed *
begin(void)
{
	sink_open();
	assert_int_equal(loop_manual_advance(SECOND), 0);
	return feed_start("door");
}

static void
latency_is_from_the_stamp_to_the_send(void **state)
{
	struct feed *feed = begin();
	struct client *client = subscriber();

	(void)state;
	feed_stamped(feed, loop_now() - 3000);
	client_read(client);
	feed_stamped(feed, loop_now() - 5000);
	client_read(client);
	client_expect(client, "{\"stream\":\"door\",~");
	client_expect(client, "{\"stream\":\"door\",~");
	assert_int_equal(latency_of(feed)->count, 2);
	client_ask(client, "{\"stats\":[\"door\"]}",
	    "~,\"latency_p50_ns\":5000,\"latency_p99_ns\":5000,\"latency_max_ns\":5000,~");
}

static void
latency_is_null_until_something_was_sent(void **state)
{
	struct feed *feed = begin();
	struct client *client = client_new();

	(void)state;
	feed_stamped(feed, loop_now() - 3000);
	client_ask(client, "{\"stats\":[\"door\"]}",
	    "~,\"latency_p50_ns\":null,\"latency_p99_ns\":null,\"latency_max_ns\":null,~");
}

static void
one_event_of_a_batch_is_looked_at(void **state)
{
	struct feed *feed = begin();
	struct client *client = subscriber();

	(void)state;
	feed_stamped(feed, loop_now() - 9000);
	for (int i = 0; i < 99; i++)
		feed_stamped(feed, loop_now() - 1000);
	client_read(client);
	assert_int_equal(latency_of(feed)->count, 1);
	assert_int_equal(latency_of(feed)->max, 9000);
}

static void
one_reader_in_eight_is_looked_at(void **state)
{
	struct feed *feed = begin();

	(void)state;
	for (int i = 0; i < 17; i++)
		(void)subscriber();
	feed_stamped(feed, loop_now() - 1000);
	settle();
	assert_int_equal(latency_of(feed)->count, 3);
}

static void
states_and_what_was_not_stamped_before_do_not_count(void **state)
{
	struct feed *feed = begin();
	struct client *client = subscriber();
	const struct event down = { .kind = EVENT_STATE, .is = STATE_DOWN, .error = -ENODEV,
		.time = { .mono_ns = loop_now() - 1000, .real_ns = 1 } };

	(void)state;
	feed_stamped(feed, 0);
	client_read(client);
	feed_stamped(feed, loop_now() + SECOND);
	client_read(client);
	feed_event(feed, &down);
	client_read(client);
	assert_int_equal(latency_of(feed)->count, 0);
}

/* What it gets later is told by its own slowness. */
static void
who_comes_later_does_not_count(void **state)
{
	struct feed *feed = begin();
	struct client *client = subscriber(), *late;

	(void)state;
	feed_stamped(feed, loop_now() - 1000);
	client_read(client);
	feed_stamped(feed, loop_now() - 1000);
	client_read(client);
	assert_int_equal(latency_of(feed)->count, 2);
	assert_int_equal(loop_manual_advance(SECOND), 0);
	for (int i = 0; i < 17; i++) {
		late = client_new();
		client_send(late, "{\"subscribe\":[\"door\"],\"from\":\"oldest\"}\n");
		client_read(late);
	}
	assert_int_equal(latency_of(feed)->count, 2);
}

static bool
something_came(struct client *client)
{
	char byte;

	return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* A batch of many turns, and one event beside it. */
static void
an_event_does_not_wait_for_a_flood_beside_it(void **state)
{
	enum { FLOOD = 5000 };
	struct client *of_flood, *of_door;
	struct feed *flood, *door;

	(void)state;
	sink_open();
	flood = feed_start("flood");
	door = feed_start("door");
	of_flood = subscriber_of("flood");
	of_door = subscriber_of("door");
	feed_numbers(flood, 1, FLOOD);
	feed_number(door, 1);
	while (!something_came(of_door))
		assert_int_equal(loop_turn(), 1);
	assert_true(log_next_seq(stream_log(feed_stream(flood))) < FLOOD / 2);
	/* What the turn has cut leaves as one nevertheless. */
	assert_false(something_came(of_flood));
	client_read(of_door);
	client_expect(of_door, "{\"stream\":\"door\",\"seq\":1,~");
	client_expect_nothing(of_door);
	client_read(of_flood);
	for (int i = 0; i < FLOOD; i++)
		client_expect(of_flood, "{\"stream\":\"flood\",~");
	client_expect_nothing(of_flood);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(latency_is_from_the_stamp_to_the_send),
		ON_MANUAL_CLOCK(latency_is_null_until_something_was_sent),
		ON_MANUAL_CLOCK(one_event_of_a_batch_is_looked_at),
		ON_MANUAL_CLOCK(one_reader_in_eight_is_looked_at),
		ON_MANUAL_CLOCK(states_and_what_was_not_stamped_before_do_not_count),
		ON_MANUAL_CLOCK(who_comes_later_does_not_count),
		ON_REAL_LOOP(an_event_does_not_wait_for_a_flood_beside_it),
	};

	return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}

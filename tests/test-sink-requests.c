/* Requests that are wrong, broken or too much: each is told what would be right, and harms
 * nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sink-fixture.h"

static struct client *
begin(void)
{
	sink_open();
	feed_start("door");
	return client_new();
}

/* The connection still serves. */
static void
expect_alive(struct client *client)
{
	client_ask(client, "{\"ping\":1,\"id\":\"alive\"}", "{\"reply\":\"ping\",\"id\":"
	    "\"alive\"}");
}

static void
wrong_requests_are_told_what_would_be_right(void **state)
{
	static const char *const tries[][2] = {
		{ "{\"subscrbe\":[\"door\"],\"id\":1}",
		    "{\"error\":\"unknown-verb\",\"message\":\"there is no \\\"subscrbe\\\", did "
		    "you "
		    "mean \\\"subscribe\\\"?\",\"id\":1}" },
		{ "{\"frobnicate\":1}", "{\"error\":\"unknown-verb\",~subscribe, unsubscribe, "
		    "get~" },
		{ "{\"subscribe\":[\"door\"],\"form\":\"now\",\"id\":1}",
		    "{\"error\":\"unknown-member\",~did you mean \\\"from\\\"~\"id\":1}" },
		{ "{\"ping\":1,\"zzz\":1}", "{\"error\":\"unknown-member\",~only id\"}" },
		{ "{\"get\":[\"door\"],\"from\":\"now\"}",
		    "{\"error\":\"unknown-member\",~go with \\\"subscribe\\\"~" },
		{ "{\"id\":1}", "{\"error\":\"invalid-request\",~no verb~\"id\":1}" },
		{ "{}", "{\"error\":\"invalid-request\",~no verb~" },
		{ "{\"ping\":1,\"list\":[\"*\"],\"id\":1}", "{\"error\":\"invalid-request\",~one "
		    "verb~" },
		{ "{\"ping\":1,\"id\":1,\"id\":2}", "{\"error\":\"invalid-request\",~\\\"id\\\" "
		    "stands~" },
		{ "[]", "{\"error\":\"invalid-request\",~JSON object~" },
		{ "7", "{\"error\":\"invalid-request\",~" },
		{ "{\"ping\":1", "{\"error\":\"invalid-json\",~at column 10: ends too early~" },
		{ "{'ping':1}", "{\"error\":\"invalid-json\",~" },
		{ "hello", "{\"error\":\"invalid-json\",~" },
		{ "{\"ping\":1}{\"ping\":2}", "{\"error\":\"invalid-json\",~" },
		{ "{\"get\":\"door\"}", "{\"error\":\"invalid-value\",~array~" },
		{ "{\"get\":[7]}", "{\"error\":\"invalid-value\",~strings~" },
		{ "{\"get\":[]}", "{\"error\":\"invalid-value\",~empty~" },
		{ "{\"get\":[\"a b\"]}", "{\"error\":\"invalid-value\",~\\\"a b\\\"~" },
		{ "{\"get\":[\"a\\u0000b\"]}", "{\"error\":\"invalid-value\",~" },
		{ "{\"get\":[\"\\u001b[31m\"]}", "{\"error\":\"invalid-value\",~\\u001b~" },
		{ "{\"subscribe\":[\"door\"],\"from\":\"yesterday\"}",
		    "{\"error\":\"invalid-value\",~\\\"now\\\", \\\"latest\\\" or "
		    "\\\"oldest\\\"~" },
		{ "{\"subscribe\":[\"door\"],\"lag\":1}", "{\"error\":\"invalid-value\","
		    "~\\\"skip\\\"~" },
		{ "{\"subscribe\":[\"door\"],\"lag\":\"block\",\"id\":3}",
		    "{\"error\":\"block-not-allowed\",~\"id\":3}" },
		{ "{\"subscribe\":[\"door\"],\"after\":[]}", "{\"error\":\"invalid-value\","
		    "~\\\"after\\\"~" },
		{ "{\"subscribe\":[\"door\"],\"after\":{\"door\":{\"seq\":1}}}",
		    "{\"error\":\"invalid-value\",~" },
		{ "{\"subscribe\":[\"door\"],\"after\":{\"door\":{\"epoch\":\"x\",\"seq\":1.5}}}",
		    "{\"error\":\"invalid-value\",~" },
		{ "{\"subscribe\":[\"door\"],\"after\":{\"door\":{\"epoch\":\"x\",\"seq\":-1}}}",
		    "{\"error\":\"invalid-value\",~" },
		{ "{\"subscribe\":[\"door\"],\"after\":{\"door\":{\"epoch\":\"x\",\"seq\":1,"
		    "\"z\":1}}}",
		    "{\"error\":\"invalid-value\",~" },
		{ "{\"subscribe\":[\"door\"],\"after\":{\"other\":{\"epoch\":\"x\",\"seq\":1}}}",
		    "{\"error\":\"invalid-value\",~\\\"other\\\"~" },
		{ "{\"subscribe\":[\"door\",\"door\"]}", "{\"error\":\"already-subscribed\","
		    "~twice~" },
		{ "{\"unsubscribe\":[\"door\"]}", "{\"error\":\"not-subscribed\",~" },
		{ "{\"reload\":false}", "{\"error\":\"invalid-value\",~{\\\"reload\\\":true}~" },
		{ "{\"debug\":[]}", "{\"error\":\"invalid-value\",~" },
		{ "{\"debug\":[\"generators\",1]}", "{\"error\":\"invalid-value\",~" },
	};
	struct client *client = begin();

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++)
		client_ask(client, tries[i][0], tries[i][1]);
	expect_alive(client);
	client_expect_nothing(client);
}

static void
invalid_utf8_is_no_json(void **state)
{
	struct client *client = begin();

	(void)state;
	client_ask(client, "{\"get\":[\"\xff\xfe\"]}", "{\"error\":\"invalid-json\",~UTF-8~");
	client_ask(client, "\x80\x81", "{\"error\":\"invalid-json\",~");
	expect_alive(client);
}

static void
deep_nesting_is_refused(void **state)
{
	struct client *client = begin();
	char *request = malloc(60001);

	(void)state;
	memset(request, '[', 60000);
	request[60000] = '\0';
	client_ask(client, request, "{\"error\":\"invalid-json\",~");
	expect_alive(client);
	free(request);
}

static void
half_a_request_waits_for_the_rest(void **state)
{
	struct client *client = begin();

	(void)state;
	client_send(client, "{\"pi");
	client_expect_nothing(client);
	client_send(client, "ng\":1");
	client_expect_nothing(client);
	client_send(client, "}\n{");
	client_expect(client, "{\"reply\":\"ping\"}");
	client_send(client, "\"ping\":1}\n");
	client_expect(client, "{\"reply\":\"ping\"}");
}

static void
half_a_request_at_the_end_of_file_is_answered_and_the_connection_closed(void **state)
{
	struct client *client = begin();

	(void)state;
	client_send(client, "{\"ping\":1}\n{\"pi");
	shutdown(client->fd, SHUT_WR);
	client_expect(client, "{\"reply\":\"ping\"}");
	client_expect(client, "{\"error\":\"invalid-json\",~");
	client_expect_end(client);
}

static void
a_whole_request_without_its_newline_counts_at_the_end_of_file(void **state)
{
	struct client *client = begin();

	(void)state;
	client_send(client, "{\"list\":[\"door\"]}");
	shutdown(client->fd, SHUT_WR);
	client_expect(client, "{\"list\":\"door\",~");
	client_expect(client, "{\"reply\":\"list\",~");
	client_expect_end(client);
}

static void
the_end_of_file_ends_requests_not_the_subscription(void **state)
{
	struct client *client = begin();
	struct feed *other = feed_start("other");
	struct sink_stats stats;

	(void)state;
	client_send(client, "{\"subscribe\":[\"other\"]}\n");
	shutdown(client->fd, SHUT_WR);
	client_expect(client, "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	for (int i = 0; i < 5; i++) {
		feed_number(other, i);
		client_expect(client, "{\"stream\":\"other\",~");
	}
	client_free(client);
	settle();
	settle();
	unix_sink.stats(setting.sink, &stats);
	assert_int_equal(stats.connections, 0);
	assert_int_equal(stream_listeners(feed_stream(other)), 0);
}

static void
whoever_goes_is_noticed_without_an_event(void **state)
{
	struct client *client = begin();
	struct sink_stats stats;

	(void)state;
	client_ask(client, "{\"subscribe\":[\"door\"]}", "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	unix_sink.stats(setting.sink, &stats);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.subscriptions, 1);
	client_free(client);
	settle();
	unix_sink.stats(setting.sink, &stats);
	assert_int_equal(stats.connections, 0);
	assert_int_equal(stats.subscriptions, 0);
	assert_int_equal(stats.accepted, 1);
}

/* ---------------------------------------------------------------------- limits */

static void
ten_megabytes_without_a_newline_are_thrown_away(void **state)
{
	struct client *client = begin();
	char *junk = malloc(65537);

	(void)state;
	memset(junk, 'x', 65536);
	junk[65536] = '\0';
	for (int i = 0; i < 160; i++)
		client_send(client, junk);
	client_expect(client, "{\"error\":\"request-too-long\",\"message\":\"~65536 bytes~");
	client_expect_nothing(client);
	client_send(client, "\n");
	client_expect_nothing(client);
	expect_alive(client);
	free(junk);
}

static void
a_request_of_exactly_the_limit_is_served(void **state)
{
	struct client *client;
	char request[600];

	(void)state;
	setting.options.limits.request = 500;
	client = begin();
	memset(request, ' ', sizeof request);
	memcpy(request, "{\"ping\":1}", 10);
	strcpy(request + 500, "\r");
	client_ask(client, request, "{\"reply\":\"ping\"}");
	strcpy(request + 500, "");
	client_ask(client, request, "{\"reply\":\"ping\"}");
	strcpy(request + 500, " ");
	client_ask(client, request, "{\"error\":\"request-too-long\",~500 bytes~");
	expect_alive(client);
}

static void
requests_go_round_the_ring_for_long(void **state)
{
	struct client *client;
	char request[400], reply[400];

	(void)state;
	setting.options.limits.request = 256;
	client = begin();
	for (int i = 0; i < 2000; i++) {
		snprintf(request, sizeof request, "{\"ping\":1,\"id\":\"%0*d\"}"
		    "\n{\"ping\"", i % 200 + 1,
		    i);
		client_send(client, request);
		snprintf(reply, sizeof reply, "{\"reply\":\"ping\",\"id\":"
		    "\"%0*d\"}", i % 200 + 1, i);
		client_expect(client, reply);
		client_send(client, ":1}\n");
		client_expect(client, "{\"reply\":\"ping\"}");
	}
}

static void
a_request_may_lie_over_the_end_of_the_ring(void **state)
{
	struct client *client;
	char text[400], reply[400];

	(void)state;
	setting.options.limits.request = 256;
	client = begin();
	client_send(client, "{\"ping\":1");
	for (int i = 0; i < 500; i++) {
		/* The end of one and the beginning of the next: the ring is never empty. */
		snprintf(text, sizeof text, ",\"id\":\"%0*d\"}\n{\"ping\":1", i % 200 + 1, i);
		client_send(client, text);
		snprintf(reply, sizeof reply, "{\"reply\":\"ping\",\"id\":\"%0*d\"}", i % 200 + 1, i);
		client_expect(client, reply);
	}
}

static void
a_thousand_requests_at_once_are_answered_in_order(void **state)
{
	struct client *client = begin();
	char text[64];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "{\"ping\":1,\"id\":%d}\n", i);
		client_send(client, text);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "{\"reply\":\"ping\",\"id\":%d}", i);
		client_expect(client, text);
	}
}

static void
whoever_asks_and_never_reads_is_read_no_more(void **state)
{
	struct client *client = begin(), *other;
	size_t sent = 0;
	ssize_t n;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		while ((n = send(client->fd, "{\"list\":[\"*\"]}"
		    "\n", 15, MSG_DONTWAIT | MSG_NOSIGNAL))
		    > 0)
			sent += (size_t)n;
		settle();
	}
	assert_true(sent < 4000000);
	other = client_new();
	expect_alive(other);
}

static void
too_long_an_id_is_refused(void **state)
{
	struct client *client = begin();
	char request[600];

	(void)state;
	snprintf(request, sizeof request, "{\"ping\":1,\"id\":\"%0256d\"}", 1);
	client_ask(client, request, "{\"error\":\"invalid-value\",~256 bytes\"}");
	snprintf(request, sizeof request, "{\"ping\":1,\"id\":\"%0254d\"}", 1);
	client_ask(client, request, "{\"reply\":\"ping\",\"id\":\"0~1\"}");
}

static void
too_long_a_pattern_is_refused(void **state)
{
	struct client *client = begin();
	char request[600];

	(void)state;
	snprintf(request, sizeof request, "{\"get\":[\"*%0103d\"]}", 1);
	client_ask(client, request, "{\"error\":\"invalid-value\",~103 bytes~");
}

static void
too_many_subscriptions_are_refused_whole(void **state)
{
	struct client *client;

	(void)state;
	setting.options.limits.subscriptions = 2;
	sink_open();
	feed_start("a");
	feed_start("b");
	feed_start("c");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"*\"],\"id\":1}",
	    "{\"error\":\"too-many-subscriptions\",~\"id\":1}");
	client_ask(client, "{\"get\":[\"a\",\"b\",\"c\"]}", "{\"error\":\"too-many-patterns\",~");
	client_send(client, "{\"subscribe\":[\"[ab]\"]}\n");
	client_expect(client, "{\"subscribed\":\"a\",~");
	client_expect(client, "{\"subscribed\":\"b\",~");
	client_expect(client, "{\"reply\":~\"count\":2~");
	client_expect(client, "{\"ready\":~");
	client_expect(client, "{\"ready\":~");
	client_ask(client, "{\"subscribe\":[\"c\"]}", "{\"error\":\"too-many-subscriptions\",~");
	client_ask(client, "{\"unsubscribe\":[\"[ab]\"]}", "{\"reply\":~\"count\":2}");
	client_ask(client, "{\"subscribe\":[\"c\"]}", "{\"subscribed\":\"c\",~");
}

static void
a_glob_that_takes_in_too_many_is_told(void **state)
{
	struct client *client;

	(void)state;
	setting.options.limits.subscriptions = 1;
	sink_open();
	feed_start("a");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"*\"]}", "{\"subscribed\":\"a\",~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	feed_start("b");
	client_expect(client, "{\"error\":\"too-many-subscriptions\",\"message\":\"\\\"b\\\" has "
	    "come~");
}

static void
a_line_that_the_outbox_cannot_hold_is_refused(void **state)
{
	struct feed *wide = feed_new("wide");
	struct client *client;

	(void)state;
	feed_options(wide)->log.max_line = 1 << 20;
	feed_options(wide)->log.size = 4 << 20;
	feed_open(wide);
	sink_open();
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"wide\"]}", "{\"error\":\"line-too-long\",~outbox~");
	expect_alive(client);
}

static void
an_answer_longer_than_the_outbox_comes_in_parts(void **state)
{
	struct client *client;
	char name[32], text[5000], pattern[64];
	struct feed *feed;

	(void)state;
	setting.options.limits.outbox = 64 * 1024;
	sink_open();
	memset(text, 'x', sizeof text - 1);
	text[0] = text[sizeof text - 2] = '"';
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "s%03d", i);
		feed = feed_start(name);
		feed_text(feed, text);
	}
	settle();
	client = client_new();
	client_send(client, "{\"get\":[\"*\"],\"id\":1}\n{\"ping\":1}\n");
	for (int i = 0; i < 100; i++) {
		snprintf(pattern, sizeof pattern, "{\"get\":\"s%03d\",", i);
		assert_memory_equal(client_line(client), pattern, strlen(pattern));
	}
	client_expect(client, "{\"reply\":\"get\",\"count\":100,\"unmatched\":[],\"id\":1}");
	client_expect(client, "{\"reply\":\"ping\"}");
}

static void
as_many_subscriptions_as_allowed_fit_into_one_answer(void **state)
{
	struct client *client;
	char name[80];

	(void)state;
	setting.options.limits.outbox = 64 * 1024;
	sink_open();
	for (int i = 0; i < 256; i++) {
		snprintf(name, sizeof name, "s%063d", i);
		feed_open(feed_new(name));
	}
	settle();
	client = client_new();
	client_send(client, "{\"subscribe\":[\"*\"],\"from\":\"latest\",\"id\":1}\n");
	for (int i = 0; i < 256; i++)
		client_expect(client, "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~\"count\":256,~");
	for (int i = 0; i < 256; i++)
		client_expect(client, "{\"ready\":~\"id\":1}");
	client_expect_nothing(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(wrong_requests_are_told_what_would_be_right),
		ON_MANUAL_CLOCK(invalid_utf8_is_no_json),
		ON_MANUAL_CLOCK(deep_nesting_is_refused),
		ON_MANUAL_CLOCK(half_a_request_waits_for_the_rest),
		ON_MANUAL_CLOCK(
		    half_a_request_at_the_end_of_file_is_answered_and_the_connection_closed),
		ON_MANUAL_CLOCK(a_whole_request_without_its_newline_counts_at_the_end_of_file),
		ON_MANUAL_CLOCK(the_end_of_file_ends_requests_not_the_subscription),
		ON_REAL_LOOP(the_end_of_file_ends_requests_not_the_subscription),
		ON_MANUAL_CLOCK(whoever_goes_is_noticed_without_an_event),
		ON_REAL_LOOP(whoever_goes_is_noticed_without_an_event),
		ON_MANUAL_CLOCK(ten_megabytes_without_a_newline_are_thrown_away),
		ON_MANUAL_CLOCK(a_request_of_exactly_the_limit_is_served),
		ON_MANUAL_CLOCK(requests_go_round_the_ring_for_long),
		ON_MANUAL_CLOCK(a_request_may_lie_over_the_end_of_the_ring),
		ON_MANUAL_CLOCK(a_thousand_requests_at_once_are_answered_in_order),
		ON_MANUAL_CLOCK(whoever_asks_and_never_reads_is_read_no_more),
		ON_MANUAL_CLOCK(too_long_an_id_is_refused),
		ON_MANUAL_CLOCK(too_long_a_pattern_is_refused),
		ON_MANUAL_CLOCK(too_many_subscriptions_are_refused_whole),
		ON_MANUAL_CLOCK(a_glob_that_takes_in_too_many_is_told),
		ON_MANUAL_CLOCK(a_line_that_the_outbox_cannot_hold_is_refused),
		ON_MANUAL_CLOCK(an_answer_longer_than_the_outbox_comes_in_parts),
		ON_MANUAL_CLOCK(as_many_subscriptions_as_allowed_fit_into_one_answer),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}

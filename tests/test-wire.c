/* The wire: each worked example of the protocol, word for word. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink-fixture.h"

#define EVENT(name, seq, rest) \
	"{\"stream\":\"" name "\",\"seq\":" seq ",\"time\":\"" FEED_TIME "\",\"mono_ns\":" \
	FEED_MONO "," rest "}"

static const char *
with_epoch(const char *format, const char *name)
{
	static char text[512];

	snprintf(text, sizeof text, format, feed_epoch(name));
	return text;
}

static void
the_server_speaks_first(void **state)
{
	(void)state;
	sink_open();
	client_expect(client_connect(), "{\"hello\":\"awaitd\",\"version\":\"~\",\"boot_id\":"
	    "\"~-~-~-~-~\","
	    "\"limits\":{\"request\":65536,\"subscriptions\":256,\"id\":256,\"line\":131072,"
	    "\"block\":false}}");
}

static void
subscribe_answers_a_line_a_stream_then_the_reply_then_ready(void **state)
{
	struct client *client;

	(void)state;
	sink_open();
	feed_start("door");
	client = client_new();
	client_send(client, "{\"subscribe\":[\"door\",\"dor\"],\"id\":7}\n");
	client_expect(client, with_epoch("{\"subscribed\":\"door\",\"next\":1,\"epoch\":\"%s\","
	    "\"unit\":null,\"is\":\"up\"}", "door"));
	client_expect(client, "{\"reply\":\"subscribe\",\"count\":1,\"unmatched\":[\"dor\"],"
	    "\"already\":[],\"id\":7}");
	client_expect(client, "{\"ready\":\"door\",\"seq\":0,\"id\":7}");
	client_expect_nothing(client);
}

static void
events_come_as_they_happen(void **state)
{
	struct feed *door;
	struct client *client;
	const struct event edge = {
		.kind = EVENT_VALUE,
		.time = { UINT64_C(8123456789012), INT64_C(1795173359123456789) },
		.value = { .kind = JSON_KIND_INTEGER, .integer = 1 },
		.members = { { "edge", { .kind = JSON_KIND_STRING, .text = { "rising", 6 } } } },
		.member_count = 1,
	};

	(void)state;
	sink_open();
	door = feed_start("door");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"door\"]}", "{\"subscribed\":~");
	client_expect(client, "{\"reply\":\"subscribe\",\"count\":1,\"unmatched\":[],\"already\":"
	    "[]}");
	client_expect(client, "{\"ready\":\"door\",\"seq\":0}");
	feed_event(door, &edge);
	client_expect(client, EVENT("door", "1", "\"value\":1,\"edge\":\"rising\""));
	feed_number(door, 2);
	feed_number(door, 3);
	client_expect(client, EVENT("door", "2", "\"value\":2"));
	client_expect(client, EVENT("door", "3", "\"value\":3"));
	client_expect_nothing(client);
}

static void
the_sources_gaps_and_states_are_entries(void **state)
{
	struct feed *imu;
	struct client *client;
	const struct event gap = {
		.kind = EVENT_GAP,
		.time = { UINT64_C(8123456789012), INT64_C(1795173359123456789) },
		.stage = GAP_KERNEL,
		.lost = 16,
	};

	(void)state;
	sink_open();
	imu = feed_start("imu");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"imu\"]}", "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	feed_event(imu, &gap);
	feed_state(imu, STATE_DOWN);
	client_expect(client, "{\"gap\":\"imu\",\"seq\":1,\"lost\":16,\"stage\":\"kernel\","
	    "\"time\":\""
	    FEED_TIME "\"}");
	client_expect(client, "{\"state\":\"imu\",\"is\":\"down\",\"seq\":2,\"cause\":"
	    "\"ENODEV\"~}");
}

static void
requests_may_be_typed_with_crlf_and_blank_lines(void **state)
{
	struct client *client;

	(void)state;
	sink_open();
	client = client_new();
	client_send(client, "\r\n\n {\"ping\" : 1} \r\n");
	client_expect(client, "{\"reply\":\"ping\"}");
}

static void
any_id_comes_back_verbatim(void **state)
{
	static const char *const ids[] = {
		"7", "\"a \\u00e9 \\\" b\"", "null", "[1, {\"x\" : 2}]", "1.50", "1e400",
		"123456789012345678901234567890",
	};
	struct client *client;
	char request[256], reply[256];

	(void)state;
	sink_open();
	client = client_new();
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		snprintf(request, sizeof request, "{\"id\":%s,\"ping\":1}", ids[i]);
		snprintf(reply, sizeof reply, "{\"reply\":\"ping\",\"id\":%s}", ids[i]);
		client_ask(client, request, reply);
	}
}

static void
unsubscribe_is_the_end_of_its_lines(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"door\"]}", "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	client_ask(client, "{\"unsubscribe\":[\"door\"],\"id\":1}",
	    "{\"reply\":\"unsubscribe\",\"count\":1,\"id\":1}");
	feed_number(door, 1);
	client_expect_nothing(client);
	client_ask(client, "{\"unsubscribe\":[\"door\"]}", "{\"error\":\"not-subscribed\","
	    "~\"door\\\"~");
	assert_int_equal(stream_listeners(feed_stream(door)), 0);
}

static void
a_stream_goes_on_while_another_pattern_matches_it(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"door\",\"d*\"]}", "{\"subscribed\":\"door\",~");
	client_expect(client, "{\"reply\":\"subscribe\",\"count\":1,~");
	client_expect(client, "{\"ready\":~");
	client_ask(client, "{\"unsubscribe\":[\"door\"]}", "{\"reply\":\"unsubscribe\",\"count\":"
	    "0}");
	feed_number(door, 1);
	client_expect(client, EVENT("door", "1", "\"value\":1"));
	client_ask(client, "{\"unsubscribe\":[\"d*\"]}", "{\"reply\":\"unsubscribe\",\"count\":1}");
	feed_number(door, 2);
	client_expect_nothing(client);
}

static void
get_gives_the_last_event_or_null(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_start("empty");
	feed_numbers(door, 1, 3);
	client = client_new();
	client_send(client, "{\"get\":[\"*\",\"dor\"],\"id\":\"g\"}\n");
	client_expect(client, "{\"get\":\"door\",\"is\":\"up\",\"event\":"
	    EVENT("door", "3", "\"value\":3") "}");
	client_expect(client, "{\"get\":\"empty\",\"is\":\"up\",\"event\":null}");
	client_expect(client, "{\"reply\":\"get\",\"count\":2,\"unmatched\":[\"dor\"],\"id\":"
	    "\"g\"}");
}

static void
list_says_what_there_is(void **state)
{
	struct feed *board = feed_new("board");
	struct client *client;

	(void)state;
	feed_options(board)->unit = "Cel";
	feed_options(board)->description = "the \"board\"";
	feed_open(board);
	sink_open();
	feed_start("door");
	feed_number(board, 1);
	client = client_new();
	client_send(client, "{\"list\":[\"*\"]}\n");
	client_expect(client, with_epoch("{\"list\":\"board\",\"is\":\"up\",\"source\":\"feed\","
	    "\"unit\":\"Cel\",\"seq\":1,\"oldest\":1,\"time\":\"" FEED_TIME "\",\"listeners\":0,"
	    "\"epoch\":\"%s\",\"description\":\"the \\\"board\\\"\"}", "board"));
	client_expect(client, with_epoch("{\"list\":\"door\",\"is\":\"up\",\"source\":\"feed\","
	    "\"unit\":null,\"seq\":0,\"oldest\":1,\"time\":null,\"listeners\":0,\"epoch\":\"%s\","
	    "\"description\":null}", "door"));
	client_expect(client, "{\"reply\":\"list\",\"count\":2,\"unmatched\":[]}");
}

static void
stats_counts(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_numbers(door, 1, 3);
	feed_state(door, STATE_DOWN);
	client = client_new();
	client_send(client, "{\"stats\":[\"door\"]}\n");
	client_expect(client, "{\"stats\":\"door\",\"events\":3,\"gaps\":0,\"states\":1,\"lost\":0,"
	    "\"rejected\":0,\"too_long\":0,\"bytes\":~,\"rate\":~,\"listeners\":0,\"kept\":4,"
	    "\"latency_p50_ns\":null,\"latency_p99_ns\":null,\"latency_max_ns\":null,"
	    "\"time\":\"" FEED_TIME "\"}");
	client_expect(client, "{\"reply\":\"stats\",\"count\":1,\"unmatched\":[]}");
}

static void
debug_shows_where_generators_stand(void **state)
{
	struct client *client;

	(void)state;
	sink_open();
	feed_start("door");
	client = client_new();
	client_ask(client, "{\"debug\":[\"generators\"],\"id\":1}", "{\"debug\":\"feed\","
	    "\"is\":\"executing\",\"file\":\"~sink-fixture.c\",\"line\":~,\"requests\":1}");
	client_expect(client, "{\"reply\":\"debug\",\"count\":1,\"id\":1}");
	client_ask(client, "{\"debug\":[\"generator\"]}", "{\"error\":\"invalid-value\","
	    "~generators~");
	setting.unprivileged = true;
	client_ask(client, "{\"debug\":[\"generators\"]}", "{\"error\":\"not-allowed\",~");
}

static void
reload_waits_for_the_verdict(void **state)
{
	struct client *client;

	(void)state;
	sink_open();
	client = client_new();
	client_send(client, "{\"reload\":true,\"id\":1}\n{\"ping\":1,\"id\":2}\n");
	client_expect_nothing(client);
	setting.reload_done(setting.reload_request, RELOAD_DONE, "");
	client_expect(client, "{\"reply\":\"reload\",\"id\":1}");
	client_expect(client, "{\"reply\":\"ping\",\"id\":2}");
	client_send(client, "{\"reload\":true,\"id\":3}\n");
	settle();
	setting.reload_done(setting.reload_request, RELOAD_WRONG, "a:1:2: /x: wrong\nb:3:4: \"y\"\n");
	client_expect(client, "{\"error\":\"reload-failed\",\"message\":\"~\",\"errors\":"
	    "[\"a:1:2: /x: wrong\",\"b:3:4: \\\"y\\\"\"],\"id\":3}");
	client_ask(client, "{\"reload\":1}", "{\"error\":\"invalid-value\",~");
	setting.unprivileged = true;
	client_ask(client, "{\"reload\":true}", "{\"error\":\"not-allowed\",~");
}

static void
a_verdict_says_what_is_in_force(void **state)
{
	static const struct {
		enum reload_verdict verdict;
		const char *answer;
	} cases[] = {
		{ RELOAD_DONE_IN_PART, "{\"error\":\"reload-failed\",\"message\":\"the configuration "
		    "is in force, but for what could not be done\",\"errors\":[\"x\"]}" },
		{ RELOAD_WRONG, "{\"error\":\"reload-failed\",\"message\":\"the configuration is "
		    "wrong; the one before it goes on\",\"errors\":[\"x\"]}" },
		{ RELOAD_REFUSED, "{\"error\":\"reload-failed\",\"message\":\"the configuration was "
		    "not looked at\",\"errors\":[\"x\"]}" },
	};
	struct client *client;

	(void)state;
	sink_open();
	client = client_new();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		client_send(client, "{\"reload\":true}\n");
		settle();
		setting.reload_done(setting.reload_request, cases[i].verdict, "x\n");
		client_expect(client, cases[i].answer);
	}
}

static void
whoever_goes_while_the_config_is_reloaded_is_forgotten(void **state)
{
	struct client *client;

	(void)state;
	sink_open();
	client = client_new();
	client_send(client, "{\"reload\":true}\n");
	settle();
	client_free(client);
	settle();
	settle();
	setting.reload_done(setting.reload_request, RELOAD_DONE, "");
	client_ask(client_new(), "{\"ping\":1}", "{\"reply\":\"ping\"}");
}

static void
a_pipelined_second_request_is_answered_second(void **state)
{
	struct client *client;

	(void)state;
	sink_open();
	feed_start("a");
	client = client_new();
	client_send(client, "{\"list\":[\"*\"],\"id\":1}\n{\"get\":[\"a\"],\"id\":2}\n{\"ping\":"
	    "1}\n");
	client_expect(client, "{\"list\":\"a\",~");
	client_expect(client, "{\"reply\":\"list\",~\"id\":1}");
	client_expect(client, "{\"get\":\"a\",~");
	client_expect(client, "{\"reply\":\"get\",~\"id\":2}");
	client_expect(client, "{\"reply\":\"ping\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(the_server_speaks_first),
		ON_MANUAL_CLOCK(subscribe_answers_a_line_a_stream_then_the_reply_then_ready),
		ON_MANUAL_CLOCK(events_come_as_they_happen),
		ON_MANUAL_CLOCK(the_sources_gaps_and_states_are_entries),
		ON_MANUAL_CLOCK(requests_may_be_typed_with_crlf_and_blank_lines),
		ON_MANUAL_CLOCK(any_id_comes_back_verbatim),
		ON_MANUAL_CLOCK(unsubscribe_is_the_end_of_its_lines),
		ON_MANUAL_CLOCK(a_stream_goes_on_while_another_pattern_matches_it),
		ON_MANUAL_CLOCK(get_gives_the_last_event_or_null),
		ON_MANUAL_CLOCK(list_says_what_there_is),
		ON_MANUAL_CLOCK(stats_counts),
		ON_MANUAL_CLOCK(debug_shows_where_generators_stand),
		ON_MANUAL_CLOCK(reload_waits_for_the_verdict),
		ON_MANUAL_CLOCK(a_verdict_says_what_is_in_force),
		ON_MANUAL_CLOCK(whoever_goes_while_the_config_is_reloaded_is_forgotten),
		ON_MANUAL_CLOCK(a_pipelined_second_request_is_answered_second),
		ON_REAL_LOOP(subscribe_answers_a_line_a_stream_then_the_reply_then_ready),
		ON_REAL_LOOP(events_come_as_they_happen),
		ON_REAL_LOOP(reload_waits_for_the_verdict),
	};

	return cmocka_run_group_tests_name("the wire", tests, NULL, NULL);
}

/* The wire: where a subscription begins, and what its patterns take in. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
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

static struct client *
subscribed(const char *request)
{
	struct client *client = client_new();

	client_send(client, request);
	client_send(client, "\n");
	return client;
}

static void
from_oldest_gives_all_that_the_ring_holds(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_numbers(door, 1, 2);
	settle();
	client = subscribed("{\"subscribe\":[\"door\"],\"from\":\"oldest\",\"id\":1}");
	client_expect(client, "{\"subscribed\":\"door\",\"next\":1,~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, EVENT("door", "1", "\"value\":1"));
	client_expect(client, EVENT("door", "2", "\"value\":2"));
	client_expect(client, "{\"ready\":\"door\",\"seq\":2,\"id\":1}");
	feed_number(door, 3);
	client_expect(client, EVENT("door", "3", "\"value\":3"));
}

static void
from_now_gives_none_of_it(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_numbers(door, 1, 2);
	settle();
	client = subscribed("{\"subscribe\":[\"door\"],\"from\":\"now\"}");
	client_expect(client, "{\"subscribed\":\"door\",\"next\":3,~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":\"door\",\"seq\":2}");
	feed_number(door, 3);
	client_expect(client, EVENT("door", "3", "\"value\":3"));
}

static void
from_latest_gives_the_last_event_then_what_comes(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_numbers(door, 1, 2);
	settle();
	client = subscribed("{\"subscribe\":[\"door\"],\"from\":\"latest\"}");
	client_expect(client, "{\"subscribed\":\"door\",\"next\":2,~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, EVENT("door", "2", "\"value\":2"));
	client_expect(client, "{\"ready\":\"door\",\"seq\":2}");
	feed_number(door, 3);
	client_expect(client, EVENT("door", "3", "\"value\":3"));
}

static void
from_latest_gives_the_state_if_it_is_not_up(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_number(door, 1);
	feed_state(door, STATE_DOWN);
	settle();
	client = subscribed("{\"subscribe\":[\"door\"],\"from\":\"latest\"}");
	client_expect(client, "{\"subscribed\":\"door\",\"next\":1,~\"is\":\"down\"}");
	client_expect(client, "{\"reply\":~");
	client_expect(client, EVENT("door", "1", "\"value\":1"));
	client_expect(client, "{\"state\":\"door\",\"is\":\"down\",\"seq\":2,~");
	client_expect(client, "{\"ready\":\"door\",\"seq\":2}");
	client_expect_nothing(client);
}

static void
from_latest_tells_no_state_that_is_over(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_number(door, 1);
	feed_state(door, STATE_DOWN);
	feed_state(door, STATE_UP);
	settle();
	client = subscribed("{\"subscribe\":[\"door\"],\"from\":\"latest\"}");
	client_expect(client, "{\"subscribed\":\"door\",\"next\":1,~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, EVENT("door", "1", "\"value\":1"));
	client_expect(client, "{\"ready\":\"door\",\"seq\":3}");
	client_expect_nothing(client);
}

static void
from_latest_of_a_silent_stream_gives_its_state(void **state)
{
	struct client *client;
	struct feed *door;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_start("fresh");
	feed_state(door, STATE_DOWN);
	settle();
	client = subscribed("{\"subscribe\":[\"*\"],\"from\":\"latest\"}");
	client_expect(client, "{\"subscribed\":\"door\",\"next\":1,~");
	client_expect(client, "{\"subscribed\":\"fresh\",\"next\":1,~");
	client_expect(client, "{\"reply\":~\"count\":2,~");
	client_expect(client, "{\"state\":\"door\",\"is\":\"down\",\"seq\":1,~");
	client_expect(client, "{\"ready\":\"door\",\"seq\":1}");
	client_expect(client, "{\"ready\":\"fresh\",\"seq\":0}");
}

static const char *
resume(const char *name, const char *epoch, const char *seq)
{
	static char request[256];

	snprintf(request, sizeof request,
	    "{\"subscribe\":[\"%s\"],\"after\":{\"%s\":{\"epoch\":\"%s\",\"seq\":%s}}}", name, name,
	    epoch, seq);
	return request;
}

static void
after_goes_on_behind_what_was_seen(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_numbers(door, 1, 3);
	settle();
	client = subscribed(resume("door", feed_epoch("door"), "1"));
	client_expect(client, "{\"subscribed\":\"door\",\"next\":2,~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, EVENT("door", "2", "\"value\":2"));
	client_expect(client, EVENT("door", "3", "\"value\":3"));
	client_expect(client, "{\"ready\":\"door\",\"seq\":3}");
	client = subscribed(resume("door", feed_epoch("door"), "3"));
	client_expect(client, "{\"subscribed\":\"door\",\"next\":4,~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":\"door\",\"seq\":3}");
}

static void
after_what_the_ring_has_lost_is_a_gap_of_history(void **state)
{
	struct feed *door = feed_new("door");
	struct client *client;

	(void)state;
	feed_options(door)->log.count = 3;
	feed_open(door);
	sink_open();
	feed_numbers(door, 1, 10);
	settle();
	client = subscribed(resume("door", feed_epoch("door"), "4"));
	client_expect(client, "{\"subscribed\":\"door\",\"next\":8,~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"gap\":\"door\",\"from\":5,\"to\":7,\"lost\":3,\"stage\":"
	    "\"history\"}");
	client_expect(client, EVENT("door", "8", "\"value\":8"));
	client_expect(client, EVENT("door", "9", "\"value\":9"));
	client_expect(client, EVENT("door", "10", "\"value\":10"));
	client_expect(client, "{\"ready\":\"door\",\"seq\":10}");
}

static void
after_of_another_epoch_is_a_gap_and_then_the_oldest(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_numbers(door, 1, 2);
	settle();
	client = subscribed(resume("door", "0123456789abcdef", "900"));
	client_expect(client, "{\"subscribed\":\"door\",\"next\":1,~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, with_epoch("{\"gap\":\"door\",\"from\":null,\"to\":null,\"lost\":"
	    "null,"
	    "\"stage\":\"epoch\",\"epoch\":\"%s\"}", "door"));
	client_expect(client, EVENT("door", "1", "\"value\":1"));
	client_expect(client, EVENT("door", "2", "\"value\":2"));
	client_expect(client, "{\"ready\":\"door\",\"seq\":2}");
}

static void
after_beyond_the_head_is_an_error(void **state)
{
	struct feed *door;
	struct client *client;

	(void)state;
	sink_open();
	door = feed_start("door");
	feed_numbers(door, 1, 2);
	settle();
	client = subscribed(resume("door", feed_epoch("door"), "3"));
	client_expect(client, "{\"error\":\"after-ahead\",\"message\":\"~\"}");
	client_expect_nothing(client);
	client_ask(client, "{\"unsubscribe\":[\"door\"]}", "{\"error\":\"not-subscribed\",~");
}

static void
after_names_of_streams_that_are_gone_come_back_unmatched(void **state)
{
	struct client *client;

	(void)state;
	sink_open();
	feed_start("door");
	client = subscribed("{\"subscribe\":[\"*\"],\"after\":{\"gone\":{\"epoch\":\"x\",\"seq\":"
	    "1}}}");
	client_expect(client, "{\"subscribed\":\"door\",~");
	client_expect(client, "{\"reply\":\"subscribe\",\"count\":1,\"unmatched\":[\"gone\"],~");
}

static void
an_ended_stream_gives_its_ring_and_ready_and_silence(void **state)
{
	struct feed *count;
	struct client *client;

	(void)state;
	sink_open();
	count = feed_start("count");
	feed_numbers(count, 1, 2);
	feed_end(count);
	settle();
	client = subscribed("{\"subscribe\":[\"count\"],\"from\":\"oldest\"}");
	client_expect(client, "{\"subscribed\":\"count\",\"next\":1,~\"is\":\"ended\"}");
	client_expect(client, "{\"reply\":~");
	client_expect(client, EVENT("count", "1", "\"value\":1"));
	client_expect(client, EVENT("count", "2", "\"value\":2"));
	client_expect(client, "{\"state\":\"count\",\"is\":\"ended\",\"seq\":3,~");
	client_expect(client, "{\"ready\":\"count\",\"seq\":3}");
	client_expect_nothing(client);
}

/* --------------------------------------------------------------------- patterns */

static void
a_subscribed_stream_named_again_fails_whole(void **state)
{
	struct client *client;

	(void)state;
	sink_open();
	feed_start("a");
	feed_start("b");
	client = subscribed("{\"subscribe\":[\"a\"]}");
	client_expect(client, "{\"subscribed\":\"a\",~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":\"a\",~");
	client_ask(client, "{\"subscribe\":[\"b\",\"a\"],\"id\":2}",
	    "{\"error\":\"already-subscribed\",\"message\":\"~\\\"a\\\"~\",\"id\":2}");
	client_ask(client, "{\"unsubscribe\":[\"b\"]}", "{\"error\":\"not-subscribed\",~");
}

static void
through_a_glob_it_is_left_as_it_is_and_listed(void **state)
{
	struct feed *a;
	struct client *client;

	(void)state;
	sink_open();
	a = feed_start("a");
	feed_start("b");
	client = subscribed("{\"subscribe\":[\"a\"]}");
	client_expect(client, "{\"subscribed\":\"a\",~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":\"a\",~");
	feed_number(a, 1);
	client_expect(client, EVENT("a", "1", "\"value\":1"));
	client_send(client, "{\"subscribe\":[\"*\"],\"from\":\"oldest\"}\n");
	client_expect(client, "{\"subscribed\":\"b\",~");
	client_expect(client, "{\"reply\":\"subscribe\",\"count\":1,\"unmatched\":[],\"already\":"
	    "[\"a\"]}");
	client_expect(client, "{\"ready\":\"b\",\"seq\":0}");
	client_expect_nothing(client);
}

static void
a_glob_takes_in_streams_that_come_later(void **state)
{
	struct client *client;
	struct feed *temp;

	(void)state;
	sink_open();
	client = subscribed("{\"subscribe\":[\"temp*\"],\"id\":5}");
	client_expect(client, "{\"reply\":\"subscribe\",\"count\":0,\"unmatched\":[],\"already\":"
	    "[],"
	    "\"id\":5}");
	feed_start("door");
	client_expect_nothing(client);
	temp = feed_start("temp1");
	client_expect(client, "{\"subscribed\":\"temp1\",\"next\":1,~");
	client_expect(client, "{\"ready\":\"temp1\",\"seq\":0}");
	feed_number(temp, 1);
	client_expect(client, EVENT("temp1", "1", "\"value\":1"));
}

/* The peer takes nothing until the stream has gone again, and its log not yet. */
static void
a_stream_that_goes_before_it_was_announced_is_not_told(void **state)
{
	struct client *client;
	struct feed *door, *brief;
	char byte[4096];

	(void)state;
	sink_open();
	door = feed_start("door");
	client = subscribed("{\"subscribe\":[\"*\"]}");
	client_expect(client, "{\"subscribed\":\"door\",~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":\"door\",~");
	feed_numbers(door, 1, 20000);
	settle();
	brief = feed_start("brief");
	feed_stop(brief, false);
	assert_true(loop_turn() > 0);
	while (recv(client->fd, byte, sizeof byte, MSG_DONTWAIT) > 0)
		continue;
	settle();
	client_free(client);
	client = client_new();
	client_ask(client, "{\"ping\":1}", "{\"reply\":\"ping\"}");
}

static void
a_removed_stream_says_ended_and_may_come_again(void **state)
{
	struct feed *door;
	struct client *client;
	char old[32];

	(void)state;
	sink_open();
	door = feed_start("door");
	client = subscribed("{\"subscribe\":[\"door\"]}");
	client_expect(client, "{\"subscribed\":\"door\",~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":\"door\",~");
	feed_number(door, 1);
	client_expect(client, EVENT("door", "1", "\"value\":1"));
	snprintf(old, sizeof old, "%s", feed_epoch("door"));
	feed_stop(door, false);
	client_expect(client, "{\"state\":\"door\",\"is\":\"ended\",\"seq\":2,~");
	client_expect_nothing(client);
	client_ask(client, "{\"list\":[\"door\"]}",
	    "{\"reply\":\"list\",\"count\":0,\"unmatched\":[\"door\"]}");
	feed_start("door");
	client_expect(client, "{\"subscribed\":\"door\",\"next\":1,~");
	client_expect(client, "{\"ready\":\"door\",\"seq\":0}");
	assert_string_not_equal(old, feed_epoch("door"));
}

static void
what_is_not_allowed_looks_like_what_is_not_there(void **state)
{
	struct feed *secret = feed_new("secret");
	struct client *client;
	static const uid_t nobody[] = { 65533 };

	(void)state;
	ONLY_IF(getuid() == 0 && seteuid(65534) == 0, "root alone can connect as somebody else");
	feed_options(secret)->restricted = true;
	feed_options(secret)->allow_uids = nobody;
	feed_options(secret)->allow_uid_count = 1;
	assert_int_equal(seteuid(getuid()), 0);
	feed_open(secret);
	sink_open();
	feed_start("open");
	/* root may all: whoever connects is somebody else, for the kernel notes it at connect(). */
	assert_int_equal(chmod(setting.folder, 0755), 0);
	assert_int_equal(chmod(setting.path, 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	client = client_connect();
	assert_int_equal(seteuid(getuid()), 0);
	client_expect(client, "{\"hello\":~");
	client_send(client, "{\"list\":[\"*\"]}\n{\"get\":[\"secret\"]}\n{\"subscribe\":"
	    "[\"secret\"]}\n");
	client_expect(client, "{\"list\":\"open\",~");
	client_expect(client, "{\"reply\":\"list\",\"count\":1,\"unmatched\":[]}");
	client_expect(client, "{\"reply\":\"get\",\"count\":0,\"unmatched\":[\"secret\"]}");
	client_expect(client, "{\"reply\":\"subscribe\",\"count\":0,\"unmatched\":[\"secret\"],~");
	client_send(client, "{\"subscribe\":[\"*\"]}\n");
	client_expect(client, "{\"subscribed\":\"open\",~");
	client_expect(client, "{\"reply\":\"subscribe\",\"count\":1,~");
}

static void
a_reload_takes_what_it_no_longer_allows(void **state)
{
	struct feed *door = feed_new("door");
	struct stream_options other;
	struct client *client;
	static const uid_t nobody[] = { 65534 };

	(void)state;
	ONLY_IF(getuid() == 0 && chmod(setting.folder, 0755) == 0, "root alone can be others");
	setting.options.mode = 0666;
	feed_open(door);
	sink_open();
	settle();
	assert_int_equal(seteuid(65534), 0);
	client = client_connect();
	assert_int_equal(seteuid(0), 0);
	client_send(client, "{\"subscribe\":[\"d*\"]}\n");
	client_expect(client, "{\"hello\":~");
	client_expect(client, "{\"subscribed\":\"door\",~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	other = *feed_options(door);
	other.restricted = true;
	assert_int_equal(stream_change(feed_stream(door), &other), 0);
	client_expect(client, "{\"error\":\"stream-gone\",\"message\":\"\\\"door\\\"~");
	feed_number(door, 1);
	client_expect_nothing(client);
	other.allow_uids = nobody;
	other.allow_uid_count = 1;
	assert_int_equal(stream_change(feed_stream(door), &other), 0);
	client_expect(client, "{\"subscribed\":\"door\",\"next\":2,~");
	client_expect(client, "{\"ready\":\"door\",\"seq\":1}");
	feed_number(door, 2);
	client_expect(client, EVENT("door", "2", "\"value\":2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(from_oldest_gives_all_that_the_ring_holds),
		ON_MANUAL_CLOCK(from_now_gives_none_of_it),
		ON_MANUAL_CLOCK(from_latest_gives_the_last_event_then_what_comes),
		ON_MANUAL_CLOCK(from_latest_gives_the_state_if_it_is_not_up),
		ON_MANUAL_CLOCK(from_latest_tells_no_state_that_is_over),
		ON_MANUAL_CLOCK(from_latest_of_a_silent_stream_gives_its_state),
		ON_MANUAL_CLOCK(after_goes_on_behind_what_was_seen),
		ON_MANUAL_CLOCK(after_what_the_ring_has_lost_is_a_gap_of_history),
		ON_MANUAL_CLOCK(after_of_another_epoch_is_a_gap_and_then_the_oldest),
		ON_MANUAL_CLOCK(after_beyond_the_head_is_an_error),
		ON_MANUAL_CLOCK(after_names_of_streams_that_are_gone_come_back_unmatched),
		ON_MANUAL_CLOCK(an_ended_stream_gives_its_ring_and_ready_and_silence),
		ON_MANUAL_CLOCK(a_subscribed_stream_named_again_fails_whole),
		ON_MANUAL_CLOCK(through_a_glob_it_is_left_as_it_is_and_listed),
		ON_MANUAL_CLOCK(a_glob_takes_in_streams_that_come_later),
		ON_MANUAL_CLOCK(a_stream_that_goes_before_it_was_announced_is_not_told),
		ON_MANUAL_CLOCK(a_removed_stream_says_ended_and_may_come_again),
		ON_MANUAL_CLOCK(what_is_not_allowed_looks_like_what_is_not_there),
		ON_MANUAL_CLOCK(a_reload_takes_what_it_no_longer_allows),
		ON_REAL_LOOP(a_removed_stream_says_ended_and_may_come_again),
	};

	return cmocka_run_group_tests_name("subscribing", tests, NULL, NULL);
}

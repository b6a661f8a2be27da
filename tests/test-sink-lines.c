/* Long lines and full outboxes: every line comes whole, or is told as lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink-reader.h"

/* A JSON string of so many bytes. */
static void
feed_string(struct feed *feed, size_t length, char letter)
{
	char *text = malloc(length + 1);

	assert_non_null(text);
	memset(text, letter, length);
	text[0] = text[length - 1] = '"';
	text[length] = '\0';
	feed_text(feed, text);
	free(text);
}

static void
a_line_that_was_cut_is_completed_before_the_gap(void **state)
{
	struct feed *feed = feed_new("wide");
	struct reader reader;

	(void)state;
	sink_open();
	feed_options(feed)->log.max_line = 32 * 1024;
	feed_options(feed)->log.size = 128 * 1024;
	feed_open(feed);
	settle();
	reader = reader_subscribe("wide", "skip");
	for (int i = 0; i < 600; i++) {
		feed_string(feed, (size_t)(i * 7919 % 19000 + 2), (char)('a' + i % 26));
		settle();
		if (i % 97 == 96)
			reader_read(&reader);
	}
	reader_read(&reader);
	assert_int_equal(reader.next, 601);
	assert_true(reader.gaps > 0);
}

/* ----------------------------------------------------------- small outboxes */

static void
small_outbox(void)
{
	setting.options.limits.outbox = 64 * 1024;
	setting.options.limits.request = 1024;
	setting.options.limits.subscriptions = 8;
	sink_open();
}

static void
last_events_that_fill_the_outbox_come_one_after_the_other(void **state)
{
	struct feed *feeds[4];
	struct client *client;
	char name[16];
	int events = 0, ready = 0;

	(void)state;
	small_outbox();
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "s%d", i);
		feeds[i] = feed_new(name);
		feed_options(feeds[i])->log.max_line = 32 * 1024;
		feed_open(feeds[i]);
		feed_string(feeds[i], 30000, 'x');
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
}

static void
set_max_line(struct feed *feed, size_t max_line)
{
	feed_options(feed)->log.max_line = max_line;
	assert_int_equal(stream_change(feed_stream(feed), feed_options(feed)), 0);
	settle();
}

static struct feed *
narrow_feed(void)
{
	struct feed *feed = feed_new("s");

	feed_options(feed)->log.max_line = 16 * 1024;
	feed_open(feed);
	settle();
	return feed;
}

/* Three short ones among them; the peer takes the second long one in part. */
static void
feed_too_long(struct feed *feed)
{
	feed_string(feed, 100, 'a');
	feed_string(feed, 100000, 'b');
	feed_string(feed, 100, 'c');
	feed_string(feed, 200000, 'd');
	feed_string(feed, 100, 'e');
	settle();
}

static void
lines_that_outgrew_the_outbox_are_told_and_never_torn(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	small_outbox();
	feed = narrow_feed();
	reader = reader_subscribe("s", "skip");
	set_max_line(feed, 256 * 1024);
	feed_too_long(feed);
	feed_too_long(feed);
	reader_read(&reader);
	assert_int_equal(reader.events, 6);
	assert_int_equal(reader.gaps, 4);
	assert_int_equal(reader.lost, 4);
	assert_int_equal(reader.next, 11);
}

static void
lines_of_a_time_when_they_might_be_longer_are_told_too(void **state)
{
	struct feed *feed;
	struct reader reader;

	(void)state;
	small_outbox();
	feed = narrow_feed();
	set_max_line(feed, 256 * 1024);
	feed_too_long(feed);
	set_max_line(feed, 16 * 1024);
	reader = reader_subscribe("s", "skip");
	reader_read(&reader);
	assert_int_equal(reader.events, 3);
	assert_int_equal(reader.lost, 2);
	assert_int_equal(reader.next, 6);
	assert_int_equal(reader.ready, 6);
}

static void
a_last_event_that_has_no_room_is_told_before_the_state(void **state)
{
	struct client *client;
	struct feed *feed;

	(void)state;
	small_outbox();
	feed = narrow_feed();
	set_max_line(feed, 256 * 1024);
	feed_string(feed, 100000, 'a');
	feed_state(feed, STATE_DOWN);
	settle();
	set_max_line(feed, 16 * 1024);
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"s\"],\"from\":\"latest\"}", "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"gap\":\"s\",\"from\":1,\"to\":1,\"lost\":1,\"stage\":\"queue\"}");
	client_expect(client, "{\"state\":\"s\",\"is\":\"down\",\"seq\":2,~");
	client_expect(client, "{\"ready\":\"s\",\"seq\":2}");
	client_expect_nothing(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(a_line_that_was_cut_is_completed_before_the_gap),
		ON_REAL_LOOP(a_line_that_was_cut_is_completed_before_the_gap),
		ON_MANUAL_CLOCK(last_events_that_fill_the_outbox_come_one_after_the_other),
		ON_MANUAL_CLOCK(lines_that_outgrew_the_outbox_are_told_and_never_torn),
		ON_MANUAL_CLOCK(lines_of_a_time_when_they_might_be_longer_are_told_too),
		ON_MANUAL_CLOCK(a_last_event_that_has_no_room_is_told_before_the_state),
	};

	return cmocka_run_group_tests_name("long lines", tests, NULL, NULL);
}

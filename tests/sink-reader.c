#include "sink-reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

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

void
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

struct reader
reader_subscribe(const char *name, const char *lag)
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

struct feed *
feed_small_ring(const char *name)
{
	struct feed *feed = feed_new(name);

	feed_options(feed)->log.max_line = 2048;
	feed_options(feed)->log.size = 8192;
	feed_open(feed);
	settle();
	return feed;
}

void
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

#include "limits-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-fdstore.h"
#include "producer.h"

struct limits limits;

const char *
limits_config(const char *max_line, int max_producers)
{
	static char json[500];
	char listen[220];

	if (limits.port != 0)
		snprintf(listen, sizeof listen, "tcp:%d", ntohs(limits.port));
	else
		snprintf(listen, sizeof listen, "unix:%s", fixture_path);
	snprintf(json, sizeof json, "{\"source\":{\"type\":\"socket\",\"listen\":\"%s\","
	    "\"max_producers\":%d},\"max_line\":\"%s\",\"operators\":[%s],\"history\":\"1MiB\"}",
	    listen, max_producers, max_line, limits.operators);
	return json;
}

int
limits_setup(void **state)
{
	int r = fixture_manual(state);

	fake_store_is_there = true;
	limits = (struct limits){ .operators = "" };
	return r;
}

int
limits_teardown(void **state)
{
	int r;

	if (limits.stream != NULL)
		fixture_stop(limits.stream, false);
	r = fixture_close(state);
	fake_store_clear();
	return r;
}

void
limits_begin(const char *max_line, int max_producers)
{
	limits.stream = fixture_stream("in", limits_config(max_line, max_producers));
	loop_manual_settle();
}

int
join(void)
{
	int fd = producer();

	loop_manual_settle();
	return fd;
}

void
say(int fd, const char *text)
{
	put(fd, text);
	loop_manual_settle();
}

void
say_many(int fd, char byte, size_t count)
{
	char *bytes = malloc(count);

	assert_non_null(bytes);
	memset(bytes, byte, count);
	put_bytes(fd, bytes, count);
	loop_manual_settle();
	free(bytes);
}

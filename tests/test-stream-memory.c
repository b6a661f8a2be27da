/* Every allocation of a stream's life failed once, one after the other: nothing leaks, nothing
 * breaks, and what could not be had is had later. */
#include "refused.h"
#include "stream-fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "async/rejection.h"
#include "streams/operator.h"

/* ----------------------------------------------------------------- the allocator */

static long countdown;               /* 0: none fails */
static bool failed;

bool
refused(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	failed = true;
	return true;
}

/* --------------------------------------------------------------------- a whole life */

static bool stopped;

static void
note_stopped(struct stream *stream, void *context)
{
	(void)stream;
	(void)context;
	stopped = true;
}

static void
ready(struct cursor *cursor)
{
	(void)cursor;
}

/* Begins, is blocked for a while, changes to the other config and back, and is stopped; with one
 * allocation failing on the way. */
static void
live(const struct stream_options *options, const struct stream_options *other,
    void (*during)(void))
{
	static struct cursor cursor;
	struct stream *stream = NULL;
	int r = stream_new(fixture_arena, options, &stream);

	if (r < 0) {
		assert_int_equal(r, -ENOMEM);
		return;
	}
	cursor = (struct cursor){ .ready = ready };
	cursor_open(&cursor, stream_log(stream), 1, LAG_BLOCK);
	loop_manual_advance(5 * SECOND);
	during();
	loop_manual_advance(20 * SECOND);
	cursor_close(&cursor);
	loop_manual_advance(40 * SECOND);
	if (stream_change(stream, other) == 0)
		loop_manual_advance(60 * SECOND);
	countdown = 0;
	assert_int_equal(stream_change(stream, options), 0);
	loop_manual_advance(60 * SECOND);
	during();
	loop_manual_advance(60 * SECOND);
	/* Whatever failed, it works in the end. */
	assert_true(stream_state(stream) == STATE_UP || stream_state(stream) == STATE_ENDED);
	assert_true(log_next_seq(stream_log(stream)) > 3);
	stopped = false;
	stream_stop(stream, false, note_stopped, NULL);
	loop_manual_settle();
	assert_true(stopped);
}

static void
hear_rejection(const struct rejection *rejection, void *context)
{
	(void)rejection;
	(void)context;
	fail_msg("a rejection was not handled");
}

static void
fail_each(const char *json, const char *other_json, void (*during)(void))
{
	const struct stream_options *options, *other;
	long n = 0;

	rejection_set_hook(hear_rejection, NULL);
	do {
		assert_int_equal(fixture_manual(NULL), 0);
		options = fixture_options("memory", json);
		other = fixture_options("memory", other_json);
		failed = false;
		countdown = ++n;
		live(options, other, during);
		countdown = 0;
		assert_int_equal(fixture_close(NULL), 0);
	} while (failed);
	rejection_set_hook(NULL, NULL);
	assert_true(n > 5);
}

static void
nothing(void)
{
}

static void
a_timer_through_all_operators(void **state)
{
	(void)state;
	fail_each("{\"source\":{\"type\":\"timer\",\"interval\":\"100ms\"},\"operators\":["
	    "{\"op\":\"filter\",\"not\":3},{\"op\":\"scale\",\"factor\":0.5},"
	    "{\"op\":\"deadband\",\"by\":0.1},{\"op\":\"drop\",\"count\":2},"
	    "{\"op\":\"take\",\"count\":100000}],\"max_line\":\"1KiB\",\"history\":\"16KiB\"}",
	    "{\"source\":{\"type\":\"timer\",\"interval\":\"1s\"},"
	    "\"max_line\":\"1KiB\",\"history\":\"32KiB\",\"open\":\"on-demand\"}", nothing);
}

static void
an_attribute_and_a_regular_expression(void **state)
{
	(void)state;
	fail_each("{\"source\":{\"type\":\"attr\",\"path\":\"/proc/loadavg\",\"field\":1},"
	    "\"max_line\":\"1KiB\",\"history\":\"16KiB\"}",
	    "{\"source\":{\"type\":\"attr\",\"path\":\"/proc/loadavg\",\"match\":\"/([0-9]+)\"},"
	    "\"max_line\":\"1KiB\",\"history\":\"16KiB\"}", nothing);
}

static void
a_file(void **state)
{
	char json[400], other[400];
	FILE *to = fopen(fixture_path, "we");

	(void)state;
	assert_non_null(to);
	for (int i = 0; i < 200; i++)
		fprintf(to, "\"line %d\"\n", i);
	fclose(to);
	snprintf(json, sizeof json, "{\"source\":{\"type\":\"file\",\"path\":\"%s\"},"
	    "\"max_line\":\"1KiB\",\"history\":\"16KiB\"}", fixture_path);
	snprintf(other, sizeof other, "{\"source\":{\"type\":\"file\",\"path\":\"%s\",\"framing\":"
	    "\"ndjson\"},\"operators\":[{\"op\":\"filter\",\"matches\":\"9\"}],"
	    "\"max_line\":\"1KiB\",\"history\":\"16KiB\"}", fixture_path);
	fail_each(json, other, nothing);
}

static char socket_path[100];

static void
produce(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, socket_path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		for (int i = 0; i < 100; i++)
			(void)send(fd, "\"hello\"\n", 8, MSG_DONTWAIT | MSG_NOSIGNAL);
	loop_manual_advance(3 * SECOND);
	close(fd);
}

static void
a_socket_and_its_producers(void **state)
{
	char json[400], other[400];

	(void)state;
	snprintf(socket_path, sizeof socket_path, "%s/socket", fixture_folder);
	snprintf(json, sizeof json, "{\"source\":{\"type\":\"socket\",\"listen\":\"unix:%s\"},"
	    "\"max_line\":\"1KiB\",\"history\":\"16KiB\"}", socket_path);
	snprintf(other, sizeof other, "{\"source\":{\"type\":\"socket\",\"listen\":\"unix:%s\","
	    "\"framing\":\"ndjson\",\"max_producers\":2},"
	    "\"max_line\":\"1KiB\",\"history\":\"16KiB\"}", socket_path);
	fail_each(json, other, produce);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_through_all_operators),
		cmocka_unit_test(an_attribute_and_a_regular_expression),
		cmocka_unit_test(a_file),
		cmocka_unit_test(a_socket_and_its_producers),
	};

	return cmocka_run_group_tests_name("streams without memory", tests, fixture_make_folder,
	    fixture_clear_folder);
}

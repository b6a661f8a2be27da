/* file: over files in a folder of the test's own. */
#include "stream-fixture.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async/job.h"

static void
put_bytes(const char *data, size_t length)
{
	FILE *to = fopen(fixture_path, "we");

	assert_non_null(to);
	assert_int_equal(fwrite(data, 1, length, to), length);
	fclose(to);
}

static void
put(const char *text)
{
	put_bytes(text, strlen(text));
}

static struct stream *
file(const char *options, const char *more)
{
	char json[500];

	snprintf(json, sizeof json, "{\"source\":{\"type\":\"file\",\"path\":\"%s\"%s}%s}",
	    fixture_path, options, more);
	return fixture_stream("file", json);
}

static int
close_and_remove(void **state)
{
	int r = fixture_close(state);

	unlink(fixture_path);
	return r;
}

static void
lines_come_in_order_and_then_it_has_ended(void **state)
{
	struct stream *stream;

	(void)state;
	put("one\ntwo\r\n\nthree");
	stream = file("", "");
	loop_manual_settle();
	assert_says(stream, " \"one\" \"two\" \"three\" ended");
}

static void
chunks_are_so_many_bytes_and_the_rest(void **state)
{
	struct stream *stream;

	(void)state;
	put_bytes("abc\0defg\nij", 11);
	stream = file(",\"framing\":\"chunks\",\"chunk\":4", "");
	loop_manual_settle();
	assert_says(stream, " \"YWJjAA==\" \"ZGVmZw==\" \"Cmlq\" ended");
}

static void
ndjson_is_checked(void **state)
{
	struct stream *stream;

	(void)state;
	put("{\"a\":1}\nnonsense\n[2]\n");
	stream = file(",\"framing\":\"ndjson\"", "");
	loop_manual_settle();
	assert_says(stream, " {\"a\":1} [2] ended");
	assert_int_equal(stream_rejected(stream), 1);
}

static void
an_empty_file_ends_at_once(void **state)
{
	struct stream *stream;

	(void)state;
	put("");
	stream = file("", "");
	loop_manual_settle();
	assert_says(stream, " ended");
}

static void
a_missing_file_is_waited_for(void **state)
{
	struct stream *stream = file("", "");

	(void)state;
	loop_manual_advance(20 * SECOND);
	assert_says(stream, " down(ENOENT)");
	assert_non_null(strstr(fixture_reports, "cannot open /tmp/"));
	put("here\n");
	stream_retry(stream);
	loop_manual_settle();
	assert_says(stream, " down(ENOENT) up \"here\" ended");
}

static void
a_folder_and_a_chunk_too_large_are_told(void **state)
{
	struct stream *stream;
	char json[300];

	(void)state;
	snprintf(json, sizeof json, "{\"source\":{\"type\":\"file\",\"path\":\"%s\"}}",
	    fixture_folder);
	stream = fixture_stream("folder", json);
	loop_manual_settle();
	assert_says(stream, " down(EISDIR)");
	put("x");
	stream = file(",\"framing\":\"chunks\",\"chunk\":\"1MiB\"", "");
	loop_manual_settle();
	assert_says(stream, " down(EMSGSIZE)");
}

static void
a_line_too_long_is_a_gap(void **state)
{
	static char text[300 * 1000];
	struct stream *stream;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "a\n", 2);
	text[70000] = '\n';
	memcpy(text + sizeof text - 3, "\nb\n", 3);
	put_bytes(text, sizeof text);
	stream = file("", "");
	loop_manual_settle();
	assert_says(stream, " \"a\" gap(1) gap(1) \"b\" ended");
}

static void
a_file_that_shrinks_ends_early(void **state)
{
	static char text[200 * 1000];
	struct stream *stream;

	(void)state;
	for (size_t i = 0; i < sizeof text; i += 100) {
		memset(text + i, 'x', 99);
		text[i + 99] = '\n';
	}
	put_bytes(text, sizeof text);
	stream = file("", "");
	while (log_next_seq(stream_log(stream)) == 1)
		assert_int_equal(loop_turn(), 1);
	assert_int_equal(truncate(fixture_path, 10), 0);
	loop_manual_settle();
	assert_int_equal(stream_state(stream), STATE_ENDED);
	assert_true(log_next_seq(stream_log(stream)) < 2000);
}

enum { LINES = 20000 };

static void
put_numbers(int count)
{
	FILE *to = fopen(fixture_path, "we");

	assert_non_null(to);
	for (int i = 1; i <= count; i++)
		fprintf(to, "%d\n", i);
	fclose(to);
}

/* Stopped anywhere and begun again, it tells each line once. */
static void
a_restart_goes_on_exactly_where_it_was(void **state)
{
	uint64_t deadline = clock_mono_ns() + 60 * SECOND;
	struct stream *stream;
	const char *says;
	int expected = 1;

	(void)state;
	put_numbers(LINES);
	stream = file(",\"framing\":\"ndjson\"", ",\"history\":\"4MiB\"");
	for (int i = 0; stream_state(stream) != STATE_ENDED; i++) {
		assert_true(clock_mono_ns() < deadline);
		sched_yield();          /* to the thread that reads, if there is one processor */
		loop_turn();
		jobs_run((size_t)(i * 37 % 1000));
		fixture_restart();
		stream = file(",\"framing\":\"ndjson\"", ",\"history\":\"4MiB\"");
		jobs_run((size_t)(i * 71 % 5000));
	}
	says = fixture_says(stream, 1);
	for (char *end; strcmp(says, " ended") != 0; says = end)
		assert_int_equal(strtol(says, &end, 10), expected++);
	assert_int_equal(expected, LINES + 1);
}

static void
another_file_of_the_name_is_read_from_its_beginning(void **state)
{
	static const char block[] = ",\"history\":\"256KiB\"";
	struct stream *stream;
	char old[200];
	uint64_t seq;

	(void)state;
	put_numbers(10 * LINES);
	stream = file("", block);
	while (log_next_seq(stream_log(stream)) == 1)
		assert_int_equal(loop_turn(), 1);
	assert_int_equal(stream_state(stream), STATE_UP);
	fixture_restart();
	/* Beside the old one, so that it cannot be given the same inode. */
	snprintf(old, sizeof old, "%s/old", fixture_folder);
	assert_int_equal(rename(fixture_path, old), 0);
	put("new\n");
	stream = file("", block);
	seq = log_next_seq(stream_log(stream));
	loop_manual_settle();
	assert_string_equal(fixture_says(stream, seq), " \"new\" ended");
	unlink(old);
}

#define TEST(test) { #test, test, fixture_manual, close_and_remove, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_come_in_order_and_then_it_has_ended),
		TEST(chunks_are_so_many_bytes_and_the_rest),
		TEST(ndjson_is_checked),
		TEST(an_empty_file_ends_at_once),
		TEST(a_missing_file_is_waited_for),
		TEST(a_folder_and_a_chunk_too_large_are_told),
		TEST(a_line_too_long_is_a_gap),
		TEST(a_file_that_shrinks_ends_early),
		TEST(a_restart_goes_on_exactly_where_it_was),
		TEST(another_file_of_the_name_is_read_from_its_beginning),
	};

	return cmocka_run_group_tests_name("file", tests, fixture_make_folder,
	    fixture_remove_folder);
}

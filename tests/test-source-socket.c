/* The socket source over real sockets. */
#include "producer.h"
#include "stream-fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ------------------------------------------------------------------------ helpers */

static struct stream *
listen_with(const char *options)
{
	char json[500];

	snprintf(json, sizeof json,
	    "{\"source\":{\"type\":\"socket\",\"listen\":\"unix:%s\"%s}}", fixture_path, options);
	return fixture_stream("in", json);
}

/* ---------------------------------------------------------------------- framings */

static void
lines_are_strings(void **state)
{
	struct stream *stream = listen_with("");
	int fd = producer();

	(void)state;
	put(fd, "hello\nwith CR\r\n\n\r\n  blanks \n\"quoted\"\n\xff!\nlast");
	fixture_await_says(stream, " \"hello\" \"with CR\" \"  blanks \" \"\\\"quoted\\\"\" "
	    "\"\xef\xbf\xbd!\"");
	close(fd);
	fixture_await_says(stream, " \"hello\" \"with CR\" \"  blanks \" \"\\\"quoted\\\"\" "
	    "\"\xef\xbf\xbd!\" \"last\"");
	assert_int_equal(stream_rejected(stream), 0);
}

static void
ndjson_is_handed_on_as_it_was_written(void **state)
{
	struct stream *stream = listen_with(",\"framing\":\"ndjson\"");
	int fd = producer();

	(void)state;
	put(fd, "{\"a\": 1.50, \"b\":[]}\r\n\n   \n 12 \n\"x\\u0041\"\nnull\n-0.10e5");
	close(fd);
	fixture_await_says(stream, " {\"a\": 1.50, \"b\":[]} 12 \"x\\u0041\" null -0.10e5");
	assert_int_equal(stream_rejected(stream), 0);
}

static void
an_invalid_line_is_told_to_nobody_and_counted_and_reported(void **state)
{
	struct stream *stream = listen_with(",\"framing\":\"ndjson\"");
	int fd = producer();
	char report[200];

	(void)state;
	put(fd, "1\n{\"a\":\n2\nnot json\n\"\xff\"\n{} {}\n3\n[1,\n");
	fixture_await_says(stream, " 1 2 3");
	fixture_until(stream_rejected(stream) == 5);
	snprintf(report, sizeof report, "in: rejected: invalid JSON of producer 0 (pid %d, uid %d): "
	    "byte 6 of a line: ", (int)getpid(), (int)getuid());
	assert_non_null(strstr(fixture_reports, report));
	/* At a limited rate: the first one only. */
	assert_null(strstr(strstr(fixture_reports, "rejected") + 1, "rejected"));
	close(fd);
}

static void
chunks_are_base64_of_so_many_bytes(void **state)
{
	struct stream *stream = listen_with(",\"framing\":\"chunks\",\"chunk\":4");
	int fd = producer();

	(void)state;
	put_bytes(fd, "abc\0d", 5);
	fixture_await_says(stream, " \"YWJjAA==\"");
	put(fd, "ef\n\xffxy");
	close(fd);
	fixture_await_says(stream, " \"YWJjAA==\" \"ZGVmCg==\" \"/3h5\"");
}

static void
a_chunk_that_fits_no_line_is_down_with_a_reason(void **state)
{
	struct stream *stream = listen_with(",\"framing\":\"chunks\",\"chunk\":\"64KiB\"");

	(void)state;
	fixture_await_says(stream, " down(EMSGSIZE)");
	assert_non_null(strstr(fixture_reports, "a chunk of 65536 bytes, in base64, is longer"));
}

/* ------------------------------------------------------------------------- length */

static void
put_long_line(int fd, size_t length)
{
	char *line = malloc(length + 1);

	assert_non_null(line);
	memset(line, 'x', length);
	line[length] = '\n';
	put_bytes(fd, line, length + 1);
	free(line);
}

static void
a_line_too_long_is_a_gap_and_the_next_one_is_read(void **state)
{
	struct stream *stream = listen_with("");
	int fd = producer();

	(void)state;
	put(fd, "a\n");
	put_long_line(fd, 65530);               /* its entry would be too long */
	put(fd, "b\n");
	put_long_line(fd, 70000);               /* seen whole */
	put(fd, "c\n");
	put_long_line(fd, 10 * 1000 * 1000);    /* given up long before its end */
	put(fd, "d\n");
	fixture_await_says(stream, " \"a\" gap(1) \"b\" gap(1) \"c\" gap(1) \"d\"");
	close(fd);
}

static void
a_line_in_the_longest_of_pieces_arrives_whole(void **state)
{
	struct stream *stream = listen_with("");
	char piece[1001] = "";
	int fd = producer();

	(void)state;
	memset(piece, 'y', sizeof piece - 1);
	for (int i = 0; i < 60; i++) {
		put(fd, piece);
		fixture_turn();
	}
	put(fd, "\nz\n");
	fixture_await(stream, 2);
	assert_int_equal(strlen(fixture_says(stream, 1)), 60 * 1000 + 3 + 4);
	close(fd);
}

/* ------------------------------------------------------------------ many producers */

enum { PRODUCERS = 40, LINES = 100 };

static void
many_producers_are_read_at_once_and_each_in_order(void **state)
{
	struct stream *stream = listen_with(",\"framing\":\"ndjson\"");
	int fds[PRODUCERS], stalled;
	char line[40];

	(void)state;
	stalled = producer();
	put(stalled, "[0,");
	for (int i = 0; i < PRODUCERS; i++)
		fds[i] = producer();
	for (int n = 0; n < LINES; n++)
		for (int i = 0; i < PRODUCERS; i++) {
			snprintf(line, sizeof line, "[%d,%d]%s", i, n, n + 1 < LINES ? "\n" : "");
			/* A line in two pieces now and then. */
			if ((n + i) % 7 == 0) {
				put_bytes(fds[i], line, 3);
				fixture_turn();
				put(fds[i], line + 3);
			} else
				put(fds[i], line);
		}
	for (int i = 0; i < PRODUCERS; i++)
		close(fds[i]);
	fixture_await(stream, PRODUCERS * LINES);
	assert_each_in_order(stream, PRODUCERS, LINES);
	close(stalled);
	fixture_until(stream_rejected(stream) == 1);
}

/* One that floods takes a batch a turn, of 64 KiB in all; the others are read all the same. */
static void
a_flood_delays_another_producer_by_no_more_than_its_batch(void **state)
{
	struct stream *stream = listen_with(",\"framing\":\"ndjson\"");
	static char flood[1000 * 1000];
	int loud = producer(), quiet = producer();
	size_t at = 0;

	(void)state;
	memset(flood, ' ', sizeof flood);
	for (size_t i = 0; i < sizeof flood; i += 1000)
		memcpy(flood + i, "7\n", 2);
	for (int i = 0; i < 20; i++) {
		ssize_t n = send(loud, flood + at, sizeof flood - at, MSG_DONTWAIT);
		uint64_t head = log_next_seq(stream_log(stream));

		at = (at + (n > 0 ? (size_t)n : 0)) % sizeof flood;
		put(quiet, "8\n");
		for (int turn = 0; turn < 3; turn++)
			fixture_turn();
		assert_in_range(log_next_seq(stream_log(stream)) - head, 1, 6 * 66);
		assert_non_null(strstr(fixture_says(stream, head), " 8"));
	}
	close(loud);
	close(quiet);
}

static void
who_comes_beyond_the_limit_is_told_so(void **state)
{
	struct stream *stream = listen_with(",\"max_producers\":2,\"framing\":\"ndjson\"");
	int a = producer(), b = producer(), c;
	char answer[100] = "";
	ssize_t n = -1;

	(void)state;
	put(a, "1\n");
	put(b, "2\n");
	fixture_await(stream, 2);
	c = producer();
	fixture_until((n = recv(c, answer, sizeof answer - 1, MSG_DONTWAIT)) > 0);
	assert_string_equal(answer, "{\"error\":\"too-many-producers\"}\n");
	assert_int_equal(recv(c, answer, sizeof answer, 0), 0);
	close(c);
	close(a);
	fixture_turn();
	fixture_turn();
	c = producer();
	put(c, "3\n");
	fixture_await(stream, 3);
	close(b);
	close(c);
	assert_int_equal(stream_rejected(stream), 1);
}

/* ------------------------------------------------------------------------ listening */

static void
tcp_is_listened_to_on_this_machine(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof address;
	struct stream *stream;
	char json[200];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	/* A port that is free. */
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	close(fd);
	snprintf(json, sizeof json, "{\"source\":{\"type\":\"socket\",\"listen\":\"tcp:%d\"}}",
	    ntohs(address.sin_port));
	stream = fixture_stream("in", json);
	assert_says(stream, "");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	put(fd, "over TCP\n");
	fixture_await_says(stream, " \"over TCP\"");
	close(fd);
}

/* Somebody else's, which has the path. */
static int
bound_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, fixture_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void
a_stale_socket_file_is_replaced(void **state)
{
	struct stream *stream;
	int fd = bound_socket();

	(void)state;
	close(fd);
	stream = listen_with("");
	fd = producer();
	put(fd, "hello\n");
	fixture_await_says(stream, " \"hello\"");
	close(fd);
}

static void
a_socket_that_answers_is_left_alone(void **state)
{
	struct stream *stream;
	int fd = bound_socket();

	(void)state;
	assert_int_equal(listen(fd, 5), 0);
	stream = listen_with("");
	fixture_await_says(stream, " down(EADDRINUSE)");
	assert_non_null(strstr(fixture_reports, "somebody else listens at"));
	/* It gives up: then it is ours, within the time that retry waits. */
	close(fd);
	fixture_await_says(stream, " down(EADDRINUSE) up");
}

static void
a_file_of_that_name_and_a_missing_folder_are_told(void **state)
{
	struct stream *stream;
	char json[300];

	(void)state;
	close(open(fixture_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	stream = listen_with("");
	fixture_await_says(stream, " down(EEXIST)");
	unlink(fixture_path);
	snprintf(json, sizeof json,
	    "{\"source\":{\"type\":\"socket\",\"listen\":\"unix:%s/no/in.sock\"}}", fixture_folder);
	stream = fixture_stream("other", json);
	fixture_await_says(stream, " down(ENOENT)");
	assert_non_null(strstr(fixture_reports, "its folder is missing"));
}

static void
the_file_has_the_mode_asked_for_and_goes_with_the_stream(void **state)
{
	struct stat status;

	(void)state;
	umask(022);
	fixture_stop(listen_with(",\"mode\":\"0622\""), false);
	assert_int_equal(lstat(fixture_path, &status), -1);
	(void)listen_with(",\"mode\":\"0622\"");
	assert_int_equal(lstat(fixture_path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0622);
}

static void
a_wrong_address_is_a_mistake_of_the_config(void **state)
{
	static const char *const wrong[] = {
		"unix:relative", "unix:", "tcp:", "tcp:0", "tcp:65536", "tcp:12x", "tcp:host:80",
		"tcp:1.2.3:80", "tcp:[::1:80", "tcp:[::g]:80", "udp:1", "/run/x",
		"tcp:1111111111111111111111111111111111111111111111111111111111111111111111111:80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char json[200], *mistake;

		snprintf(json, sizeof json,
		    "{\"source\":{\"type\":\"socket\",\"listen\":\"%s\"}}", wrong[i]);
		mistake = fixture_mistake(json);
		assert_int_equal(strncmp(mistake, "/streams/s/source/listen: ", 26), 0);
		free(mistake);
	}
}

/* It accepts beyond the limit and closes again, so that the connection is gone. */
static bool
is_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

static void
without_fds_it_waits_and_says_so_once(void **state)
{
	struct stream *stream;
	struct rlimit limit, few;
	int fd, lowest;

	(void)state;
	if (is_valgrind()) {
		print_message("skipped: valgrind makes accept() fail in its own way\n");
		skip();
	}
	stream = listen_with(",\"framing\":\"ndjson\"");
	fd = producer();
	put(fd, "1\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	lowest = dup(fd);
	few = (struct rlimit){ (rlim_t)lowest, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < 5; i++)
		fixture_turn();
	assert_says(stream, "");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	close(lowest);
	fixture_await_says(stream, " 1");
	fixture_until(strstr(fixture_reports, "again") != NULL);
	assert_string_equal(fixture_reports,
	    "in: cannot accept a producer: Too many open files; trying again\n"
	    "in: accepts producers again\n");
	close(fd);
}

/* One leaves and one comes in, again and again, and others wait. */
static void
while_it_cannot_let_in_all_it_says_so_once(void **state)
{
	enum { COUNT = 6, PLACES = 2 };
	struct stream *stream;
	struct rlimit limit, few;
	int fds[COUNT], lowest[PLACES];

	(void)state;
	if (is_valgrind())
		skip();
	stream = listen_with("");
	for (int i = 0; i < COUNT; i++)
		fds[i] = producer();
	for (int i = 0; i < PLACES; i++)
		lowest[i] = dup(fds[0]);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){ (rlim_t)lowest[PLACES - 1] + 1, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < PLACES; i++)
		close(lowest[i]);
	for (int i = 0; i < COUNT; i++) {
		put(fds[i], "x\n");
		fixture_await(stream, (uint64_t)i + 1);
		if (i + PLACES < COUNT)
			assert_null(strstr(fixture_reports, "accepts producers again"));
		assert_int_equal(shutdown(fds[i], SHUT_RDWR), 0);
	}
	fixture_until(strstr(fixture_reports, "accepts producers again") != NULL);
	assert_string_equal(fixture_reports,
	    "in: cannot accept a producer: Too many open files; trying again\n"
	    "in: accepts producers again\n");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
}

static void
a_reload_that_changes_it_listens_anew(void **state)
{
	struct stream *stream = listen_with(",\"framing\":\"ndjson\"");
	int fd = producer();
	char json[300], byte;

	(void)state;
	put(fd, "1\n");
	fixture_await_says(stream, " 1");
	snprintf(json, sizeof json,
	    "{\"source\":{\"type\":\"socket\",\"listen\":\"unix:%s\",\"framing\":\"lines\"}}",
	    fixture_path);
	fixture_change(stream, json);
	fixture_await_says(stream, " 1 changed");
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
	fd = producer();
	put(fd, "2\n");
	fixture_await_says(stream, " 1 changed \"2\"");
	close(fd);
}

#define TEST(test) ON_REAL_LOOP(test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_strings),
		TEST(ndjson_is_handed_on_as_it_was_written),
		TEST(an_invalid_line_is_told_to_nobody_and_counted_and_reported),
		TEST(chunks_are_base64_of_so_many_bytes),
		TEST(a_chunk_that_fits_no_line_is_down_with_a_reason),
		TEST(a_line_too_long_is_a_gap_and_the_next_one_is_read),
		TEST(a_line_in_the_longest_of_pieces_arrives_whole),
		TEST(many_producers_are_read_at_once_and_each_in_order),
		TEST(a_flood_delays_another_producer_by_no_more_than_its_batch),
		TEST(who_comes_beyond_the_limit_is_told_so),
		TEST(tcp_is_listened_to_on_this_machine),
		TEST(a_stale_socket_file_is_replaced),
		TEST(a_socket_that_answers_is_left_alone),
		TEST(a_file_of_that_name_and_a_missing_folder_are_told),
		TEST(the_file_has_the_mode_asked_for_and_goes_with_the_stream),
		TEST(a_wrong_address_is_a_mistake_of_the_config),
		TEST(without_fds_it_waits_and_says_so_once),
		TEST(while_it_cannot_let_in_all_it_says_so_once),
		TEST(a_reload_that_changes_it_listens_anew),
	};

	return cmocka_run_group_tests_name("the socket", tests, fixture_make_folder,
	    fixture_clear_folder);
}

/* attr: over files of a folder of the test's own, of procfs, and a terminal that keeps silent. */
#include "stream-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "sources/attr_parse.h"
#include "sources/blocking.h"

static const char *
path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof path, "%s/%s", fixture_folder, name);
	return path;
}

static void
put(const char *name, const char *text)
{
	FILE *to = fopen(path_of(name), "we");

	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

static void
take_away(const char *name)
{
	unlink(path_of(name));
}

static struct stream *
attr(const char *path, const char *options)
{
	char json[500];

	snprintf(json, sizeof json, "{\"source\":{\"type\":\"attr\",\"path\":\"%s\"%s}}", path,
	    options);
	return fixture_stream("attr", json);
}

/* ----------------------------------------------------------------------- parsing */

static const char meminfo[] =
    "MemTotal:       16316412 kB\nMemFree:         1234 kB\nMemAvailable:    9876543 kB\n";
static const char pressure[] =
    "some avg10=1.50 avg60=0.25 avg300=0.00 total=1234\nfull avg10=0.75 avg60=0.00 total=99\n";

/* What the options make of the text, in few words. */
static const char *
parsed(const struct attr_options *options, const char *text)
{
	static char said[100];
	struct json_value value;
	regex_t regex;
	int r;

	if (options->match != NULL)
		assert_int_equal(regcomp(&regex, options->match, REG_EXTENDED | REG_NEWLINE), 0);
	r = attr_parse(options, options->match != NULL ? &regex : NULL, text, strlen(text), &value);
	if (options->match != NULL)
		regfree(&regex);
	if (r < 0)
		snprintf(said, sizeof said, "%s", strerrorname_np(-r));
	else if (value.kind == JSON_KIND_INTEGER)
		snprintf(said, sizeof said, "%lld", (long long)value.integer);
	else if (value.kind == JSON_KIND_DOUBLE)
		snprintf(said, sizeof said, "%.17g", value.number);
	else
		snprintf(said, sizeof said, "\"%.*s\"", (int)value.text.length, value.text.data);
	return said;
}

#define OPTIONS(...) (&(const struct attr_options){ __VA_ARGS__ })
#define SCALED(x) .scale = (x), .has_scale = true

static void
all_of_a_file_is_a_number_or_a_text(void **state)
{
	(void)state;
	assert_string_equal(parsed(OPTIONS(.result = ATTR_AUTO), "42\n"), "42");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_AUTO), " -1.5e3 \n"), "-1500");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_AUTO), "Not charging\n"),
	    "\"Not charging\"");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_AUTO), "0x1f"), "\"0x1f\"");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_AUTO), "nan"), "\"nan\"");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_AUTO), "1e999"), "\"1e999\"");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_AUTO), "99999999999999999999"), "1e+20");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_AUTO), ""), "\"\"");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_TEXT), "42\n"), "\"42\"");
	assert_string_equal(parsed(OPTIONS(.result = ATTR_NUMBER), "x\n"), "EBADMSG");
}

static void
a_field_is_a_word_by_number_or_by_name(void **state)
{
	(void)state;
	assert_string_equal(parsed(OPTIONS(.field.number = 2), "0.00 0.12 0.05 1/89 77"), "0.12");
	assert_string_equal(parsed(OPTIONS(.field.number = 4), "0.00 0.12 0.05 1/89 77"),
	    "\"1/89\"");
	assert_string_equal(parsed(OPTIONS(.field.number = 6), "0.00 0.12 0.05 1/89 77"),
	    "ENODATA");
	assert_string_equal(parsed(OPTIONS(.field.name = "MemAvailable"), meminfo), "9876543");
	assert_string_equal(parsed(OPTIONS(.field.name = "MemFree:"), meminfo), "1234");
	assert_string_equal(parsed(OPTIONS(.field.name = "Mem"), meminfo), "ENODATA");
	assert_string_equal(parsed(OPTIONS(.field.name = "avg10"), pressure), "1.5");
	assert_string_equal(parsed(OPTIONS(.field.name = "total="), pressure), "1234");
	assert_string_equal(parsed(OPTIONS(.field.name = "pgfault"), "nr 1\npgfault 7\n"), "7");
	assert_string_equal(parsed(OPTIONS(.field.name = "last"), "last"), "ENODATA");
}

static void
match_takes_its_group(void **state)
{
	(void)state;
	assert_string_equal(parsed(OPTIONS(.match = "^full avg10=([0-9.]+)"), pressure), "0.75");
	assert_string_equal(parsed(OPTIONS(.match = "t=(-?[0-9]+)", SCALED(0.001)),
	    "4b 46 7f ff : crc=b6 YES\n4b 46 7f ff t=-1062\n"), "-1.0620000000000001");
	assert_string_equal(parsed(OPTIONS(.match = "no(thing)"), pressure), "ENODATA");
	assert_string_equal(parsed(OPTIONS(.match = "some|x(y)"), pressure), "ENODATA");
}

static void
numbers_are_scaled_as_decimals(void **state)
{
	(void)state;
	assert_string_equal(parsed(OPTIONS(SCALED(0.001)), "21437"), "21.437000000000001");
	assert_true(21437 / 1000.0 <= 21.437 && 21437 / 1000.0 >= 21.437);
	assert_string_equal(parsed(OPTIONS(SCALED(2), .offset = 0.5, .has_offset = true), "4"),
	    "8.5");
	assert_string_equal(parsed(OPTIONS(.offset = 1, .has_offset = true), "4"), "5");
	assert_string_equal(parsed(OPTIONS(SCALED(2)), "four"), "EBADMSG");
}

/* --------------------------------------------------------------------- the stream */

static void
it_reads_at_once_and_then_at_each_interval(void **state)
{
	struct stream *stream;

	(void)state;
	put("temp", "1\n");
	stream = attr(path_of("temp"), ",\"interval\":\"10s\"");
	loop_manual_settle();
	assert_says(stream, " 1");
	put("temp", "2\n");
	loop_manual_advance(10 * SECOND - 1);
	assert_says(stream, " 1");
	loop_manual_advance(1);
	assert_says(stream, " 1 2");
	put("temp", "off\n");
	loop_manual_advance(20 * SECOND);
	assert_says(stream, " 1 2 \"off\" \"off\"");
	take_away("temp");
}

static void
a_glob_has_to_match_one_file(void **state)
{
	struct stream *stream;

	(void)state;
	put("hwmon7", "5\n");
	stream = attr(path_of("hwmon*"), ",\"interval\":\"1s\"");
	loop_manual_settle();
	assert_says(stream, " 5");
	put("hwmon8", "6\n");
	loop_manual_advance(SECOND);
	assert_says(stream, " 5 down(ENOTUNIQ)");
	assert_non_null(strstr(fixture_reports, "/hwmon7, "));
	assert_non_null(strstr(fixture_reports, "/hwmon8: "));
	take_away("hwmon7");
	loop_manual_advance(2 * SECOND);
	assert_string_equal(fixture_says(stream, 2), " down(ENOTUNIQ) up 6 6");
	take_away("hwmon8");
}

static void
what_vanishes_is_down_and_comes_back_up(void **state)
{
	struct stream *stream;

	(void)state;
	put("temp", "1\n");
	stream = attr(path_of("temp"), ",\"interval\":\"1s\"");
	loop_manual_settle();
	take_away("temp");
	loop_manual_advance(20 * SECOND);
	assert_says(stream, " 1 down(ENOENT)");
	put("temp", "2\n");
	stream_retry(stream);
	loop_manual_settle();
	assert_says(stream, " 1 down(ENOENT) up 2");
	take_away("temp");
}

static void
a_field_that_is_not_there_is_down_with_its_name(void **state)
{
	struct stream *stream;

	(void)state;
	put("temp", "1\n");
	stream = attr(path_of("temp"), ",\"field\":\"level\"");
	loop_manual_settle();
	assert_says(stream, " down(ENODATA)");
	assert_non_null(strstr(fixture_reports, "/temp has no field \"level\": "));
	fixture_change(stream, "{\"source\":{\"type\":\"attr\",\"path\":\"/proc/loadavg\","
	    "\"field\":99}}");
	loop_manual_settle();
	assert_non_null(strstr(fixture_reports, "/proc/loadavg has fewer than 99 fields: "));
	take_away("temp");
}

static void
real_files_of_procfs_give_numbers(void **state)
{
	struct stream *load, *memory;

	(void)state;
	load = fixture_stream("load",
	    "{\"source\":{\"type\":\"attr\",\"path\":\"/proc/loadavg\",\"field\":1}}");
	memory = fixture_stream("memory", "{\"source\":{\"type\":\"attr\",\"path\":"
	    "\"/proc/meminfo\",\"field\":\"MemAvailable\",\"result\":\"number\"}}");
	loop_manual_advance(3 * SECOND);
	assert_int_equal(log_next_seq(stream_log(load)), 5);
	assert_int_equal(log_next_seq(stream_log(memory)), 5);
	assert_true(atof(fixture_says(memory, 4)) > 1000);
}

/* ------------------------------------------------------------------ what blocks */

static char terminal[100];

static int
open_terminal(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios mode;

	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0
	    || ptsname_r(fd, terminal, sizeof terminal) != 0)
		return -1;
	tcgetattr(fd, &mode);
	mode.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSANOW, &mode);
	return fd;
}

static void
a_read_that_hangs_is_down_and_the_next_is_not_begun(void **state)
{
	int fd = open_terminal();
	struct stream *stream, *other;

	(void)state;
	if (fd < 0)
		skip();
	stream = attr(terminal, ",\"interval\":\"5ms\",\"timeout\":\"30ms\"");
	fixture_await_says(stream, " down(ETIMEDOUT)");
	assert_non_null(strstr(fixture_reports, "a read of /dev/pts/"));
	other = fixture_stream("other", "{\"source\":{\"type\":\"attr\",\"path\":\"/proc/uptime\","
	    "\"field\":1,\"interval\":\"5ms\"}}");
	fixture_await(other, 5);
	assert_says(stream, " down(ETIMEDOUT)");
	assert_int_equal(write(fd, "21\n", 3), 3);
	fixture_await_says(stream, " down(ETIMEDOUT) up 21");
	/* The next read hangs again. */
	fixture_await_says(stream, " down(ETIMEDOUT) up 21 down(ETIMEDOUT)");
	fixture_stop(stream, false);
	close(fd);
}

static int fds[2], running;

static int
hang(void *data)
{
	char byte;

	__atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
	*(int *)data = (int)read(fds[0], &byte, 1);
	return byte == 'e' ? -EIO : 7;
}

struct call {
	struct job job;
	struct blocking *blocking;
	int state;                       /* what its promise came to */
	int result;
};

static void
call_done(struct job *job)
{
	struct call *call = (struct call *)job;

	call->state = job->promise->state;
	call->result = (int)job->promise->value.number;
}

static int finis;

static void
count_fini(void *data)
{
	(void)data;
	__atomic_add_fetch(&finis, 1, __ATOMIC_SEQ_CST);
}

static void
call_begin(struct call *call)
{
	*call = (struct call){ .job.run = call_done, .state = -1 };
	call->blocking = blocking_open(sizeof(int), count_fini);
	promise_perform_then(blocking_run(call->blocking, hang), &call->job);
}

static int
calls_done(const struct call *calls, int count)
{
	int done = 0;

	for (int i = 0; i < count; i++)
		done += calls[i].state >= 0;
	return done;
}

/* More calls than there are threads: those that hang keep theirs, the others wait their turn. */
static void
calls_share_threads_and_wait_their_turn(void **state)
{
	enum { COUNT = BLOCKING_THREADS + 8 };
	struct call calls[COUNT];

	(void)state;
	running = finis = 0;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	for (int i = 0; i < COUNT; i++)
		call_begin(&calls[i]);
	fixture_until(__atomic_load_n(&running, __ATOMIC_SEQ_CST) == BLOCKING_THREADS);
	fixture_turn();
	assert_int_equal(__atomic_load_n(&running, __ATOMIC_SEQ_CST), BLOCKING_THREADS);
	/* One that waits its turn goes; one that is being made is left to its thread. */
	promise_forget(&calls[COUNT - 1].job);
	blocking_close(calls[COUNT - 1].blocking);
	assert_int_equal(finis, 1);
	promise_forget(&calls[0].job);
	blocking_close(calls[0].blocking);
	assert_int_equal(finis, 1);
	for (int i = 0; i < COUNT - 2; i++)
		assert_int_equal(write(fds[1], i == 0 ? "e" : "x", 1), 1);
	fixture_until(__atomic_load_n(&running, __ATOMIC_SEQ_CST) == COUNT - 1);
	fixture_until(calls_done(calls + 1, COUNT - 2) >= COUNT - 3);
	/* The pool closes around calls that still go on. */
	for (int i = 1; i < COUNT - 1; i++) {
		promise_forget(&calls[i].job);
		blocking_close(calls[i].blocking);
	}
	assert_int_equal(write(fds[1], "xx", 2), 2);
	while (__atomic_load_n(&finis, __ATOMIC_SEQ_CST) < COUNT)
		usleep(1000);
	close(fds[0]);
	close(fds[1]);
}

static void
wrong_options_are_mistakes_of_the_config(void **state)
{
	static const char *const wrong[][2] = {
		{ "\"match\":\"abc\"", "/streams/s/source/match: has no group" },
		{ "\"match\":\"(a)\",\"field\":1",
		    "/streams/s/source/match: and \"field\" exclude" },
		{ "\"result\":\"text\",\"scale\":2", "/streams/s/source/result: is \"text\"" },
		{ "\"field\":0", "/streams/s/source/field: " },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char json[200], *mistake;

		snprintf(json, sizeof json,
		    "{\"source\":{\"type\":\"attr\",\"path\":\"/x\",%s}}", wrong[i][0]);
		mistake = fixture_mistake(json);
		if (strncmp(mistake, wrong[i][1], strlen(wrong[i][1])) != 0)
			fail_msg("%s", mistake);
		free(mistake);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_file_is_a_number_or_a_text),
		cmocka_unit_test(a_field_is_a_word_by_number_or_by_name),
		cmocka_unit_test(match_takes_its_group),
		cmocka_unit_test(numbers_are_scaled_as_decimals),
		ON_MANUAL_CLOCK(it_reads_at_once_and_then_at_each_interval),
		ON_MANUAL_CLOCK(a_glob_has_to_match_one_file),
		ON_MANUAL_CLOCK(what_vanishes_is_down_and_comes_back_up),
		ON_MANUAL_CLOCK(a_field_that_is_not_there_is_down_with_its_name),
		ON_MANUAL_CLOCK(real_files_of_procfs_give_numbers),
		ON_REAL_LOOP(a_read_that_hangs_is_down_and_the_next_is_not_begun),
		ON_REAL_LOOP(calls_share_threads_and_wait_their_turn),
		ON_MANUAL_CLOCK(wrong_options_are_mistakes_of_the_config),
	};

	return cmocka_run_group_tests_name("attr", tests, fixture_make_folder,
	    fixture_remove_folder);
}

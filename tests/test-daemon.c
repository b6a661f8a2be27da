/* The daemon's parts, each alone: rate limit, journal, notify with its watchdog, problems, process,
 * command line.  Its memory: test-daemon-memory.c. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "async/async_generator.h"
#include "async/loop.h"
#include "async/loop_manual.h"
#include "async/rejection.h"
#include "async/timer.h"
#include "base/fdstore.h"
#include "daemon/command_line.h"
#include "daemon/journal.h"
#include "daemon/notify.h"
#include "daemon/problems.h"
#include "daemon/process.h"
#include "daemon/rate.h"
#include "streams/stream.h"
#include "notify-socket.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* ------------------------------------------------------------------------ rate */

static void
count_over(const char *name, uint64_t suppressed, void *context)
{
	uint64_t *sum = context;

	assert_string_equal(name, "door");
	*sum += suppressed;
}

static void
a_burst_is_shown_and_the_rest_is_counted_and_told_once(void **state)
{
	uint64_t now = 5 * RATE_WINDOW_NS, told = 0;

	(void)state;
	rate_reset();
	for (int i = 0; i < RATE_BURST; i++)
		assert_true(rate_allows("door", now));
	for (int i = 0; i < 7; i++)
		assert_false(rate_allows("door", now + 1));
	assert_true(rate_allows("lamp", now + 1));
	rate_each_over(now + RATE_WINDOW_NS - 1, count_over, &told);
	assert_int_equal(told, 0);
	rate_each_over(now + RATE_WINDOW_NS, count_over, &told);
	assert_int_equal(told, 7);
	rate_each_over(now + RATE_WINDOW_NS, count_over, &told);
	assert_int_equal(told, 7);
	assert_true(rate_allows("door", now + RATE_WINDOW_NS));
}

static void
nothing_is_shown_before_what_was_not_shown_is_told(void **state)
{
	uint64_t now = 5 * RATE_WINDOW_NS, told = 0;

	(void)state;
	rate_reset();
	for (int i = 0; i <= RATE_BURST; i++)
		(void)rate_allows("door", now);
	assert_false(rate_allows("door", now + 3 * RATE_WINDOW_NS));
	rate_each_over(now + 3 * RATE_WINDOW_NS, count_over, &told);
	assert_int_equal(told, 2);
	assert_true(rate_allows("door", now + 3 * RATE_WINDOW_NS));
}

static void
a_quiet_stream_gets_its_burst_anew(void **state)
{
	uint64_t now = 5 * RATE_WINDOW_NS;

	(void)state;
	rate_reset();
	for (int i = 0; i < RATE_BURST; i++)
		assert_true(rate_allows("door", now));
	for (int i = 0; i < RATE_BURST; i++)
		assert_true(rate_allows("door", now + RATE_WINDOW_NS));
}

/* --------------------------------------------------------------------- journal */

/* What `say` writes on standard error. */
static void
captured(void (*say)(void), char text[4096])
{
	int pipes[2], saved = dup(STDERR_FILENO);
	ssize_t length;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	dup2(pipes[1], STDERR_FILENO);
	close(pipes[1]);
	say();
	dup2(saved, STDERR_FILENO);
	close(saved);
	length = read(pipes[0], text, 4095);
	close(pipes[0]);
	assert_true(length >= 0);
	text[length] = '\0';
}

static void
say_all_kinds(void)
{
	journal_open();
	journal_say(LOG_WARNING, "%d things", 3);
	journal_say(LOG_DEBUG, "unseen");
	journal_of_stream(LOG_ERR, "door", "cannot open it");
	journal_of_sink(NULL, LOG_INFO, "local", "a peer left");
	journal_text(LOG_NOTICE, "one\ntwo\n");
}

static void
lines_on_standard_error_name_level_and_subject(void **state)
{
	char text[4096];

	(void)state;
	rate_reset();
	unsetenv("JOURNAL_STREAM");
	captured(say_all_kinds, text);
	assert_string_equal(text, "awaitd: warning: 3 things\n"
	    "awaitd: error: stream door: cannot open it\n"
	    "awaitd: info: sink local: a peer left\n"
	    "awaitd: notice: one\n"
	    "awaitd: notice: two\n");
	assert_false(journal_is_structured());
}

static void
say_long(void)
{
	static char line[5000];

	memset(line, 'x', sizeof line - 1);
	journal_open();
	journal_say(LOG_INFO, "%s", line);
	journal_write(&(struct journal_entry){ .level = LOG_INFO, .message = line,
		.stream = "door" });
}

static void
a_long_line_is_cut_and_still_a_line(void **state)
{
	char text[4096], *end;

	(void)state;
	captured(say_long, text);
	end = strchr(text, '\n');
	assert_non_null(end);
	assert_int_equal(strspn(text + strlen("awaitd: info: "), "x"), 2000);
	assert_memory_equal(end + 1, "awaitd: info: stream door: xxx", 30);
}

static void
only_our_own_standard_error_is_taken_for_the_journal(void **state)
{
	struct stat stat;
	char name[60];

	(void)state;
	setenv("JOURNAL_STREAM", "1:1", 1);
	journal_open();
	assert_false(journal_is_structured());
	setenv("JOURNAL_STREAM", "rubbish", 1);
	journal_open();
	assert_false(journal_is_structured());
	assert_int_equal(fstat(STDERR_FILENO, &stat), 0);
	snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
	setenv("JOURNAL_STREAM", name, 1);
	journal_open();
	assert_int_equal(journal_is_structured(), access(JOURNAL_SOCKET, W_OK) == 0);
	unsetenv("JOURNAL_STREAM");
	journal_open();
	assert_false(journal_is_structured());
}

static void
say_flood(void)
{
	journal_open();
	for (int i = 0; i < 1000; i++)
		journal_of_stream(LOG_INFO, "door", "bad line");
}

static void
a_noisy_stream_is_limited(void **state)
{
	char text[4096];
	int lines = 0;

	(void)state;
	rate_reset();
	captured(say_flood, text);
	for (char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, RATE_BURST);
	rate_reset();
}

static void
reject_unheard(void)
{
	struct promise *promise;

	journal_open();
	promise = promise_rejected(-EIO);
	rejections_report();
	promise_unref(promise);
}

static enum step
careless_run(struct coroutine *co, void *frame)
{
	struct promise **rejected = frame;

	BEGIN(co);
	*rejected = promise_rejected(-ENODEV);
	FINALLY;
	END;
}

static void
reject_in_a_body(void)
{
	struct iterator *generator = async_generator_new("careless", careless_run,
	    sizeof(struct promise *));
	struct iterator_request request = { .iterator = NULL };

	journal_open();
	iterator_next(generator, &request, value_undefined());
	jobs_run(SIZE_MAX);
	rejections_report();
	promise_unref(*(struct promise **)async_generator_frame(generator));
	iterator_free(generator);
}

static void
an_unhandled_rejection_names_its_place(void **state)
{
	char text[4096];

	(void)state;
	captured(reject_unheard, text);
	assert_string_equal(text, "awaitd: error: unhandled rejection: Input/output error\n");
	captured(reject_in_a_body, text);
	assert_non_null(strstr(text, "No such device in careless at "));
	assert_non_null(strstr(text, "test-daemon.c:"));
}

static void
say_to_no_journal(void)
{
	struct stat stat;
	char name[60];

	fstat(STDERR_FILENO, &stat);
	snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
	setenv("JOURNAL_STREAM", name, 1);
	journal_open();
	journal_write(&(struct journal_entry){ .level = LOG_ERR, .message = "no journal",
		.stream = "door", .file = "x.c", .line = 3, .function = "f" });
	journal_of_sink(NULL, LOG_ERR, "local", "none");
}

static void
without_the_journal_its_entries_are_lines(void **state)
{
	char text[4096];

	(void)state;
	if (access(JOURNAL_SOCKET, F_OK) == 0) {
		print_message("skipped: a journal runs here, and would get the entries\n");
		skip();
	}
	captured(say_to_no_journal, text);
	assert_string_equal(text, "awaitd: error: stream door: no journal\n"
	    "awaitd: error: sink local: none\n");
	unsetenv("JOURNAL_STREAM");
	journal_open();
}

/* ---------------------------------------------------------------------- notify */

static int
notify_setup(void **state)
{
	if (notify_socket_open(state) < 0)
		return -1;
	return fdstore_open() == 0 && loop_open(&loop_manual) == 0 ? 0 : -1;
}

static int
notify_teardown(void **state)
{
	notify_close();
	loop_close();
	fdstore_close();
	notify_socket_close(*state);
	return 0;
}

static const char *
heard(struct notify_socket *manager)
{
	static char text[500];
	ssize_t length = recv(manager->socket, text, sizeof text - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static void
ready_reload_and_stop_are_told_in_order(void **state)
{
	char expected[40];

	snprintf(expected, sizeof expected, "READY=1\nMAINPID=%d", (int)getpid());
	notify_open();
	notify_ready();
	notify_reloading();
	notify_ready();
	notify_stopping();
	assert_string_equal(heard(*state), expected);
	assert_memory_equal(heard(*state), "RELOADING=1\nMONOTONIC_USEC=", 27);
	assert_string_equal(heard(*state), expected);
	assert_string_equal(heard(*state), "STOPPING=1");
	assert_string_equal(heard(*state), "");
}

static void
a_status_is_told_when_it_changes(void **state)
{
	notify_status("1 stream");
	notify_status("1 stream");
	notify_status("2 streams");
	assert_string_equal(heard(*state), "STATUS=1 stream");
	assert_string_equal(heard(*state), "STATUS=2 streams");
	assert_string_equal(heard(*state), "");
}

static void
what_finds_no_room_is_told_later_in_order(void **state)
{
	while (fdstore_notify("X=1") == 0)
		continue;
	notify_reloading();
	notify_ready();
	while (strcmp(heard(*state), "X=1") == 0)
		continue;
	assert_int_equal(loop_manual_advance(SECOND), 0);
	assert_memory_equal(heard(*state), "RELOADING=1", 11);
	assert_memory_equal(heard(*state), "READY=1", 7);
	assert_string_equal(heard(*state), "");
}

static void
the_watchdog_hears_twice_an_interval_that_the_loop_turns(void **state)
{
	setenv("WATCHDOG_USEC", "10000000", 1);
	notify_open();
	assert_null(getenv("WATCHDOG_USEC"));
	assert_string_equal(heard(*state), "");
	assert_int_equal(loop_manual_advance(4 * SECOND), 0);
	assert_string_equal(heard(*state), "");
	assert_int_equal(loop_manual_advance(1 * SECOND), 0);
	assert_string_equal(heard(*state), "WATCHDOG=1");
	assert_int_equal(loop_manual_advance(5 * SECOND), 0);
	assert_string_equal(heard(*state), "WATCHDOG=1");
	assert_string_equal(heard(*state), "");
}

static void
the_watchdog_takes_the_first_room_in_a_full_queue(void **state)
{
	const char *text;
	int fed = 0;

	setenv("WATCHDOG_USEC", "10000000", 1);
	notify_open();
	while (fdstore_notify("X=1") == 0)
		continue;
	fdstore_remove("owed");
	assert_int_equal(loop_manual_advance(5 * SECOND), 0);
	assert_string_equal(heard(*state), "X=1");
	assert_int_equal(loop_manual_advance(10 * MILLISECOND), 0);
	while (*(text = heard(*state)) != '\0')
		fed += strcmp(text, "WATCHDOG=1") == 0;
	assert_int_equal(fed, 1);
	assert_int_equal(loop_manual_advance(5 * SECOND), 0);
	assert_string_equal(heard(*state), "WATCHDOG=1");
}

static void
a_watchdog_of_another_process_is_not_fed(void **state)
{
	setenv("WATCHDOG_USEC", "10000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_open();
	assert_int_equal(loop_manual_advance(60 * SECOND), 0);
	assert_string_equal(heard(*state), "");
}

/* --------------------------------------------------------------------- problems */

static void
problems_are_a_line_each(void **state)
{
	struct problems problems = { .count = 0 };

	(void)state;
	problems_add(&problems, "stream %s", "door");
	problems_add_text(&problems, "two\nlines\n");
	assert_string_equal(problems.text, "stream door\ntwo\nlines\n");
	assert_int_equal(problems.count, 2);
	problems_free(&problems);
	assert_null(problems.text);
}

/* ---------------------------------------------------------------------- process */

static int
prepare_in_child(void)
{
	struct rlimit limit;
	struct sigaction action;

	close(STDIN_FILENO);
	close(STDERR_FILENO);
	process_prepare();
	if (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDERR_FILENO, F_GETFD) < 0)
		return 1;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur != limit.rlim_max)
		return 2;
	if (sigaction(SIGPIPE, NULL, &action) < 0 || action.sa_handler != SIG_IGN)
		return 3;
	process_block_signals();
	raise(SIGHUP);
	signal(SIGHUP, SIG_IGN);
	process_unblock_signals();
	return 0;
}

static void
a_process_has_its_standard_fds_and_all_fds_it_may_have(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(prepare_in_child());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ----------------------------------------------------------------- command line */

static struct command_line
parse(const char *a, const char *b, const char *c)
{
	char name[] = "awaitd", texts[3][40] = { "", "", "" };
	char *argv[] = { name, texts[0], texts[1], texts[2], NULL };
	int argc = 1 + (a != NULL) + (b != NULL) + (c != NULL);

	snprintf(texts[0], sizeof texts[0], "%s", a != NULL ? a : "");
	snprintf(texts[1], sizeof texts[1], "%s", b != NULL ? b : "");
	snprintf(texts[2], sizeof texts[2], "%s", c != NULL ? c : "");
	argv[argc] = NULL;
	optind = 0;
	return command_line_parse(argc, argv);
}

static void
the_command_line_says_what_to_do(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, NULL, NULL).command, COMMAND_RUN);
	assert_int_equal(parse("-c", "/x", NULL).command, COMMAND_RUN);
	assert_int_equal(parse("--check", "-c", "/x").command, COMMAND_CHECK);
	assert_int_equal(parse("--schema", NULL, NULL).command, COMMAND_SCHEMA);
	assert_int_equal(parse("--man-options", NULL, NULL).command, COMMAND_MAN);
	assert_int_equal(parse("-h", NULL, NULL).command, COMMAND_HELP);
	assert_int_equal(parse("--version", NULL, NULL).command, COMMAND_VERSION);
}

static void
a_wrong_command_line_is_told(void **state)
{
	(void)state;
	assert_int_equal(parse("--nonsense", NULL, NULL).command, COMMAND_WRONG);
	assert_int_equal(parse("file.json", NULL, NULL).command, COMMAND_WRONG);
	assert_int_equal(parse("-c", NULL, NULL).command, COMMAND_WRONG);
}

#define NOTIFY_CLAIM(name) cmocka_unit_test_setup_teardown(name, notify_setup, notify_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_shown_and_the_rest_is_counted_and_told_once),
		cmocka_unit_test(nothing_is_shown_before_what_was_not_shown_is_told),
		cmocka_unit_test(a_quiet_stream_gets_its_burst_anew),
		cmocka_unit_test(lines_on_standard_error_name_level_and_subject),
		cmocka_unit_test(a_long_line_is_cut_and_still_a_line),
		cmocka_unit_test(only_our_own_standard_error_is_taken_for_the_journal),
		cmocka_unit_test(a_noisy_stream_is_limited),
		cmocka_unit_test(an_unhandled_rejection_names_its_place),
		cmocka_unit_test(without_the_journal_its_entries_are_lines),
		NOTIFY_CLAIM(ready_reload_and_stop_are_told_in_order),
		NOTIFY_CLAIM(a_status_is_told_when_it_changes),
		NOTIFY_CLAIM(what_finds_no_room_is_told_later_in_order),
		NOTIFY_CLAIM(the_watchdog_hears_twice_an_interval_that_the_loop_turns),
		NOTIFY_CLAIM(the_watchdog_takes_the_first_room_in_a_full_queue),
		NOTIFY_CLAIM(a_watchdog_of_another_process_is_not_fed),
		cmocka_unit_test(problems_are_a_line_each),
		cmocka_unit_test(a_process_has_its_standard_fds_and_all_fds_it_may_have),
		cmocka_unit_test(the_command_line_says_what_to_do),
		cmocka_unit_test(a_wrong_command_line_is_told),
	};

	return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}

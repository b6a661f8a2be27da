/* The socket: its file, who may connect, how many, and the sink's end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink-fixture.h"

static void
expect_refused(int error, const char *message)
{
	assert_int_equal(sink_try_open(), error);
	if (!line_is_like(setting.message, message))
		fail_msg("expected %s\n     got %s", message, setting.message);
	setting.sink = NULL;
}

static int
bind_at(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* -------------------------------------------------------------------- the file */

static void
a_missing_folder_is_named(void **state)
{
	(void)state;
	setting.options.path = "/tmp/no-such-folder/awaitd.sock";
	expect_refused(-ENOENT, "there is no folder /tmp/no-such-folder for the socket "
	    "/tmp/no-such-folder/awaitd.sock: make it~");
}

static void
a_stale_socket_is_replaced(void **state)
{
	(void)state;
	close(bind_at(setting.path, SOCK_STREAM));
	sink_open();
	client_new();
}

static void
a_second_daemon_on_the_same_socket_is_refused(void **state)
{
	struct sink *first;

	(void)state;
	sink_open();
	first = setting.sink;
	assert_int_equal(unix_sink.open("second", &setting.options, setting.arena, &setting.control,
	    &setting.sink, &setting.message), -EADDRINUSE);
	assert_true(line_is_like(setting.message, "another daemon listens on ~/s: stop it~"));
	setting.sink = first;
	client_new();
}

static void
a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct stat file;

	(void)state;
	close(open(setting.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	expect_refused(-EEXIST, "~/s is there and is no socket: remove it~");
	assert_int_equal(lstat(setting.path, &file), 0);
}

static void
a_socket_of_another_kind_is_left_alone(void **state)
{
	int fd = bind_at(setting.path, SOCK_DGRAM);

	(void)state;
	expect_refused(-EPROTOTYPE, "~/s is there, and who listens cannot be found out~");
	close(fd);
}

static void
the_mode_is_as_configured_and_changes_at_a_reload(void **state)
{
	struct unix_options other;
	struct stat file;

	(void)state;
	setting.options.mode = 0604;
	sink_open();
	assert_int_equal(stat(setting.path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0604);
	other = setting.options;
	other.mode = 0666;
	assert_int_equal(sink_change(&other), 0);
	assert_int_equal(stat(setting.path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0666);
}

static void
the_group_is_as_configured(void **state)
{
	struct stat file;

	(void)state;
	ONLY_IF(getuid() == 0, "only root may give a file to any group");
	setting.options.group = 1;
	sink_open();
	assert_int_equal(stat(setting.path, &file), 0);
	assert_int_equal(file.st_gid, 1);
}

static void
a_group_that_one_may_not_give_is_an_error(void **state)
{
	int r;

	(void)state;
	if (getuid() == 0) {
		assert_int_equal(chown(setting.folder, 65534, (gid_t)-1), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	setting.options.group = 1;
	r = sink_try_open();
	assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(r, -EPERM);
	assert_true(line_is_like(setting.message, "cannot give ~/s to the group 1: ~"));
	setting.sink = NULL;
	assert_int_equal(access(setting.path, F_OK), -1);
}

static void
the_file_goes_with_the_sink(void **state)
{
	(void)state;
	sink_open();
	sink_stop(false, SECOND);
	settle();
	assert_true(setting.stopped);
	assert_int_equal(access(setting.path, F_OK), -1);
}

static void
a_file_that_another_has_put_there_stays(void **state)
{
	int fd;

	(void)state;
	sink_open();
	assert_int_equal(unlink(setting.path), 0);
	fd = bind_at(setting.path, SOCK_STREAM);
	sink_stop(false, SECOND);
	settle();
	assert_int_equal(access(setting.path, F_OK), 0);
	close(fd);
}

/* ------------------------------------------------------------------ how many */

static void
one_more_than_allowed_is_told_and_closed(void **state)
{
	struct client *clients[3];

	(void)state;
	setting.options.limits.connections = 2;
	sink_open();
	clients[0] = client_new();
	clients[1] = client_new();
	clients[2] = client_connect();
	client_send(clients[2], "{\"ping\":1}\n");
	client_expect(clients[2], "{\"error\":\"too-many-connections\",\"message\":\"~\"}");
	client_expect_end(clients[2]);
	client_free(clients[0]);
	settle();
	client_new();
	client_ask(clients[1], "{\"ping\":1}", "{\"reply\":\"ping\"}");
}

static void
one_user_may_be_given_fewer(void **state)
{
	struct client *client;

	(void)state;
	setting.options.limits.has_connections_per_uid = true;
	setting.options.limits.connections_per_uid = 1;
	sink_open();
	client = client_new();
	client_expect(client_connect(), "{\"error\":\"too-many-connections\",\"message\":\"~your "
	    "user~");
	client_free(client);
	settle();
	client_new();
}

static void
two_thousand_against_a_thousand(void **state)
{
	enum { COUNT = 2000 };
	static struct client *clients[COUNT];
	struct rlimit most;
	struct sink_stats stats;
	int told = 0, greeted = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &most), 0);
	most.rlim_cur = most.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &most);
	ONLY_IF(most.rlim_cur >= 2 * COUNT + 100, "RLIMIT_NOFILE is too low");
	sink_open();
	feed_start("s");
	for (int i = 0; i < COUNT; i++) {
		clients[i] = client_connect();
		if (i % 50 == 49)
			settle();
	}
	for (int i = 0; i < COUNT; i++) {
		const char *line = client_line(clients[i]);

		greeted += line_is_like(line, "{\"hello\":~");
		told += line_is_like(line, "{\"error\":\"too-many-connections\",~");
	}
	assert_int_equal(greeted, 1000);
	assert_int_equal(told, 1000);
	unix_sink.stats(setting.sink, &stats);
	assert_int_equal(stats.connections, 1000);
	assert_int_equal(stats.refused, 1000);
	client_ask(clients[0], "{\"ping\":1}", "{\"reply\":\"ping\"}");
	for (int i = 0; i < COUNT; i++)
		client_free(clients[i]);
	settle();
	unix_sink.stats(setting.sink, &stats);
	assert_int_equal(stats.connections, 0);
	client_new();
}

static struct rlimit files;

static int
files_note(void **state)
{
	return getrlimit(RLIMIT_NOFILE, &files) < 0 ? -1 : setting_manual(state);
}

static int
files_restore(void **state)
{
	(void)setrlimit(RLIMIT_NOFILE, &files);
	return setting_close(state);
}

#define WITH_FEW_FILES(test) { #test, test, files_note, files_restore, NULL }

/* It accepts, and then closes what it finds to be too much. */
static bool
below_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* Only fds up to that of the client may be opened from now on. */
static void
leave_no_fds(const struct client *client)
{
	struct rlimit few = files;

	few.rlim_cur = (rlim_t)client->fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static void
without_fds_accepting_pauses_and_goes_on_later(void **state)
{
	struct client *waiting, *first;

	(void)state;
	ONLY_IF(!below_valgrind(), "valgrind has a limit of its own");
	sink_open();
	first = client_new();
	waiting = client_connect();
	leave_no_fds(waiting);
	settle();
	client_expect_nothing(waiting);
	assert_true(line_is_like(setting.log, "~cannot accept connections: Too many open files~"));
	client_ask(first, "{\"ping\":1}", "{\"reply\":\"ping\"}");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	client_expect_nothing(waiting);
	assert_int_equal(loop_manual_advance(2 * SECOND), 0);
	client_expect(waiting, "{\"hello\":~");
}

static void
without_fds_a_connection_that_closes_makes_room(void **state)
{
	struct client *waiting, *first;

	(void)state;
	ONLY_IF(!below_valgrind(), "valgrind has a limit of its own");
	sink_open();
	first = client_new();
	waiting = client_connect();
	leave_no_fds(waiting);
	settle();
	client_expect_nothing(waiting);
	client_free(first);
	client_expect(waiting, "{\"hello\":~");
}

/* ---------------------------------------------------------------------- the end */

static void
the_end_is_told_to_everyone(void **state)
{
	struct client *clients[3];
	struct feed *feed;

	(void)state;
	sink_open();
	feed = feed_start("s");
	for (int i = 0; i < 3; i++)
		clients[i] = client_new();
	client_ask(clients[0], "{\"subscribe\":[\"s\"]}", "{\"subscribed\":~");
	client_expect(clients[0], "{\"reply\":~");
	client_expect(clients[0], "{\"ready\":~");
	feed_number(feed, 1);
	client_expect(clients[0], "{\"stream\":~");
	sink_stop(false, 5 * SECOND);
	for (int i = 0; i < 3; i++) {
		client_expect(clients[i], "{\"error\":\"shutting-down\",\"message\":\"~\"}");
		client_expect_end(clients[i]);
	}
	assert_true(setting.stopped);
	assert_int_equal(stream_listeners(feed_stream(feed)), 0);
}

static void
the_end_gives_what_was_not_sent_yet_before_its_last_word(void **state)
{
	struct client *client;
	struct feed *feed;
	const char *line;
	int events = 0;

	(void)state;
	sink_open();
	feed = feed_start("s");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"s\"]}", "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	feed_numbers(feed, 1, 6000);
	settle();
	sink_stop(false, 5 * SECOND);
	settle();
	assert_false(setting.stopped);
	while (line_is_like(line = client_line(client), "{\"stream\":~"))
		events++;
	assert_int_equal(events, 6000);
	assert_true(line_is_like(line, "{\"error\":\"shutting-down\",~"));
	client_expect_end(client);
	assert_true(setting.stopped);
}

static void
the_end_waits_no_longer_than_it_may(void **state)
{
	struct client *client;
	struct feed *feed;

	(void)state;
	sink_open();
	feed = feed_start("s");
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"s\"]}", "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	feed_numbers(feed, 1, 6000);
	settle();
	sink_stop(false, 5 * SECOND);
	settle();
	assert_int_equal(loop_manual_advance(4 * SECOND), 0);
	assert_false(setting.stopped);
	assert_int_equal(loop_manual_advance(2 * SECOND), 0);
	settle();
	assert_true(setting.stopped);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(a_missing_folder_is_named),
		ON_MANUAL_CLOCK(a_stale_socket_is_replaced),
		ON_MANUAL_CLOCK(a_second_daemon_on_the_same_socket_is_refused),
		ON_MANUAL_CLOCK(a_file_that_is_no_socket_is_left_alone),
		ON_MANUAL_CLOCK(a_socket_of_another_kind_is_left_alone),
		ON_MANUAL_CLOCK(the_mode_is_as_configured_and_changes_at_a_reload),
		ON_MANUAL_CLOCK(the_group_is_as_configured),
		ON_MANUAL_CLOCK(a_group_that_one_may_not_give_is_an_error),
		ON_MANUAL_CLOCK(the_file_goes_with_the_sink),
		ON_MANUAL_CLOCK(a_file_that_another_has_put_there_stays),
		ON_MANUAL_CLOCK(one_more_than_allowed_is_told_and_closed),
		ON_MANUAL_CLOCK(one_user_may_be_given_fewer),
		ON_MANUAL_CLOCK(two_thousand_against_a_thousand),
		WITH_FEW_FILES(without_fds_accepting_pauses_and_goes_on_later),
		WITH_FEW_FILES(without_fds_a_connection_that_closes_makes_room),
		ON_MANUAL_CLOCK(the_end_is_told_to_everyone),
		ON_REAL_LOOP(the_end_is_told_to_everyone),
		ON_MANUAL_CLOCK(the_end_gives_what_was_not_sent_yet_before_its_last_word),
		ON_MANUAL_CLOCK(the_end_waits_no_longer_than_it_may),
	};

	return cmocka_run_group_tests_name("the socket", tests, NULL, NULL);
}

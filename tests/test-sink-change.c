/* Other options for a sink that is open: nobody who is connected may notice. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink-reader.h"

static char elsewhere[sizeof setting.path];

static struct unix_options
options_elsewhere(void)
{
	struct unix_options options = setting.options;

	snprintf(elsewhere, sizeof elsewhere, "%s/t", setting.folder);
	options.path = elsewhere;
	return options;
}

/* From now on clients connect there. */
static void
follow_to(const char *path)
{
	memmove(setting.path, path, strlen(path) + 1);
}

/* ------------------------------------------------------------------------ paths */

static void
another_path_moves_the_socket_and_keeps_its_peers(void **state)
{
	struct unix_options options;
	struct reader reader;
	struct feed *feed;

	(void)state;
	sink_open();
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "skip");
	options = options_elsewhere();
	assert_int_equal(sink_change(&options), 0);
	assert_int_equal(access(setting.path, F_OK), -1);
	follow_to(elsewhere);
	client_ask(client_new(), "{\"ping\":1}", "{\"reply\":\"ping\"}");
	feed_many(feed, 100);
	reader_read(&reader);
	assert_int_equal(reader.next, 101);
	assert_int_equal(reader.gaps, 0);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static void
a_path_that_cannot_be_had_changes_nothing(void **state)
{
	struct unix_options options;
	struct client *client;
	int fd;

	(void)state;
	sink_open();
	client = client_new();
	options = options_elsewhere();
	fd = listen_at(elsewhere);
	assert_int_equal(sink_change(&options), -EADDRINUSE);
	assert_true(line_is_like(setting.message, "another daemon listens on ~/t: ~"));
	client_ask(client, "{\"ping\":1}", "{\"reply\":\"ping\"}");
	client_ask(client_new(), "{\"ping\":1}", "{\"reply\":\"ping\"}");
	close(fd);
	unlink(elsewhere);
}

static void
the_path_of_another_sink_is_had_when_that_has_left(void **state)
{
	struct unix_options options;
	struct sink *first;

	(void)state;
	sink_open();
	first = setting.sink;
	setting.options = options_elsewhere();
	assert_int_equal(unix_sink.open("other", &setting.options, setting.arena, &setting.control,
	    &setting.sink, &setting.message), 0);
	options = setting.options;
	options.path = setting.path;
	assert_int_equal(sink_change(&options), -EOPNOTSUPP);
	unix_sink.stop(first, SINK_SHUTS_DOWN, SECOND, NULL, NULL);
	settle();
	assert_int_equal(sink_change(&options), 0);
	client_ask(client_new(), "{\"ping\":1}", "{\"reply\":\"ping\"}");
}

/* ----------------------------------------------------------------------- limits */

static void
raise_limits(void)
{
	setting.options.limits.connections = 3000;
	setting.options.limits.subscriptions = 500;
	setting.options.limits.outbox = 1 << 20;
	assert_int_equal(sink_change(&setting.options), 0);
}

static void
larger_limits_keep_everybody(void **state)
{
	struct unix_options narrow;
	struct reader reader;
	struct client *client;
	struct feed *feed;

	(void)state;
	setting.options.limits.connections = 1;
	setting.options.limits.subscriptions = 8;
	narrow = setting.options;
	sink_open();
	feed = feed_small_ring("s");
	reader = reader_subscribe("s", "skip");
	feed_many(feed, 5000);
	raise_limits();
	client = client_connect();
	client_expect(client, "{\"hello\":~,\"subscriptions\":500,\"id\":256,\"line\":524288,~");
	client_ask(client, "{\"ping\":1}", "{\"reply\":\"ping\"}");
	feed_many(feed, 5000);
	reader_read(&reader);
	assert_int_equal(reader.next, 10001);
	/* Whoever was there has the limits that it was greeted with. */
	client_send(reader.client, "{\"subscribe\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}\n");
	client_expect(reader.client, "{\"error\":\"too-many-patterns\",\"message\":\"~ 8 ~");
	assert_int_equal(sink_change(&narrow), 0);
	client = client_connect();
	client_expect(client, "{\"error\":\"too-many-connections\",~");
}

static size_t
count_tables(void)
{
	static const char *const names[] = { "local", "local/1", "local/2" };
	size_t count = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		count += arena_has(setting.arena, EXTENT_CONNECTIONS, names[i]);
	return count;
}

static void
a_table_goes_with_the_last_of_its_peers(void **state)
{
	struct client *first, *second;
	struct sink_stats stats;

	(void)state;
	setting.options.limits.subscriptions = 8;
	sink_open();
	first = client_new();
	second = client_new();
	raise_limits();
	settle();
	assert_int_equal(count_tables(), 2);
	client_free(first);
	settle();
	assert_int_equal(count_tables(), 2);
	client_ask(second, "{\"ping\":1}", "{\"reply\":\"ping\"}");
	client_free(second);
	settle();
	assert_int_equal(count_tables(), 1);
	unix_sink.stats(setting.sink, &stats);
	assert_int_equal(stats.accepted, 2);
	assert_int_equal(stats.connections, 0);
	client_ask(client_new(), "{\"ping\":1}", "{\"reply\":\"ping\"}");
}

static void
a_table_without_peers_goes_at_once(void **state)
{
	(void)state;
	setting.options.limits.subscriptions = 8;
	sink_open();
	raise_limits();
	settle();
	assert_int_equal(count_tables(), 1);
}

/* ------------------------------------------------------------------------- ends */

static void
expect_last_word(enum sink_end end, const char *line)
{
	struct client *client;

	sink_open();
	client = client_new();
	unix_sink.stop(setting.sink, end, SECOND, NULL, NULL);
	setting.sink = NULL;
	client_expect(client, line);
	client_expect_end(client);
}

static void
why_a_sink_closes_is_told(void **state)
{
	(void)state;
	expect_last_word(SINK_IS_REMOVED, "{\"error\":\"closing\",\"message\":\"~\",\"reason\":\"removed\"}");
	expect_last_word(SINK_IS_REPLACED, "{\"error\":\"closing\",\"message\":\"~\",\"reason\":\"moved\"}");
	expect_last_word(SINK_SHUTS_DOWN, "{\"error\":\"shutting-down\",\"message\":\"~\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(another_path_moves_the_socket_and_keeps_its_peers),
		ON_MANUAL_CLOCK(a_path_that_cannot_be_had_changes_nothing),
		ON_MANUAL_CLOCK(the_path_of_another_sink_is_had_when_that_has_left),
		ON_MANUAL_CLOCK(larger_limits_keep_everybody),
		ON_MANUAL_CLOCK(a_table_goes_with_the_last_of_its_peers),
		ON_MANUAL_CLOCK(a_table_without_peers_goes_at_once),
		ON_MANUAL_CLOCK(why_a_sink_closes_is_told),
	};

	return cmocka_run_group_tests_name("changed sinks", tests, NULL, NULL);
}

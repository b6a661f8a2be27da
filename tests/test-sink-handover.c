/* A sink goes on where its predecessor stopped: the same arena, another one, other options. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake-fdstore.h"
#include "sink-reader.h"
#include "sinks/unix_private.h"

static int
handover_open(void **state)
{
	fake_store_is_there = true;
	return setting_manual(state);
}

static int
handover_close(void **state)
{
	setting_close(state);
	fake_store_clear();
	return 0;
}

#define HANDED_OVER(test) { #test, test, handover_open, handover_close, NULL }

/* The sink and the feed (or NULL) leave everything to a successor. */
static void
hand_over(struct feed *feed)
{
	sink_stop(true, 0);
	settle();
	assert_true(setting.stopped);
	if (feed != NULL)
		feed_stop(feed, true);
	settle();
	fake_store_hand_over();
}

static void
adopt_arena(void)
{
	int fd = fcntl(arena_fd(setting.arena), F_DUPFD_CLOEXEC, 0);

	arena_free(setting.arena);
	assert_int_equal(arena_adopt(fd, &setting.arena), 0);
}

/* ------------------------------------------------------------ streams on demand */

static struct feed *
demanded_feed(uint64_t chain)
{
	struct feed *feed = feed_new("s");

	feed_options(feed)->on_demand = true;
	feed_options(feed)->chain = chain;
	feed_options(feed)->log.max_line = 2048;
	feed_options(feed)->log.size = 8192;
	feed_options(feed)->log.count = 10;     /* but for what a blocker has before it */
	return feed;
}

/* A stream that begins because its listener is back has something to say before anything else. */
static void
begin_for_a_blocker(bool sink_first)
{
	struct feed *feed;
	struct reader reader;

	setting.options.block = true;
	sink_open();
	feed = demanded_feed(1);
	feed_open(feed);
	reader = reader_subscribe("s", "block");
	feed_many(feed, 20000);
	assert_true(feed_waiting(feed) > 0);
	hand_over(feed);
	adopt_arena();
	feed = demanded_feed(2);
	if (sink_first)
		sink_open();
	feed_open(feed);
	if (!sink_first)
		sink_open();
	settle();
	reader_read(&reader);
	assert_int_equal(reader.gaps, 0);
	assert_int_equal(reader.next, log_next_seq(stream_log(feed_stream(feed))));
	assert_true(reader.next > 2);
}

static void
a_stream_that_begins_for_a_blocker_takes_nothing_from_it(void **state)
{
	(void)state;
	begin_for_a_blocker(true);
}

static void
a_stream_that_was_there_before_the_sink_neither(void **state)
{
	(void)state;
	begin_for_a_blocker(false);
}

/* ------------------------------------------------------------------ what is lost */

static void
lose_arena(void)
{
	arena_free(setting.arena);
	assert_int_equal(arena_create(&setting.arena), 0);
}

/* As if another version had written it. */
static void
lose_table(void)
{
	struct extent *extent;

	adopt_arena();
	assert_int_equal(arena_take(setting.arena, EXTENT_CONNECTIONS, "local", 4096, false,
	    &extent), 0);
	((unsigned char *)extent->memory)[8]++;
	extent_release(setting.arena, extent);
	adopt_arena();
}

static struct feed *
go_on(void)
{
	struct feed *feed;

	sink_open();
	feed = feed_small_ring("s");
	unix_sink.send_away();
	settle();
	return feed;
}

static void
expect_sent_away(struct client *client)
{
	client_expect(client, "{\"hello\":\"awaitd\",~");
	client_expect(client, "{\"error\":\"restarted\",~");
	client_expect_end(client);
}

static void
whoever_is_lost_resumes(void (*lose)(void), const char *next)
{
	char request[200], epoch[EPOCH_LENGTH + 1];
	struct reader reader;
	struct feed *feed;

	feed = go_on();
	reader = reader_subscribe("s", "skip");
	reader_read(&reader);
	feed_many(feed, 10);
	reader_read(&reader);
	snprintf(epoch, sizeof epoch, "%s", feed_epoch("s"));
	hand_over(feed);
	lose();
	feed = go_on();
	client_expect(reader.client, "");
	expect_sent_away(reader.client);
	feed_many(feed, 10);
	reader.client = client_new();
	snprintf(request, sizeof request, "{\"subscribe\":[\"s\"],\"after\":{\"s\":{\"epoch\":\"%s\","
	    "\"seq\":10}}}", epoch);
	client_ask(reader.client, request, "{\"subscribed\":~");
	client_expect(reader.client, "{\"reply\":~");
	client_expect(reader.client, next);
	assert_int_equal(fake_store_count(), 2);
}

static void
a_peer_of_a_lost_arena_is_told_and_resumes(void **state)
{
	(void)state;
	whoever_is_lost_resumes(lose_arena, "{\"gap\":\"s\",~\"stage\":\"epoch\",~");
}

static void
a_peer_of_a_table_of_another_version_loses_nothing(void **state)
{
	(void)state;
	whoever_is_lost_resumes(lose_table, "{\"stream\":\"s\",\"seq\":11,~");
}

/* Died of while an answer was begun or over: what has become true knows of none. */
static void
an_answer_that_was_never_true_is_forgotten(void **state)
{
	struct client *client;
	struct unix_sink *sink;
	struct unix_slot *slot;
	struct feed *feed;

	(void)state;
	feed = go_on();
	client = client_new();
	sink = (struct unix_sink *)setting.sink;
	slot = LIST_FIRST(&sink->connections)->slot;
	strcpy(unix_draft(slot)->answer.last, "zzz");
	hand_over(feed);
	adopt_arena();
	(void)go_on();
	client_ask(client, "{\"list\":[\"*\"]}", "{\"list\":\"s\",~");
	client_expect(client, "{\"reply\":\"list\",~");
}

static void
peers_of_two_tables_go_on(void **state)
{
	struct client *clients[2];
	struct feed *feed;

	(void)state;
	setting.options.limits.subscriptions = 8;
	feed = go_on();
	for (int i = 0; i < 2; i++) {
		clients[i] = client_new();
		client_ask(clients[i], "{\"subscribe\":[\"s\"]}", "{\"subscribed\":~");
		client_expect(clients[i], "{\"reply\":~");
		client_expect(clients[i], "{\"ready\":~");
		setting.options.limits.subscriptions = 500;
		assert_int_equal(sink_change(&setting.options), 0);
	}
	hand_over(feed);
	adopt_arena();
	feed = go_on();
	feed_many(feed, 1);
	for (int i = 0; i < 2; i++)
		client_expect(clients[i], "{\"stream\":\"s\",\"seq\":1,~");
	client_ask(client_new(), "{\"ping\":1}", "{\"reply\":\"ping\"}");
}

static void
a_start_with_larger_limits_keeps_everybody(void **state)
{
	struct client *client;

	(void)state;
	setting.options.limits.subscriptions = 8;
	sink_open();
	client = client_new();
	hand_over(NULL);
	adopt_arena();
	setting.options.limits.subscriptions = 500;
	sink_open();
	client_ask(client, "{\"ping\":1}", "{\"reply\":\"ping\"}");
	client = client_connect();
	client_expect(client, "{\"hello\":~,\"subscriptions\":500,~");
}

/* -------------------------------------------------------------------- listeners */

static void
expect_service(void)
{
	client_ask(client_new(), "{\"ping\":1}", "{\"reply\":\"ping\"}");
}

/* Whoever has connected and was not accepted is in the queue of the one that is stored. */
static void
the_listener_of_a_lost_arena_is_found_by_its_path(void **state)
{
	struct client *waiting;

	(void)state;
	sink_open();
	expect_service();
	hand_over(NULL);
	waiting = client_connect();
	lose_arena();
	sink_open();
	client_expect(waiting, "{\"hello\":~");
	expect_service();
}

static void
a_sink_of_another_name_finds_the_listener_by_its_path(void **state)
{
	struct client *waiting;

	(void)state;
	sink_open();
	hand_over(NULL);
	waiting = client_connect();
	adopt_arena();
	assert_int_equal(unix_sink.open("other", &setting.options, setting.arena, &setting.control,
	    &setting.sink, &setting.message), 0);
	client_expect(waiting, "{\"hello\":~");
	expect_service();
}

static void
a_stored_listener_whose_file_is_gone_is_not_taken(void **state)
{
	(void)state;
	sink_open();
	hand_over(NULL);
	adopt_arena();
	unlink(setting.path);
	sink_open();
	expect_service();
}

/* The service manager's duplicate, which lives until it has read what it was told. */
static void
keep_listener(const char *name, int fd, void *context)
{
	int *kept = context;

	if (name[0] == 'l' && *kept < 0)
		*kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void
a_socket_that_moved_meanwhile_refuses_and_its_file_goes(void **state)
{
	static char elsewhere[sizeof setting.path], here[sizeof setting.path];
	struct sink *other;
	int kept = -1;

	(void)state;
	snprintf(elsewhere, sizeof elsewhere, "%s/t", setting.folder);
	memcpy(here, setting.path, sizeof here);
	sink_open();
	hand_over(NULL);
	adopt_arena();
	fdstore_each(keep_listener, &kept);
	assert_true(kept >= 0);
	setting.options.path = elsewhere;
	sink_open();
	assert_int_equal(access(here, F_OK), -1);
	/* Another sink may have that path now. */
	setting.options.path = here;
	assert_int_equal(unix_sink.open("other", &setting.options, setting.arena, &setting.control,
	    &other, &setting.message), 0);
	expect_service();
	unix_sink.stop(other, SINK_SHUTS_DOWN, SECOND, NULL, NULL);
	close(kept);
}

static void
two_sinks_that_exchanged_their_paths_are_both_served(void **state)
{
	static char paths[2][sizeof setting.path];
	struct sink *sinks[2];
	int kept = -1;

	(void)state;
	for (int i = 0; i < 2; i++)
		snprintf(paths[i], sizeof paths[i], "%s/%d", setting.folder, i);
	for (int life = 0; life < 2; life++) {
		for (int i = 0; i < 2; i++) {
			setting.options.path = paths[i ^ life];
			assert_int_equal(unix_sink.open(i == 0 ? "one" : "two", &setting.options,
			    setting.arena, &setting.control, &sinks[i], &setting.message), 0);
		}
		for (int i = 0; i < 2; i++) {
			memcpy(setting.path, paths[i], sizeof setting.path);
			expect_service();
		}
		for (int i = 0; i < 2; i++)
			unix_sink.stop(sinks[i], life == 0 ? SINK_HANDS_OVER : SINK_SHUTS_DOWN,
			    SECOND, NULL, NULL);
		settle();
		if (life == 0) {
			fake_store_hand_over();
			adopt_arena();
			fdstore_each(keep_listener, &kept);
		}
	}
	close(kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HANDED_OVER(a_stream_that_begins_for_a_blocker_takes_nothing_from_it),
		HANDED_OVER(a_stream_that_was_there_before_the_sink_neither),
		HANDED_OVER(a_peer_of_a_lost_arena_is_told_and_resumes),
		HANDED_OVER(a_peer_of_a_table_of_another_version_loses_nothing),
		HANDED_OVER(an_answer_that_was_never_true_is_forgotten),
		HANDED_OVER(peers_of_two_tables_go_on),
		HANDED_OVER(a_start_with_larger_limits_keeps_everybody),
		HANDED_OVER(the_listener_of_a_lost_arena_is_found_by_its_path),
		HANDED_OVER(a_sink_of_another_name_finds_the_listener_by_its_path),
		HANDED_OVER(a_stored_listener_whose_file_is_gone_is_not_taken),
		HANDED_OVER(a_socket_that_moved_meanwhile_refuses_and_its_file_goes),
		HANDED_OVER(two_sinks_that_exchanged_their_paths_are_both_served),
	};

	return cmocka_run_group_tests_name("hand-over", tests, NULL, NULL);
}

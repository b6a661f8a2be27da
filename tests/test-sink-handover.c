/* A sink goes on where its predecessor stopped: the same arena, another one, other options. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake-fdstore.h"
#include "sink-reader.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HANDED_OVER(a_stream_that_begins_for_a_blocker_takes_nothing_from_it),
		HANDED_OVER(a_stream_that_was_there_before_the_sink_neither),
	};

	return cmocka_run_group_tests_name("hand-over", tests, NULL, NULL);
}

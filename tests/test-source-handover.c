/* The socket source across restarts, with a store: no producer notices. */
#include "fake-fdstore.h"
#include "producer.h"
#include "stream-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async/job.h"

static struct stream *stream;

static void
begin(void)
{
	char json[300];

	snprintf(json, sizeof json, "{\"source\":{\"type\":\"socket\",\"listen\":\"unix:%s\","
	    "\"framing\":\"ndjson\"},\"history\":\"4MiB\"}", fixture_path);
	stream = fixture_stream("in", json);
}

static void
restart(void)
{
	fixture_restart();
	fake_store_hand_over();
	begin();
}

static int
setup(void **state)
{
	int r = fixture_manual(state);

	fake_store_is_there = true;
	if (r == 0)
		begin();
	return r;
}

static int
teardown(void **state)
{
	int r;

	fixture_stop(stream, false);
	r = fixture_close(state);
	fake_store_clear();
	return r;
}

static void
a_producer_goes_on_in_the_middle_of_a_line(void **state)
{
	int fd;

	(void)state;
	fd = producer();
	put(fd, "1\n2\n[3,");
	loop_manual_settle();
	restart();
	loop_manual_settle();
	assert_says(stream, " 1 2");
	put(fd, "4]\n5\n");
	loop_manual_settle();
	assert_says(stream, " 1 2 [3,4] 5");
	close(fd);
}

static void
who_connects_while_nobody_runs_is_served_by_the_successor(void **state)
{
	int fd, other;

	(void)state;
	fd = producer();
	loop_manual_settle();
	fixture_restart();
	other = producer();
	put(other, "1\n");
	put(fd, "2\n");
	close(fd);
	fake_store_hand_over();
	begin();
	loop_manual_settle();
	assert_int_equal(log_next_seq(stream_log(stream)), 3);
	close(other);
	loop_manual_settle();
	assert_int_equal(fake_store_count(), 1);        /* the listener */
}

static void
a_line_that_is_given_up_is_given_up_by_the_successor_too(void **state)
{
	static char half[100 * 1000];
	int fd;

	(void)state;
	memset(half, 'x', sizeof half);
	fd = producer();
	put(fd, "1\n");
	put_bytes(fd, half, sizeof half);
	loop_manual_settle();
	restart();
	put_bytes(fd, half, sizeof half);
	put(fd, "\n2\n");
	loop_manual_settle();
	assert_says(stream, " 1 gap(1) 2");
	close(fd);
}

static void
a_store_that_is_busy_delays_a_producer_and_loses_nothing(void **state)
{
	int fd, other;

	(void)state;
	loop_manual_settle();
	fake_store_is_busy = true;
	fd = producer();
	other = producer();
	put(fd, "1\n");
	put(other, "2\n");
	loop_manual_advance(SECOND);
	assert_says(stream, "");
	fake_store_is_busy = false;
	loop_manual_advance(SECOND);
	assert_says(stream, " 1 2");
	close(fd);
	close(other);
}

enum { PRODUCERS = 5, LINES = 400 };

/* Stopped after any number of jobs, with all kinds of things on their way. */
static void
stopped_anywhere_it_tells_each_line_once(void **state)
{
	int fds[PRODUCERS], sent[PRODUCERS] = { 0 }, left = PRODUCERS * LINES;
	char line[40];

	(void)state;
	srand(4);
	for (int i = 0; i < PRODUCERS; i++)
		fds[i] = producer();
	while (left > 0) {
		for (int n = rand() % 40; n > 0 && left > 0; n--) {
			int i = rand() % PRODUCERS, length;

			if (sent[i] == LINES)
				continue;
			length = snprintf(line, sizeof line, "[%d,%d]\n", i, sent[i]++);
			left--;
			put_bytes(fds[i], line, (size_t)length / 2);
			if (rand() % 5 == 0)
				loop_turn();
			put_bytes(fds[i], line + length / 2, (size_t)(length - length / 2));
		}
		loop_turn();
		jobs_run((size_t)(rand() % 200));
		restart();
		jobs_run((size_t)(rand() % 200));
	}
	for (int i = 0; i < PRODUCERS; i++)
		close(fds[i]);
	loop_manual_settle();
	assert_each_in_order(stream, PRODUCERS, LINES);
	assert_int_equal(stream_rejected(stream), 0);
}

static void
another_config_lets_go_of_everything(void **state)
{
	char json[300];
	int fd;

	(void)state;
	fd = producer();
	put(fd, "1\n[2,");
	loop_manual_settle();
	fixture_restart();
	fake_store_hand_over();
	snprintf(json, sizeof json, "{\"source\":{\"type\":\"socket\",\"listen\":\"unix:%s\","
	    "\"framing\":\"lines\"},\"history\":\"4MiB\"}", fixture_path);
	stream = fixture_stream("in", json);
	loop_manual_settle();
	assert_says(stream, " 1 changed");
	assert_int_equal(fake_store_count(), 1);
	close(fd);
	fd = producer();
	put(fd, "new\n");
	loop_manual_settle();
	assert_says(stream, " 1 changed \"new\"");
	close(fd);
}

/* Lost, or of another version. */
static void
lose_memory(void)
{
	fixture_restart();
	arena_free(fixture_arena);
	assert_int_equal(arena_create(&fixture_arena), 0);
}

static void
after_a_lost_arena_it_listens_on(void **state)
{
	int fd;

	(void)state;
	lose_memory();
	fd = producer();
	put(fd, "1\n");
	fake_store_hand_over();
	begin();
	loop_manual_settle();
	assert_says(stream, " 1");
	assert_int_equal(fake_store_count(), 2);
	restart();
	put(fd, "2\n");
	loop_manual_settle();
	assert_says(stream, " 1 2");
	close(fd);
}

#define TEST(test) { #test, test, setup, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_producer_goes_on_in_the_middle_of_a_line),
		TEST(who_connects_while_nobody_runs_is_served_by_the_successor),
		TEST(a_line_that_is_given_up_is_given_up_by_the_successor_too),
		TEST(a_store_that_is_busy_delays_a_producer_and_loses_nothing),
		TEST(stopped_anywhere_it_tells_each_line_once),
		TEST(another_config_lets_go_of_everything),
		TEST(after_a_lost_arena_it_listens_on),
	};

	return cmocka_run_group_tests_name("producers across restarts", tests, fixture_make_folder,
	    fixture_remove_folder);
}

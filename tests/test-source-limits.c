/* The socket source when its limits or its stream's operators change, by a restart or by a reload:
 * producers stay, and so do their bytes. */
#include "fake-fdstore.h"
#include "limits-fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
restart(const char *max_line, int max_producers)
{
	fixture_restart();
	fake_store_hand_over();
	limits_begin(max_line, max_producers);
}

static void
reload(const char *max_line, int max_producers)
{
	fixture_change(limits.stream, limits_config(max_line, max_producers));
	loop_manual_settle();
}

static void
reload_without_store(const char *max_line, int max_producers)
{
	fake_store_is_there = false;
	reload(max_line, max_producers);
}

/* The ways in which a config changes. */
static void (*const ways[])(const char *max_line, int max_producers) = {
	restart, reload, reload_without_store,
};

enum { WAYS = sizeof ways / sizeof *ways };

/* Is it connected still? */
static bool
is_open(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* With the beginning of a record before the change and its end behind it, and then once more. */
static void
in_each_way(void (*claim)(void (*change)(const char *max_line, int max_producers)))
{
	for (int i = 0; i < WAYS; i++) {
		fake_store_is_there = true;
		claim(ways[i]);
		fake_store_is_there = true;
		fixture_stop(limits.stream, false);
		limits.stream = NULL;
		fake_store_clear();
	}
}

static void
claim_raised(void (*change)(const char *max_line, int max_producers))
{
	static const char begins[] = " \"1\" \"2\" \"3\" \"whole\" \"half\" \"xx";
	int fd, other;

	limits_begin("1KiB", 4);
	fd = join();
	other = join();
	say(fd, "1\n2\nhal");
	say(other, "3\nwho");
	change("64KiB", 4);
	say(other, "le\n");
	say(fd, "f\n");
	say_many(fd, 'x', 2000);
	change("4KiB", 4);
	say(fd, "\n");
	assert_true(is_open(fd) && is_open(other));
	assert_int_equal(strlen(fixture_says(limits.stream, 6)), 2000 + 3);
	assert_memory_equal(fixture_says(limits.stream, 1), begins, sizeof begins - 1);
	close(fd);
	close(other);
}

static void
another_max_line_keeps_producers_in_mid_record(void **state)
{
	(void)state;
	in_each_way(claim_raised);
}

static void
claim_lowered(void (*change)(const char *max_line, int max_producers))
{
	int fd;

	limits_begin("256KiB", 1);
	fd = join();
	say(fd, "1\n");
	say_many(fd, 'x', 200 * 1000);
	change("1KiB", 1);
	assert_says(limits.stream, " \"1\" gap(1)");
	say_many(fd, 'x', 3000);
	say(fd, "\n2\n");
	assert_says(limits.stream, " \"1\" gap(1) \"2\"");
	say_many(fd, 'x', 3000);
	assert_says(limits.stream, " \"1\" gap(1) \"2\" gap(1)");
	change("64KiB", 1);
	say_many(fd, 'x', 3000);
	say(fd, "\n3\n");
	assert_says(limits.stream, " \"1\" gap(1) \"2\" gap(1) \"3\"");
	close(fd);
}

static void
what_is_longer_than_a_lowered_max_line_is_one_gap(void **state)
{
	(void)state;
	in_each_way(claim_lowered);
}

static void
claim_fewer(void (*change)(const char *max_line, int max_producers))
{
	int fds[4], late;
	char line[8];

	limits_begin("1KiB", 4);
	for (int i = 0; i < 4; i++) {
		fds[i] = join();
		snprintf(line, sizeof line, "%d", i);
		say(fds[i], line);
	}
	change("1KiB", 2);
	late = join();
	assert_false(is_open(late));
	close(late);
	for (int i = 0; i < 4; i++) {
		assert_true(is_open(fds[i]));
		say(fds[i], "\n");
	}
	assert_says(limits.stream, " \"0\" \"1\" \"2\" \"3\"");
	for (int i = 0; i < 3; i++) {
		close(fds[i]);
		loop_manual_settle();
	}
	late = join();
	assert_true(is_open(late));
	say(late, "4\n");
	say(fds[3], "5\n6");
	close(fds[3]);
	loop_manual_settle();
	change("1KiB", 8);
	say(late, "7\n");
	assert_says(limits.stream, " \"0\" \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\"");
	for (int i = 0; i < 4; i++)
		fds[i] = join();
	for (int i = 0; i < 4; i++) {
		assert_true(is_open(fds[i]));
		close(fds[i]);
	}
	close(late);
}

static void
with_fewer_producers_allowed_those_there_stay(void **state)
{
	(void)state;
	in_each_way(claim_fewer);
}

static void
claim_operators(void (*change)(const char *max_line, int max_producers))
{
	int fd;

	limits.operators = "{\"op\":\"drop\",\"count\":2}";
	limits_begin("1KiB", 4);
	fd = join();
	say(fd, "0\n0\n1\nhal");
	limits.operators = "{\"op\":\"filter\",\"not\":\"2\"},{\"op\":\"drop\",\"count\":1}";
	change("1KiB", 4);
	assert_true(is_open(fd));
	say(fd, "f\n2\n3\nwho");
	assert_says(limits.stream, " \"1\" changed \"3\"");
	limits.operators = "";
	change("2KiB", 5);
	say(fd, "le\n");
	assert_says(limits.stream, " \"1\" changed \"3\" changed \"whole\"");
	assert_true(is_open(fd));
	close(fd);
}

static void
other_operators_keep_producers_and_forget_what_operators_kept(void **state)
{
	(void)state;
	in_each_way(claim_operators);
}

static void
nobody_is_told_that_a_limit_has_changed(void **state)
{
	int fd;

	(void)state;
	limits_begin("1KiB", 4);
	fd = join();
	say(fd, "1\n");
	restart("2KiB", 5);
	reload("4KiB", 6);
	say(fd, "2\n");
	assert_says(limits.stream, " \"1\" \"2\"");
	assert_int_equal(fake_store_count(), 2);
	close(fd);
}

#define TEST(test) { #test, test, limits_setup, limits_teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_max_line_keeps_producers_in_mid_record),
		TEST(what_is_longer_than_a_lowered_max_line_is_one_gap),
		TEST(with_fewer_producers_allowed_those_there_stay),
		TEST(other_operators_keep_producers_and_forget_what_operators_kept),
		TEST(nobody_is_told_that_a_limit_has_changed),
	};

	return cmocka_run_group_tests_name("limits of producers", tests, fixture_make_folder,
	    fixture_remove_folder);
}

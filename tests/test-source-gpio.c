/* gpio over a chip in memory that counts its edges, as the kernel's uAPI v2 does. */
#define FAKE_COUNTS 1
#include "fake-gpio.h"

#include "fake-fdstore.h"
#include "stream-fixture.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define DOOR "{\"source\":{\"type\":\"gpio\",\"chip\":\"/fake/chip\",\"line\":\"DOOR\"}}"

static int
setup(void **state)
{
	memset(&fake, 0, sizeof fake);
	return fixture_manual(state);
}

static int
teardown(void **state)
{
	int r = fixture_close(state);

	fake_store_clear();
	if (fake.queue > 0)
		close(fake.queue);
	return r;
}

static struct stream *
door(void)
{
	struct stream *stream = fixture_stream("door", DOOR);

	loop_manual_settle();
	return stream;
}

static void
edges(int count)
{
	while (count-- > 0)
		fake_edge();
	loop_manual_settle();
}

static struct text
last(struct stream *stream)
{
	return log_last_event(stream_log(stream));
}

static bool
last_has(struct stream *stream, const char *member)
{
	return memmem(last(stream).data, last(stream).length, member, strlen(member)) != NULL;
}

static void
the_value_comes_first_and_then_each_edge(void **state)
{
	struct stream *stream;

	(void)state;
	fake.value = 1;
	stream = door();
	assert_says(stream, " 1");
	assert_false(last_has(stream, "\"edge\""));
	edges(1);
	assert_true(last_has(stream, "\"value\":0,\"edge\":\"falling\""));
	edges(4);
	assert_true(last_has(stream, "\"value\":0,\"edge\":\"falling\""));
	edges(1);
	assert_true(last_has(stream, "\"value\":1,\"edge\":\"rising\""));
	assert_says(stream, " 1 0 1 0 1 0 1");
	assert_int_equal(fake.reads, 1);
	assert_non_null(strstr(fixture_reports, "door: reads line 3 of /fake/chip"));
}

static void
an_edge_has_the_kernels_time(void **state)
{
	struct stream *stream = door();
	uint64_t ns = clock_mono_ns() + 12345;
	char member[60];

	(void)state;
	fake_edge_at(ns);
	loop_manual_settle();
	snprintf(member, sizeof member, "\"mono_ns\":%llu,", (unsigned long long)ns);
	assert_true(last_has(stream, member));
}

static void
what_is_asked_for_is_requested(void **state)
{
	(void)state;
	(void)fixture_stream("a", "{\"source\":{\"type\":\"gpio\",\"chip\":\"/fake/chip\","
	    "\"line\":7,\"edge\":\"falling\",\"bias\":\"pull-up\",\"active_low\":true,"
	    "\"debounce\":\"5ms\","
	    "\"queue\":16}}");
	loop_manual_settle();
	assert_null(fake.request.name);
	assert_int_equal(fake.request.offset, 7);
	assert_int_equal(fake.request.edges, GPIO_FALLING);
	assert_int_equal(fake.request.bias, GPIO_PULL_UP);
	assert_true(fake.request.active_low);
	assert_int_equal(fake.request.debounce_ns, 5 * MILLISECOND);
	assert_int_equal(fake.request.queue, 16);
}

static void
edges_that_the_first_value_includes_are_none(void **state)
{
	struct stream *stream;

	(void)state;
	fake.edges_in_read = 1;
	stream = door();
	assert_says(stream, " 1");
	edges(2);
	assert_says(stream, " 1 0 1");
}

static void
a_jump_of_the_numbers_is_a_gap_of_the_kernel(void **state)
{
	struct stream *stream = door();

	(void)state;
	edges(3);
	fake_lose(6);
	edges(1);
	fake_lose(1);
	edges(2);
	assert_says(stream, " 0 1 0 1 gap(6) 0 gap(1) 0 1");
}

static void
a_long_burst_is_read_in_batches(void **state)
{
	struct stream *stream = door();

	(void)state;
	edges(1000);
	assert_int_equal(log_next_seq(stream_log(stream)), 1002);
}

static void
a_line_that_is_held_is_down_and_tried_again(void **state)
{
	struct stream *stream;

	(void)state;
	fake.held = true;
	stream = door();
	assert_says(stream, " down(EBUSY)");
	assert_non_null(strstr(fixture_reports, "line 3 of /fake/chip is held by gpiomon: "));
	fake.held = false;
	loop_manual_advance(SECOND);
	assert_says(stream, " down(EBUSY) up 0");
}

static void
a_chip_that_goes_is_down_and_its_return_is_up(void **state)
{
	struct stream *stream = door();

	(void)state;
	edges(1);
	fake_unplug();
	loop_manual_settle();
	assert_says(stream, " 0 1 down(ENODEV)");
	fake.absent = false;
	fake.value = 0;
	loop_manual_advance(SECOND);
	edges(1);
	assert_says(stream, " 0 1 down(ENODEV) up 0 1");
}

/* As on Linux 6.1, where epoll says nothing. */
static void
a_chip_that_goes_silently_is_found_out(void **state)
{
	struct stream *stream = door();

	(void)state;
	loop_manual_poll(false);
	fake_unplug();
	loop_manual_advance(4 * SECOND);
	assert_says(stream, " 0");
	loop_manual_advance(2 * SECOND);
	assert_says(stream, " 0 down(ENODEV)");
	loop_manual_poll(true);
}

static void
no_such_chip_is_down(void **state)
{
	struct stream *stream = fixture_stream("door",
	    "{\"source\":{\"type\":\"gpio\",\"chip\":\"nonesuch\",\"line\":0}}");

	(void)state;
	loop_manual_settle();
	assert_says(stream, " down(ENOENT)");
	assert_non_null(strstr(fixture_reports, "there is no GPIO chip \"nonesuch\""));
	stream = fixture_stream("name", "{\"source\":{\"type\":\"gpio\",\"line\":\"NONESUCH\"}}");
	loop_manual_settle();
	assert_says(stream, " down(ENOENT)");
	assert_non_null(strstr(fixture_reports, "there is no GPIO chip with a line \"NONESUCH\""));
}

static void
an_offset_without_a_chip_is_a_mistake_of_the_config(void **state)
{
	char *mistake;

	(void)state;
	mistake = fixture_mistake("{\"source\":{\"type\":\"gpio\",\"line\":3}}");
	assert_string_equal(mistake,
	    "/streams/s/source/line: is an offset, which needs a \"chip\"");
	free(mistake);
}

/* ---------------------------------------------------------------------- hand-over */

static void
edges_of_the_time_between_come_once_and_the_line_stays_held(void **state)
{
	struct stream *stream;

	(void)state;
	fake_store_is_there = true;
	stream = door();
	edges(3);
	assert_int_equal(fake_store_count(), 1);
	for (int i = 0; i < 20; i++) {
		fake_edge();
		loop_turn();
		fake_edge();
		fixture_restart();
		fake_store_hand_over();
		fake_edge();
		fake_edge();
		stream = door();
	}
	assert_int_equal(log_next_seq(stream_log(stream)), 1 + 1 + 3 + 80);
	assert_null(strstr(fixture_says(stream, 1), "gap"));
	assert_int_equal(fake.requests, 1);
	assert_int_equal(fake.reads, 1);
	fixture_stop(stream, false);
	assert_int_equal(fake_store_count(), 0);
}

static void
a_stored_line_that_is_dead_is_requested_anew(void **state)
{
	struct stream *stream;

	(void)state;
	fake_store_is_there = true;
	stream = door();
	edges(1);
	fixture_restart();
	fake_unplug();
	fake.absent = false;
	fake_store_hand_over();
	stream = door();
	edges(2);
	assert_says(stream, " 0 1 1 0 1");
	assert_int_equal(fake.requests, 2);
	assert_int_equal(fake_store_count(), 1);
	fixture_stop(stream, false);
}

static void
a_busy_store_is_asked_again(void **state)
{
	struct stream *stream;

	(void)state;
	fake_store_is_there = fake_store_is_busy = true;
	stream = door();
	assert_int_equal(fake_store_count(), 0);
	fake_store_is_busy = false;
	loop_manual_advance(5 * SECOND);
	assert_int_equal(fake_store_count(), 1);
	fixture_stop(stream, false);
}

static void
another_config_lets_the_stored_line_go(void **state)
{
	struct stream *stream;

	(void)state;
	fake_store_is_there = true;
	stream = door();
	edges(1);
	fixture_restart();
	fake_store_hand_over();
	stream = fixture_stream("door",
	    "{\"source\":{\"type\":\"gpio\",\"chip\":\"/fake/chip\",\"line\":\"BELL\"}}");
	loop_manual_settle();
	assert_says(stream, " 0 1 changed 1");
	assert_string_equal(fake.request.chip, "/fake/chip");
	assert_int_equal(fake.requests, 2);
	assert_int_equal(fake_store_count(), 1);
}

static int copy;

static void
copy_memory(void)
{
	struct stat status;
	off_t at = 0;

	copy = memfd_create("copy", MFD_CLOEXEC);
	assert_int_equal(fstat(arena_fd(fixture_arena), &status), 0);
	while (at < status.st_size)
		assert_true(sendfile(copy, arena_fd(fixture_arena), &at,
		    (size_t)(status.st_size - at)) > 0);
}

/* So that there is no moment at which the value is told and a death lets go of the line. */
static void
a_line_is_stored_before_its_value_is_told(void **state)
{
	struct stream *stream;

	(void)state;
	fake_store_is_there = true;
	fake_store_pushed = copy_memory;
	stream = door();
	assert_says(stream, " 0");
	fake_store_pushed = NULL;
	fixture_restart();
	arena_free(fixture_arena);
	assert_int_equal(arena_adopt(copy, &fixture_arena), 0);
	fake_store_hand_over();
	fake_edge();
	stream = door();
	assert_int_equal(fake.requests, 1);
	assert_int_equal(fake.reads, 2);
	edges(2);
	assert_says(stream, " 1 0 1");
}

static void
other_operators_leave_the_line_as_it_is(void **state)
{
	struct stream *stream;

	(void)state;
	for (int i = 0; i < 2; i++) {
		fake_store_is_there = i == 0;
		memset(&fake, 0, sizeof fake);
		stream = door();
		edges(2);
		fake_edge();
		fixture_change(stream, "{\"source\":{\"type\":\"gpio\",\"chip\":\"/fake/chip\","
		    "\"line\":\"DOOR\"},\"operators\":[{\"op\":\"scale\",\"factor\":10}]}");
		fake_edge();
		edges(1);
		assert_says(stream, " 0 1 0 changed 10 0 10");
		assert_int_equal(fake.requests, 1);
		assert_int_equal(fake.reads, 1);
		fixture_stop(stream, false);
		close(fake.queue);
		fake.queue = 0;
		assert_int_equal(fake_store_count(), 0);
	}
}

#define TEST(test) { #test, test, setup, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_value_comes_first_and_then_each_edge),
		TEST(an_edge_has_the_kernels_time),
		TEST(what_is_asked_for_is_requested),
		TEST(edges_that_the_first_value_includes_are_none),
		TEST(a_jump_of_the_numbers_is_a_gap_of_the_kernel),
		TEST(a_long_burst_is_read_in_batches),
		TEST(a_line_that_is_held_is_down_and_tried_again),
		TEST(a_chip_that_goes_is_down_and_its_return_is_up),
		TEST(a_chip_that_goes_silently_is_found_out),
		TEST(no_such_chip_is_down),
		TEST(an_offset_without_a_chip_is_a_mistake_of_the_config),
		TEST(edges_of_the_time_between_come_once_and_the_line_stays_held),
		TEST(a_stored_line_that_is_dead_is_requested_anew),
		TEST(a_busy_store_is_asked_again),
		TEST(another_config_lets_the_stored_line_go),
		TEST(a_line_is_stored_before_its_value_is_told),
		TEST(other_operators_leave_the_line_as_it_is),
	};

	return cmocka_run_group_tests_name("gpio", tests, NULL, NULL);
}

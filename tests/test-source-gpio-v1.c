/* gpio over a chip in memory that does not count its edges and does not debounce, as the
 * kernel's uAPI v1. */
#define FAKE_COUNTS 0
#include "fake-gpio.h"

#include "fake-fdstore.h"
#include "stream-fixture.h"

/* The manual clock is set to the real one, of which edges have their time. */
static int
setup(void **state)
{
	int r = fixture_manual(state);

	memset(&fake, 0, sizeof fake);
	loop_manual_advance(clock_mono_ns());
	return r;
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
door(const char *options)
{
	struct stream *stream;
	char json[200];

	snprintf(json, sizeof json,
	    "{\"source\":{\"type\":\"gpio\",\"chip\":\"/fake/chip\",\"line\":\"DOOR\"%s}}",
	    options);
	stream = fixture_stream("door", json);
	loop_manual_settle();
	/* From here on, what happens is behind the reading of the value. */
	loop_manual_advance(10 * SECOND);
	return stream;
}

static void
edge(void)
{
	fake_edge_at(loop_now());
	loop_manual_settle();
}

static void
after(uint64_t ns)
{
	loop_manual_advance(ns);
}

/* ------------------------------------------------------------------------- losses */

static void
a_full_queue_is_a_gap_and_the_value_is_read_again(void **state)
{
	struct stream *stream = door("");

	(void)state;
	edge();
	for (int i = 0; i < 16; i++)
		fake_edge_at(loop_now());
	fake.value = 0;                 /* the 17th had no room */
	loop_manual_settle();
	assert_says(stream, " 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 gap(?) 0");
	edge();
	assert_int_equal(log_next_seq(stream_log(stream)), 22);
	for (int i = 0; i < 15; i++)
		fake_edge_at(loop_now());
	loop_manual_settle();
	assert_int_equal(log_next_seq(stream_log(stream)), 37);
	assert_int_equal(fake.reads, 2);
}

/* ---------------------------------------------------------------------- debouncing */

static void
a_bounce_is_no_event(void **state)
{
	struct stream *stream = door(",\"debounce\":\"10ms\"");

	(void)state;
	edge();
	after(3 * MILLISECOND);
	edge();
	after(100 * MILLISECOND);
	assert_says(stream, " 0");
}

static void
what_is_stable_is_one_event_with_its_last_edges_time(void **state)
{
	struct stream *stream = door(",\"debounce\":\"10ms\"");
	struct text last;
	char member[60];
	uint64_t ns;

	(void)state;
	for (int i = 0; i < 6; i++) {
		edge();
		after(MILLISECOND);
	}
	ns = loop_now();
	edge();
	after(9 * MILLISECOND);
	assert_says(stream, " 0");
	after(MILLISECOND);
	assert_says(stream, " 0 1");
	last = log_last_event(stream_log(stream));
	snprintf(member, sizeof member, "\"mono_ns\":%llu,", (unsigned long long)ns);
	assert_non_null(memmem(last.data, last.length, member, strlen(member)));
	assert_non_null(memmem(last.data, last.length, "\"edge\":\"rising\"", 15));
	edge();
	after(SECOND);
	assert_says(stream, " 0 1 0");
}

/* Edges that are read late are judged by their own times. */
static void
what_was_stable_before_it_was_read_counts(void **state)
{
	struct stream *stream = door(",\"debounce\":\"10ms\"");
	uint64_t now = loop_now();

	(void)state;
	fake_edge_at(now - 500 * MILLISECOND);
	fake_edge_at(now - 400 * MILLISECOND);
	fake_edge_at(now - 399 * MILLISECOND);
	fake_edge_at(now - 300 * MILLISECOND);
	fake_edge_at(now - MILLISECOND);
	loop_manual_settle();
	assert_says(stream, " 0 1 0");
	after(20 * MILLISECOND);
	assert_says(stream, " 0 1 0 1");
}

static void
a_chosen_edge_is_told_and_the_other_is_not(void **state)
{
	struct stream *stream = door(",\"debounce\":\"10ms\",\"edge\":\"falling\"");

	(void)state;
	assert_int_equal(fake.request.edges, GPIO_BOTH);
	for (int i = 0; i < 6; i++) {
		edge();
		after(SECOND);
	}
	assert_says(stream, " 0 0 0 0");
}

static void
what_is_pending_survives_a_restart(void **state)
{
	struct stream *stream;

	(void)state;
	fake_store_is_there = true;
	stream = door(",\"debounce\":\"30s\"");
	edge();
	fixture_restart();
	fake_store_hand_over();
	stream = door(",\"debounce\":\"30s\"");
	assert_says(stream, " 0");
	after(20 * SECOND);
	assert_says(stream, " 0 1");
	fixture_stop(stream, false);
}

#define TEST(test) { #test, test, setup, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_full_queue_is_a_gap_and_the_value_is_read_again),
		TEST(a_bounce_is_no_event),
		TEST(what_is_stable_is_one_event_with_its_last_edges_time),
		TEST(what_was_stable_before_it_was_read_counts),
		TEST(a_chosen_edge_is_told_and_the_other_is_not),
		TEST(what_is_pending_survives_a_restart),
	};

	return cmocka_run_group_tests_name("gpio, uncounted", tests, NULL, NULL);
}

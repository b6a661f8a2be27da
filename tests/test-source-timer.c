#include "stream-fixture.h"

#include <stdlib.h>

static void
from_one_to_five_gives_a_value_each_second_and_ends(void **state)
{
	struct stream *stream;

	(void)state;
	stream = fixture_stream("count",
	    "{\"source\":{\"type\":\"timer\",\"from\":1,\"to\":5,\"interval\":\"1s\"}}");
	loop_manual_advance(SECOND - 1);
	assert_says(stream, "");
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(log_next_seq(stream_log(stream)), i);
		loop_manual_advance(SECOND);
	}
	loop_manual_advance(1);
	assert_says(stream, " 1 2 3 4 5 ended");
	loop_manual_advance(10 * SECOND);
	assert_says(stream, " 1 2 3 4 5 ended");
	assert_int_equal(stream_state(stream), STATE_ENDED);
}

static void
without_to_it_counts_for_ever(void **state)
{
	struct stream *stream;

	(void)state;
	stream = fixture_stream("s", "{\"source\":{\"type\":\"timer\",\"interval\":\"5ms\"}}");
	loop_manual_advance(5000 * MILLISECOND);
	assert_int_equal(log_next_seq(stream_log(stream)), 1001);
	assert_int_equal(stream_state(stream), STATE_UP);
}

static void
missed_ticks_are_a_gap_and_the_value_counts_on(void **state)
{
	struct stream *stream;

	(void)state;
	stream = fixture_stream("s",
	    "{\"source\":{\"type\":\"timer\",\"interval\":\"1s\",\"from\":10}}");
	loop_manual_advance(2 * SECOND);
	fixture_restart();
	loop_manual_advance(3 * SECOND + SECOND / 2);
	stream = fixture_stream("s",
	    "{\"source\":{\"type\":\"timer\",\"interval\":\"1s\",\"from\":10}}");
	loop_manual_settle();
	assert_says(stream, " 10 11 gap(2) 14");
	loop_manual_advance(SECOND / 2);
	assert_says(stream, " 10 11 gap(2) 14 15");
}

static void
with_to_every_value_comes_late_if_need_be(void **state)
{
	static const char json[] = "{\"source\":{\"type\":\"timer\",\"interval\":\"1s\",\"to\":6}}";
	struct stream *stream;

	(void)state;
	stream = fixture_stream("s", json);
	loop_manual_advance(2 * SECOND);
	fixture_restart();
	loop_manual_advance(3 * SECOND + SECOND / 2);
	stream = fixture_stream("s", json);
	loop_manual_settle();
	assert_says(stream, " 1 2 3 4 5");
	loop_manual_advance(SECOND / 2);
	assert_says(stream, " 1 2 3 4 5 6 ended");
	fixture_restart();
	stream = fixture_stream("s", json);
	loop_manual_advance(20 * SECOND);
	assert_says(stream, " 1 2 3 4 5 6 ended");
}

static void
a_restart_keeps_the_beat(void **state)
{
	static const char json[] = "{\"source\":{\"type\":\"timer\",\"interval\":\"1s\"}}";
	struct stream *stream;

	(void)state;
	stream = fixture_stream("s", json);
	loop_manual_advance(SECOND + SECOND / 4);
	fixture_restart();
	loop_manual_advance(SECOND / 4);
	stream = fixture_stream("s", json);
	loop_manual_advance(SECOND / 2 - 1);
	assert_says(stream, " 1");
	loop_manual_advance(1);
	assert_says(stream, " 1 2");
}

static void
to_less_than_from_is_a_mistake_of_the_config(void **state)
{
	char *mistake;

	(void)state;
	mistake = fixture_mistake("{\"source\":{\"type\":\"timer\",\"from\":5,\"to\":4}}");
	assert_string_equal(mistake,
	    "/streams/s/source/to: is less than \"from\" (5): a timer counts up");
	free(mistake);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MANUAL_CLOCK(from_one_to_five_gives_a_value_each_second_and_ends),
		ON_MANUAL_CLOCK(without_to_it_counts_for_ever),
		ON_MANUAL_CLOCK(missed_ticks_are_a_gap_and_the_value_counts_on),
		ON_MANUAL_CLOCK(with_to_every_value_comes_late_if_need_be),
		ON_MANUAL_CLOCK(a_restart_keeps_the_beat),
		ON_MANUAL_CLOCK(to_less_than_from_is_a_mistake_of_the_config),
	};

	return cmocka_run_group_tests_name("the timer", tests, NULL, NULL);
}

/* streams/stream: other options, and a restart. */
#include "tests/stream-feed.h"

#include <stdio.h>
#include <string.h>

#include "streams/operators.h"

/* -------------------------------------------------------------------------- change */

static void
another_chain_is_changed_and_begins_when_the_old_one_is_over(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	feed(1);
	feed(2);
	with.chain = 2;
	world.slow_end = true;
	assert_int_equal(stream_change(stream, &with), 0);
	loop_manual_settle();
	assert_int_equal(world.made, 1);
	loop_manual_advance(SECOND);
	assert_int_equal(world.made, 2);
	/* Its kept block is empty: the feed begins anew. */
	assert_says(stream, " 1 2 changed 1 2");
	stop(stream, false);
}

static void
back_and_forth_while_the_old_one_closes_is_no_change(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	feed(1);
	world.slow_end = true;
	with.chain = 2;
	assert_int_equal(stream_change(stream, &with), 0);
	with.chain = 1;
	assert_int_equal(stream_change(stream, &with), 0);
	loop_manual_advance(SECOND);
	feed(2);
	assert_says(stream, " 1 2");
	assert_int_equal(world.made, 2);
	stop(stream, false);
}

static void
a_change_revives_what_has_ended(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	world.end = true;
	poke();
	assert_says(stream, " ended");
	with.chain = 2;
	world.end = false;
	assert_int_equal(stream_change(stream, &with), 0);
	loop_manual_settle();
	feed(5);
	assert_says(stream, " ended changed up 5");
	stop(stream, false);
}

static void
the_same_chain_goes_on_though_its_options_have_moved(void **state)
{
	static const char json[] = "{\"source\":{\"type\":\"timer\",\"interval\":\"1s\"},"
	    "\"operators\":[{\"op\":\"filter\",\"not\":2},{\"op\":\"scale\",\"factor\":10}]%s}";
	struct stream *stream;
	char text[300];

	(void)state;
	snprintf(text, sizeof text, json, "");
	stream = fixture_stream("s", text);
	loop_manual_advance(SECOND);
	snprintf(text, sizeof text, json, ",\"description\":\"other words\"");
	fixture_change(stream, text);
	loop_manual_advance(2 * SECOND);
	assert_says(stream, " 10 30");
}

static void
another_unit_is_changed_and_the_generator_goes_on(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();
	struct text last;

	(void)state;
	feed(1);
	with.unit = "Cel";
	assert_int_equal(stream_change(stream, &with), 0);
	feed(2);
	assert_says(stream, " 1 changed 2");
	assert_int_equal(world.made, 1);
	last = log_last_event(stream_log(stream));
	assert_non_null(memmem(last.data, last.length, "\"unit\":\"Cel\"", 12));
	stop(stream, false);
}

static void
another_history_keeps_what_there_is(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	feed(1);
	with.log.size *= 4;
	assert_int_equal(stream_change(stream, &with), 0);
	feed(2);
	assert_says(stream, " 1 2");
	stop(stream, false);
}

static void
operators_that_keep_too_much_are_refused(void **state)
{
	static const int64_t count = 1;
	struct stream_operator many[40];
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		many[i] = (struct stream_operator){ &drop_operator, &count };
	with.operators = many;
	with.operator_count = 40;
	assert_int_equal(stream_new(fixture_arena, &with, &stream), -E2BIG);
	stream = begin();
	assert_int_equal(stream_change(stream, &with), -E2BIG);
	feed(1);
	assert_says(stream, " 1");
	stop(stream, false);
}

/* ------------------------------------------------------------------------- restart */

static void
a_restart_goes_on_where_it_was_and_says_nothing(void **state)
{
	struct stream *stream = begin();
	char epoch[EPOCH_LENGTH + 1];

	(void)state;
	feed(1);
	feed(2);
	strcpy(epoch, log_epoch(stream_log(stream)));
	stream = restart(stream);
	feed(3);
	assert_says(stream, " 1 2 3");
	assert_string_equal(log_epoch(stream_log(stream)), epoch);
	stop(stream, false);
}

static void
another_config_after_a_restart_is_changed(void **state)
{
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	feed(1);
	with.chain = 2;
	stream = restart_with(stream, &with);
	assert_says(stream, " 1 changed 1");
	stream = restart_with(stream, &with);
	feed(2);
	assert_says(stream, " 1 changed 1 2");
	stop(stream, false);
}

static void
down_is_not_repeated_after_a_restart(void **state)
{
	struct stream *stream = begin();

	(void)state;
	throw(-ENODEV);
	world.error = -ENODEV;
	stream = restart(stream);
	assert_int_equal(stream_state(stream), STATE_DOWN);
	assert_says(stream, " down(ENODEV)");
	loop_manual_advance(SECOND);
	assert_says(stream, " down(ENODEV) up");
	stop(stream, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_chain_is_changed_and_begins_when_the_old_one_is_over),
		TEST(back_and_forth_while_the_old_one_closes_is_no_change),
		TEST(a_change_revives_what_has_ended),
		TEST(the_same_chain_goes_on_though_its_options_have_moved),
		TEST(another_unit_is_changed_and_the_generator_goes_on),
		TEST(another_history_keeps_what_there_is),
		TEST(operators_that_keep_too_much_are_refused),
		TEST(a_restart_goes_on_where_it_was_and_says_nothing),
		TEST(another_config_after_a_restart_is_changed),
		TEST(down_is_not_repeated_after_a_restart),
	};

	return cmocka_run_group_tests_name("streams changed", tests, NULL, NULL);
}

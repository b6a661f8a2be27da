/* streams/stream: its life. */
#include "tests/stream-feed.h"

#include <stdio.h>
#include <string.h>

#include "streams/operators.h"

/* -------------------------------------------------------------------- up and down */

static void
events_become_entries_and_the_first_up_is_no_news(void **state)
{
	struct stream *stream = begin();

	(void)state;
	assert_int_equal(stream_state(stream), STATE_UP);
	feed(7);
	feed(8);
	assert_says(stream, " 7 8");
	assert_string_equal(stream_name(stream), "fed");
	stop(stream, false);
}

static void
down_and_up_are_told_with_their_cause(void **state)
{
	struct stream *stream = begin();

	(void)state;
	feed(1);
	throw(-ENODEV);
	assert_int_equal(stream_state(stream), STATE_DOWN);
	assert_non_null(strstr(fixture_reports,
	    "fed: down: the test said so: No such device; trying again in "));
	loop_manual_advance(SECOND);
	assert_int_equal(stream_state(stream), STATE_UP);
	feed(2);
	assert_says(stream, " 1 down(ENODEV) up 2");
	stop(stream, false);
}

static void
stream_retry_tries_at_once(void **state)
{
	struct stream *stream = begin();

	(void)state;
	throw(-ENODEV);
	stream_retry(stream);
	loop_manual_settle();
	assert_says(stream, " down(ENODEV) up");
	stop(stream, false);
}

static void
a_source_that_is_done_has_ended_for_good(void **state)
{
	struct stream *stream = begin();

	(void)state;
	feed(1);
	world.end = true;
	poke();
	assert_says(stream, " 1 ended");
	assert_int_equal(stream_state(stream), STATE_ENDED);
	stream = restart(stream);
	assert_int_equal(world.made, 1);
	assert_int_equal(stream_state(stream), STATE_ENDED);
	loop_manual_advance(100 * SECOND);
	assert_says(stream, " 1 ended");
	stop(stream, false);
}

static void
take_ends_the_stream_and_closes_the_source(void **state)
{
	struct stream *stream = fixture_stream("s", "{\"source\":{\"type\":\"timer\","
	    "\"interval\":\"1s\"},\"operators\":[{\"op\":\"take\",\"count\":3}]}");

	(void)state;
	loop_manual_advance(10 * SECOND);
	assert_says(stream, " 1 2 3 ended");
}

/* -------------------------------------------------------------------------- stale */

static void
silence_is_stale_and_the_next_event_is_up(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.expect_ns = 10 * SECOND;
	stream = begin_with(&with);
	loop_manual_advance(9 * SECOND);
	feed(1);
	loop_manual_advance(9 * SECOND);
	assert_says(stream, " 1");
	loop_manual_advance(SECOND);
	assert_says(stream, " 1 stale");
	assert_int_equal(stream_state(stream), STATE_STALE);
	loop_manual_advance(100 * SECOND);
	feed(2);
	assert_says(stream, " 1 stale up 2");
	assert_int_equal(stream_state(stream), STATE_UP);
	loop_manual_advance(10 * SECOND);
	assert_says(stream, " 1 stale up 2 stale");
	stop(stream, false);
}

static void
what_is_down_is_not_stale_too(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.expect_ns = SECOND;
	world.error = -EIO;
	stream = begin_with(&with);
	for (int i = 0; i < 3; i++) {
		world.error = -EIO;
		loop_manual_advance(SECOND);
	}
	assert_says(stream, " down(EIO)");
	world.error = 0;
	stream_retry(stream);
	loop_manual_advance(SECOND - 1);
	assert_says(stream, " down(EIO) up");
	loop_manual_advance(1);
	assert_says(stream, " down(EIO) up stale");
	stop(stream, false);
}

static void
stale_survives_a_restart_and_is_not_repeated(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.expect_ns = SECOND;
	stream = begin_with(&with);
	loop_manual_advance(2 * SECOND);
	stream = restart_with(stream, &with);
	assert_int_equal(stream_state(stream), STATE_STALE);
	loop_manual_advance(5 * SECOND);
	assert_says(stream, " stale");
	feed(1);
	assert_says(stream, " stale up 1");
	stop(stream, false);
}

/* ---------------------------------------------------------------------- on demand */

static void
on_demand_it_is_read_only_while_somebody_listens(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.on_demand = true;
	with.linger_ns = 5 * SECOND;
	stream = begin_with(&with);
	assert_int_equal(world.made, 0);
	assert_true(stream_idle(stream));
	stream_listen(stream);
	loop_manual_settle();
	assert_int_equal(world.made, 1);
	assert_false(stream_idle(stream));
	feed(1);
	stream_listen(stream);
	stream_unlisten(stream);
	loop_manual_advance(10 * SECOND);
	assert_int_equal(world.finished, 0);
	stream_unlisten(stream);
	loop_manual_advance(4 * SECOND);
	assert_int_equal(world.finished, 0);
	loop_manual_advance(SECOND);
	assert_int_equal(world.finished, 1);
	assert_true(stream_idle(stream));
	feed(2);
	assert_says(stream, " 1");
	stream_listen(stream);
	loop_manual_settle();
	assert_says(stream, " 1 2");
	assert_int_equal(world.made, 2);
	assert_int_equal(stream_listeners(stream), 1);
	stop(stream, false);
}

static void
who_comes_back_within_the_linger_finds_it_running(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.on_demand = true;
	with.linger_ns = 5 * SECOND;
	stream = begin_with(&with);
	stream_listen(stream);
	stream_unlisten(stream);
	loop_manual_advance(4 * SECOND);
	stream_listen(stream);
	loop_manual_advance(100 * SECOND);
	assert_int_equal(world.made, 1);
	assert_int_equal(world.finished, 0);
	stop(stream, false);
}

static void
who_comes_while_it_closes_is_served_when_it_has_closed(void **state)
{
	struct stream_options with = options();
	struct stream *stream;

	(void)state;
	with.on_demand = true;
	world.slow_end = true;
	stream = begin_with(&with);
	stream_listen(stream);
	stream_unlisten(stream);
	loop_manual_advance(SECOND / 2);
	stream_listen(stream);
	assert_int_equal(world.made, 1);
	loop_manual_advance(SECOND);
	assert_int_equal(world.finished, 1);
	assert_int_equal(world.made, 2);
	stop(stream, false);
}

/* -------------------------------------------------------------------------- removal */

struct spy {
	struct streams_watch watch;
	int added, removed;
	uint64_t seen;
};

static void
spy_added(struct streams_watch *watch, struct stream *stream)
{
	(void)stream;
	((struct spy *)watch)->added++;
}

static void
spy_removed(struct streams_watch *watch, struct stream *stream)
{
	struct spy *spy = (struct spy *)watch;

	spy->removed++;
	spy->seen = log_next_seq(stream_log(stream));
	assert_null(stream_find("fed", 3));
}

static char cursor_saw[200];

static void
cursor_ready(struct cursor *cursor)
{
	uint64_t from, to;
	struct span span;

	if (cursor->log == NULL) {
		strcat(cursor_saw, " closed");
		return;
	}
	while (cursor_read(cursor, 1 << 16, &span, &from, &to)) {
		snprintf(cursor_saw + strlen(cursor_saw), 50, " %d", (int)(span.next - span.first));
		cursor_advance(cursor, span.next);
	}
	cursor_wait(cursor);
}

static void
a_removed_stream_says_ended_to_its_cursors_and_its_name_is_a_new_epoch(void **state)
{
	struct spy spy = { .watch = { .added = spy_added, .removed = spy_removed } };
	static struct cursor cursor = { .ready = cursor_ready };
	char epoch[EPOCH_LENGTH + 1];
	struct stream *stream;

	(void)state;
	cursor_saw[0] = '\0';
	streams_watch(&spy.watch);
	stream = begin();
	assert_int_equal(spy.added, 1);
	strcpy(epoch, log_epoch(stream_log(stream)));
	cursor_open(&cursor, stream_log(stream), 1, LAG_SKIP);
	cursor_wait(&cursor);
	feed(1);
	stop(stream, false);
	assert_int_equal(spy.removed, 1);
	assert_int_equal(spy.seen, 3);
	assert_string_equal(cursor_saw, " 1 1 closed");
	assert_int_equal(streams_count(), 0);
	world.count = 0;
	stream = begin();
	assert_string_not_equal(log_epoch(stream_log(stream)), epoch);
	assert_says(stream, "");
	streams_unwatch(&spy.watch);
	stop(stream, false);
}

static void
handing_over_says_nothing_and_finally_runs(void **state)
{
	struct stream *stream = begin();

	(void)state;
	feed(1);
	stop(stream, true);
	assert_int_equal(world.finished, 1);
	assert_int_equal(world.handed_over, 0);         /* there is no store here */
	fixture_restart();
	stream = begin();
	assert_says(stream, " 1");
	stop(stream, false);
}

static void
it_can_be_stopped_in_every_phase(void **state)
{
	struct stream_options with = options(), other = options();
	struct stream *stream;
	bool done = false;

	(void)state;
	with.on_demand = true;
	stream = begin_with(&with);
	stop(stream, false);                            /* idle */
	world.slow_end = true;
	stream = begin();
	other.chain = 3;
	stream_change(stream, &other);
	stop(stream, false);                            /* closing */
	world.slow_end = false;
	world.error = -EIO;
	stop(begin(), false);                           /* down, waiting */
	world.end = true;
	stop(begin(), false);                           /* ended */
	world.end = false;
	stream = begin();
	stream_stop(stream, false, note_stopped, &done);
	assert_int_equal(stream_change(stream, &other), -EBUSY);
	assert_int_equal(stream_new(fixture_arena, &with, &stream), -EEXIST);
	loop_manual_settle();
	assert_true(done);
}

/* ----------------------------------------------------------------- table and rights */

static void
streams_are_found_by_name_and_walked_in_order(void **state)
{
	static const char *const names[] = { "m", "b.2", "b", "z-9", "B", "b.1" };
	static const char *const sorted[] = { "B", "b", "b.1", "b.2", "m", "z-9" };
	struct stream *streams[6], *stream = NULL;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct stream_options with = options();

		with.name = names[i];
		with.on_demand = true;
		streams[i] = begin_with(&with);
	}
	assert_int_equal(streams_count(), 6);
	for (size_t i = 0; i < 6; i++) {
		stream = i == 0 ? streams_first() : streams_next(stream);
		assert_string_equal(stream_name(stream), sorted[i]);
		assert_ptr_equal(stream_find(names[i], strlen(names[i])), streams[i]);
	}
	assert_null(streams_next(stream));
	assert_null(stream_find("b.", 2));
	assert_null(stream_find("b.11", 4));
	assert_ptr_equal(stream_find("b.11", 3), streams[5]);
	for (size_t i = 0; i < 6; i++)
		stop(streams[i], false);
	assert_null(streams_first());
}

static void
patterns_are_names_or_globs(void **state)
{
	(void)state;
	assert_true(stream_pattern_is_glob("cpu*"));
	assert_true(stream_pattern_is_glob("a?"));
	assert_true(stream_pattern_is_glob("[ab]"));
	assert_false(stream_pattern_is_glob("cpu.0"));
	assert_true(stream_pattern_valid("cpu.0-x_Y"));
	assert_true(stream_pattern_valid("*"));
	assert_true(stream_pattern_valid("[!a-c]*"));
	assert_false(stream_pattern_valid(""));
	assert_false(stream_pattern_valid(".x"));
	assert_false(stream_pattern_valid("a b"));
	assert_false(stream_pattern_valid("a/*"));
	assert_false(stream_pattern_valid(
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void
a_restricted_stream_allows_root_and_who_is_named(void **state)
{
	static const uid_t uids[] = { 1000 };
	static const gid_t gids[] = { 5, 6 };
	struct stream_options with = options();
	struct stream *stream = begin();

	(void)state;
	assert_true(stream_allows(stream, 1234, NULL, 0));
	with.restricted = true;
	stream_change(stream, &with);
	assert_false(stream_allows(stream, 1000, NULL, 0));
	assert_true(stream_allows(stream, 0, NULL, 0));
	with.allow_uids = uids;
	with.allow_uid_count = 1;
	with.allow_gids = gids;
	with.allow_gid_count = 2;
	stream_change(stream, &with);
	assert_true(stream_allows(stream, 1000, NULL, 0));
	assert_false(stream_allows(stream, 1001, (const gid_t[]){ 4, 7 }, 2));
	assert_true(stream_allows(stream, 1001, (const gid_t[]){ 4, 6 }, 2));
	stop(stream, false);
}

static void
rejects_are_counted_and_reported_at_a_limited_rate(void **state)
{
	struct stream *stream = begin();

	(void)state;
	for (int i = 0; i < 1000; i++)
		stream_reject(stream, "nonsense");
	assert_int_equal(stream_rejected(stream), 1000);
	assert_string_equal(fixture_reports, "fed: rejected: nonsense\n");
	loop_manual_advance(10 * SECOND);
	stream_reject(stream, "more");
	assert_non_null(strstr(fixture_reports,
	    "fed: rejected: more (and 999 more since the last such message)\n"));
	stop(stream, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_become_entries_and_the_first_up_is_no_news),
		TEST(down_and_up_are_told_with_their_cause),
		TEST(stream_retry_tries_at_once),
		TEST(a_source_that_is_done_has_ended_for_good),
		TEST(take_ends_the_stream_and_closes_the_source),
		TEST(silence_is_stale_and_the_next_event_is_up),
		TEST(what_is_down_is_not_stale_too),
		TEST(stale_survives_a_restart_and_is_not_repeated),
		TEST(on_demand_it_is_read_only_while_somebody_listens),
		TEST(who_comes_back_within_the_linger_finds_it_running),
		TEST(who_comes_while_it_closes_is_served_when_it_has_closed),
		TEST(a_removed_stream_says_ended_to_its_cursors_and_its_name_is_a_new_epoch),
		TEST(handing_over_says_nothing_and_finally_runs),
		TEST(it_can_be_stopped_in_every_phase),
		TEST(streams_are_found_by_name_and_walked_in_order),
		TEST(patterns_are_names_or_globs),
		TEST(a_restricted_stream_allows_root_and_who_is_named),
		TEST(rejects_are_counted_and_reported_at_a_limited_rate),
	};

	return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}

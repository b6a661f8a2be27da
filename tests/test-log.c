/* The log: what is appended and kept. */
#include "tests/log-fixture.h"

#include <errno.h>

#include "async/loop_manual.h"

/* ------------------------------------------------------------------ appending */

static void
a_new_log_is_empty(void **state)
{
	struct log_stats stats;
	struct span span;

	(void)state;
	open_log(&small);
	assert_string_equal(log_name(log_), "door");
	assert_true(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 1);
	assert_int_equal(log_tail_seq(log_), 1);
	assert_int_equal(log_last_event(log_).length, 0);
	assert_int_equal(log_last_state(log_).length, 0);
	assert_int_equal(log_state(log_), STATE_STARTING);
	assert_int_equal(log_position(log_).consumed, 0);
	assert_int_equal(log_chain(log_), 0);
	assert_false(log_span(log_, 1, 1000, &span));
	log_stats(log_, &stats);
	assert_int_equal(stats.events + stats.bytes, 0);
}

static void
an_epoch_is_sixteen_hex_digits_of_its_own(void **state)
{
	char first[EPOCH_LENGTH + 1];

	(void)state;
	open_log(&small);
	strcpy(first, log_epoch(log_));
	assert_int_equal(strspn(first, "0123456789abcdef"), EPOCH_LENGTH);
	assert_int_equal(strlen(first), EPOCH_LENGTH);
	log_drop(log_);
	open_log(&small);
	assert_string_not_equal(first, log_epoch(log_));
}

static void
bad_options_are_refused(void **state)
{
	const struct log_options large = { .size = SIZE_MAX / 2 };

	(void)state;
	assert_int_equal(log_open(arena, "a b", &small, &log_), -EINVAL);
	assert_int_equal(log_open(arena, "door", &large, &log_), -EINVAL);
	assert_null(log_);
	open_log(&small);
	{
		struct log *again = NULL;

		assert_int_equal(log_open(arena, "door", &small, &again), -EBUSY);
		assert_null(again);
	}
}

static void
the_ring_holds_four_of_the_longest_lines(void **state)
{
	const struct log_options options = { .size = 1, .max_line = 5000 };

	(void)state;
	open_log(&options);
	for (int i = 0; i < 9; i++)
		append_of_length(5000, 0);
	assert_true(log_next_seq(log_) - log_tail_seq(log_) >= 4);
}

static void
seqs_begin_at_1_and_rise(void **state)
{
	struct span span;

	(void)state;
	open_log(&small);
	append_integers(5);
	assert_int_equal(log_next_seq(log_), 6);
	assert_true(log_span(log_, 1, SIZE_MAX, &span));
	assert_int_equal(span.first, 1);
	assert_int_equal(span.next, 6);
	assert_integers();
}

static void
any_range_is_contiguous_wherever_the_ring_ends(void **state)
{
	(void)state;
	open_log(&small);
	for (int i = 0; i < 500; i++) {
		struct span span;
		uint64_t tail;

		append_integers(1);
		tail = log_tail_seq(log_);
		assert_true(log_span(log_, tail, SIZE_MAX, &span));
		assert_int_equal(span.next, log_next_seq(log_));
		assert_true(span.length <= RING);
		assert_true(span.length + 600 > RING || tail == 1);
		assert_integers();
	}
}

static void
a_span_is_as_many_whole_lines_as_fit(void **state)
{
	struct text one;
	struct span span;

	(void)state;
	open_log(&small);
	append_integers(20);
	one = log_rest(log_, 3, 0);
	assert_true(log_span(log_, 3, 1, &span));             /* at least one */
	assert_int_equal(span.length, one.length);
	assert_true(log_span(log_, 3, 3 * one.length, &span));
	assert_int_equal(span.next, 6);
	assert_int_equal(span.length, 3 * one.length);
	assert_true(log_span(log_, 3, 4 * one.length - 1, &span));
	assert_int_equal(span.next, 6);
	assert_ptr_equal(span.data, one.data);
	assert_false(log_span(log_, 21, SIZE_MAX, &span));
	assert_int_equal(log_offset(log_, 4) - log_offset(log_, 3), one.length);
	assert_int_equal(log_rest(log_, 3, 10).length, one.length - 10);
	assert_ptr_equal(log_rest(log_, 3, 10).data, one.data + 10);
}

static void
a_line_of_max_line_fits_and_one_byte_more_is_a_gap(void **state)
{
	static const char gap[] = "{\"gap\":\"door\",\"seq\":2,\"lost\":1,\"stage\":\"source\",";
	struct log_stats stats;

	(void)state;
	open_log(&small);
	append_of_length(1024, 0);
	append_of_length(1025, -EMSGSIZE);
	append_of_length(1023, 0);
	append_of_length(20000, -EMSGSIZE);
	assert_memory_equal(log_rest(log_, 2, 0).data, gap, sizeof gap - 1);
	assert_int_equal(log_next_seq(log_), 5);
	log_stats(log_, &stats);
	assert_int_equal(stats.events, 2);
	assert_int_equal(stats.gaps, 2);
	assert_int_equal(stats.lost, 2);
	assert_int_equal(stats.too_long, 2);
	assert_int_equal(stats.bytes, 1024 + 1023 + 2 * log_rest(log_, 2, 0).length);
}

static void
a_line_too_long_commits_its_position(void **state)
{
	static char bytes[2000];
	struct event event = test_string(bytes, sizeof bytes);

	(void)state;
	open_log(&small);
	event.position = (struct position){ 3, 4, 5 };
	assert_int_equal(append(&event), -EMSGSIZE);
	assert_int_equal(log_position(log_).consumed, 5);
	succeed(&small);
	assert_int_equal(log_position(log_).consumed, 5);
}

static void
what_was_rejected_is_counted_with_its_position(void **state)
{
	const struct position position = { 3, 4, 5 };
	struct log_stats stats;

	(void)state;
	open_log(&small);
	log_count_rejected(log_);
	log_count_rejected(log_);
	log_commit(log_, &position);
	log_count_rejected(log_);       /* and will be once more, as its input is read again */
	succeed(&small);
	log_stats(log_, &stats);
	assert_int_equal(stats.rejected, 2);
}

static void
what_is_opened_as_left_keeps_its_lines_until_it_is_changed(void **state)
{
	struct log_options narrow = small;
	uint64_t tail, next;

	(void)state;
	narrow.size = 65536;
	open_log(&narrow);
	append_integers(2000);
	tail = log_tail_seq(log_);
	next = log_next_seq(log_);
	narrow = small;
	narrow.as_left = true;
	succeed(&narrow);
	assert_int_equal(log_tail_seq(log_), tail);
	assert_int_equal(log_change(log_, &narrow), 0);
	assert_true(log_tail_seq(log_) > tail);
	assert_int_equal(log_next_seq(log_), next);
}

static void
the_unit_stands_on_events(void **state)
{
	struct text line;

	(void)state;
	open_log(&small);
	assert_int_equal(log_set_unit(log_, "Cel"), 0);
	append_integers(1);
	line = log_last_event(log_);
	assert_memory_equal(line.data + line.length - 14, ",\"unit\":\"Cel\"}", 14);
	assert_int_equal(log_set_unit(log_, NULL), 0);
	append_integers(1);
	assert_memory_equal(log_last_event(log_).data + log_last_event(log_).length - 4, "\":2}", 4);
}

static void
entries_are_counted_by_kind(void **state)
{
	struct log_stats stats;
	const struct event gap = test_gap(16), unknown = test_gap(LOST_UNKNOWN);
	const struct event down = test_state(STATE_DOWN), changed = test_state(STATE_CHANGED);

	(void)state;
	open_log(&small);
	append_integers(3);
	assert_int_equal(append(&gap) + append(&unknown) + append(&down) + append(&changed), 0);
	for (int round = 0; round < 2; round++) {
		log_stats(log_, &stats);
		assert_int_equal(stats.events, 3);
		assert_int_equal(stats.gaps, 2);
		assert_int_equal(stats.states, 2);
		assert_int_equal(stats.lost, 16);
		assert_int_equal(stats.last.mono_ns, TEST_MONO);
		assert_int_equal(stats.last.real_ns, TEST_TIME);
		assert_int_equal(log_state(log_), STATE_DOWN);   /* `changed` is an entry only */
		succeed(&small);
	}
}

static void
last_event_and_state_outlive_the_ring(void **state)
{
	const struct event down = test_state(STATE_DOWN), gap = test_gap(1);
	char last_state[256];

	(void)state;
	open_log(&small);
	assert_int_equal(append(&down), 0);
	memcpy(last_state, log_last_state(log_).data, log_last_state(log_).length);
	append_integers(100);
	assert_true(log_tail_seq(log_) > 1);
	assert_memory_equal(log_last_state(log_).data, last_state, log_last_state(log_).length);
	for (int i = 0; i < 100; i++)
		assert_int_equal(append(&gap), 0);
	assert_true(log_tail_seq(log_) > 101);
	for (int round = 0; round < 2; round++) {
		struct text event = log_last_event(log_);
		char line[256];

		memcpy(line, event.data, event.length);
		line[event.length] = '\n';
		assert_line_of_integer(line, event.length + 1, 101);
		assert_memory_equal(
		    log_last_state(log_).data, last_state, log_last_state(log_).length);
		succeed(&small);
		assert_false(log_new_epoch(log_));
	}
}

/* ------------------------------------------------------------- limits of history */

static void
history_by_count_keeps_so_many(void **state)
{
	const struct log_options options = { .size = RING, .max_line = 1024, .count = 7 };

	(void)state;
	open_log(&options);
	for (int i = 0; i < 100; i++) {
		append_integers(1);
		assert_int_equal(log_next_seq(log_) - log_tail_seq(log_), i < 7 ? i + 1 : 7);
		assert_integers();
	}
}

static void
history_by_age_drops_what_is_older(void **state)
{
	const struct log_options options
	    = { .size = RING, .max_line = 1024, .age_ns = 3600 * NSEC_PER_SEC };
	const struct event old = event_of_age(7200 * NSEC_PER_SEC), young = event_of_age(0);

	(void)state;
	open_log(&options);
	for (int i = 0; i < 3; i++)
		assert_int_equal(append(&old), 0);
	assert_int_equal(append(&young), 0);
	assert_int_equal(append(&young), 0);
	assert_int_equal(log_tail_seq(log_), 4);
	for (int i = 0; i < 3; i++)
		assert_int_equal(append(&young), 0);
	assert_int_equal(log_tail_seq(log_), 4);
	assert_true(log_last_event(log_).length > 0);
}

static void
all_of_a_log_may_be_too_old(void **state)
{
	const struct log_options options
	    = { .size = RING, .max_line = 1024, .age_ns = 3600 * NSEC_PER_SEC };
	const struct event old = event_of_age(7200 * NSEC_PER_SEC);
	struct event gap = test_gap(1);

	(void)state;
	open_log(&options);
	gap.time = old.time;
	assert_int_equal(append(&old), 0);
	assert_int_equal(append(&gap), 0);
	assert_int_equal(log_tail_seq(log_), 3);
	assert_true(log_last_event(log_).length > 0);
	succeed(&options);
	assert_false(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 3);
	assert_true(log_last_event(log_).length > 0);
}

static void
nothing_ages_within_a_turn(void **state)
{
	const struct log_options options
	    = { .size = RING, .max_line = 1024, .age_ns = 3600 * NSEC_PER_SEC };
	const struct event old = event_of_age(7200 * NSEC_PER_SEC);

	(void)state;
	assert_int_equal(loop_open(&loop_manual), 0);
	open_log(&options);
	assert_int_equal(append(&old), 0);
	assert_int_equal(log_tail_seq(log_), 1);
	(void)loop_turn();
	assert_int_equal(log_tail_seq(log_), 2);
	loop_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_log_is_empty),
		TEST(an_epoch_is_sixteen_hex_digits_of_its_own),
		TEST(bad_options_are_refused),
		TEST(the_ring_holds_four_of_the_longest_lines),
		TEST(seqs_begin_at_1_and_rise),
		TEST(any_range_is_contiguous_wherever_the_ring_ends),
		TEST(a_span_is_as_many_whole_lines_as_fit),
		TEST(a_line_of_max_line_fits_and_one_byte_more_is_a_gap),
		TEST(a_line_too_long_commits_its_position),
		TEST(what_was_rejected_is_counted_with_its_position),
		TEST(what_is_opened_as_left_keeps_its_lines_until_it_is_changed),
		TEST(the_unit_stands_on_events),
		TEST(entries_are_counted_by_kind),
		TEST(last_event_and_state_outlive_the_ring),
		TEST(history_by_count_keeps_so_many),
		TEST(history_by_age_drops_what_is_older),
		TEST(all_of_a_log_may_be_too_old),
		TEST(nothing_ages_within_a_turn),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}

/* The log: what is appended, kept, adopted, refused. */
#include "tests/streams-test.h"

#include <errno.h>
#include <stdlib.h>

#include "async/loop.h"
#include "async/loop_manual.h"
#include "streams/log_private.h"

#define RING 4096

static struct arena *arena;
static struct log *log_;
static const struct log_options small = { .size = RING, .max_line = 1024 };

static void
open_log(const struct log_options *options)
{
	assert_int_equal(log_open(arena, "door", options, &log_), 0);
}

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(arena_create(&arena), 0);
	log_ = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_close(log_);
	arena_free(arena);
	return 0;
}

/* The process dies, another one comes. */
static void
succeed(const struct log_options *options)
{
	log_close(log_);
	arena = test_succeed(arena);
	assert_int_equal(arena_damaged(arena), 0);
	open_log(options);
}

static int
append(const struct event *event)
{
	return log_append(log_, event);
}

static void
append_integers(int count)
{
	for (int i = 0; i < count; i++) {
		struct event event = test_integer((int64_t)log_next_seq(log_));

		event.position = (struct position){ 1, 2, log_next_seq(log_) };
		assert_int_equal(append(&event), 0);
	}
}

static void
assert_line_of_integer(const char *line, size_t length, uint64_t seq)
{
	char expected[256];
	int n = snprintf(expected, sizeof expected,
	    "{\"stream\":\"door\",\"seq\":%llu,\"time\":\"2026-11-20T11:15:59.123456789Z\","
	    "\"mono_ns\":8123456789012,\"value\":%llu}\n",
	    (unsigned long long)seq, (unsigned long long)seq);

	assert_int_equal(length, n);
	assert_memory_equal(line, expected, length);
}

/* All that is kept are lines of append_integers(). */
static void
assert_integers(void)
{
	uint64_t next = log_next_seq(log_);

	for (uint64_t seq = log_tail_seq(log_); seq < next; seq++) {
		struct text line = log_rest(log_, seq, 0);

		assert_line_of_integer(line.data, line.length, seq);
	}
}

/* A string event whose line is exactly so long. */
static void
append_of_length(size_t length, int expected)
{
	static char bytes[100000];
	struct encoder encoder;
	struct event event = test_string(bytes, 0);
	size_t empty;

	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(encoder_init(&encoder, "door"), 0);
	empty = encoder_line(&encoder, &event, log_next_seq(log_), bytes, 300);
	memset(bytes, 'x', sizeof bytes);
	assert_true(length >= empty);
	event.value.text.length = length - empty;
	assert_int_equal(append(&event), expected);
}

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

static struct event
event_of_age(uint64_t age_ns)
{
	struct event event = test_integer(1);

	event.time = moment_now();
	event.time.real_ns -= (int64_t)age_ns;
	return event;
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

/* ------------------------------------------------------------------- surviving */

static void
a_successor_goes_on_where_it_stopped(void **state)
{
	char epoch[EPOCH_LENGTH + 1];

	(void)state;
	open_log(&small);
	strcpy(epoch, log_epoch(log_));
	for (int round = 0; round < 40; round++) {
		append_integers(round);
		succeed(&small);
		assert_false(log_new_epoch(log_));
		assert_string_equal(log_epoch(log_), epoch);
		assert_int_equal(log_position(log_).consumed, log_next_seq(log_) - 1);
		assert_integers();
	}
	assert_int_equal(log_next_seq(log_), 1 + 39 * 40 / 2);
}

static void
position_and_kept_are_those_of_the_last_commit(void **state)
{
	const struct position position = { 7, 8, 9 };
	struct event event = test_integer(1);

	(void)state;
	open_log(&small);
	memset(log_kept(log_), 'a', KEPT_MAX);
	log_commit(log_, &position);
	memset(log_kept(log_), 'b', KEPT_MAX);   /* not committed */
	succeed(&small);
	assert_int_equal(log_position(log_).producer, 7);
	assert_int_equal(log_position(log_).generation, 8);
	assert_int_equal(log_position(log_).consumed, 9);
	assert_int_equal(*(char *)log_kept(log_), 'a');
	assert_int_equal(((char *)log_kept(log_))[KEPT_MAX - 1], 'a');
	assert_int_equal(log_next_seq(log_), 1);
	assert_int_equal(append(&event), 0);      /* without a position: as it was */
	assert_int_equal(log_position(log_).consumed, 9);
}

static void
only_so_much_is_kept_as_is_in_use(void **state)
{
	const struct position position = { 0, 0, 1 };

	(void)state;
	open_log(&small);
	log_set_kept_size(log_, 10);
	memset(log_kept(log_), 'a', KEPT_MAX);
	log_commit(log_, &position);
	succeed(&small);
	assert_memory_equal(log_kept(log_), "aaaaaaaaaa", 10);
	assert_int_equal(((char *)log_kept(log_))[16], 0);
}

static void
the_chain_is_stored_with_the_next_commit(void **state)
{
	const struct position position = { 0, 0, 1 };

	(void)state;
	open_log(&small);
	log_set_chain(log_, 77);
	assert_int_equal(log_chain(log_), 77);
	succeed(&small);
	assert_int_equal(log_chain(log_), 0);
	log_set_chain(log_, 77);
	log_commit(log_, &position);
	append_integers(3);
	succeed(&small);
	assert_int_equal(log_chain(log_), 77);
}

static void
a_dropped_log_leaves_nothing(void **state)
{
	char epoch[EPOCH_LENGTH + 1];

	(void)state;
	open_log(&small);
	append_integers(3);
	strcpy(epoch, log_epoch(log_));
	log_drop(log_);
	arena = test_succeed(arena);
	open_log(&small);
	assert_true(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 1);
	assert_string_not_equal(log_epoch(log_), epoch);
}

/* ------------------------------------------------------------------------ damage */

/* Changes a byte of the extent behind the dead process's back, adopts, and undoes it.  True: the
 * log was given up. */
static bool
damage(size_t at)
{
	struct log *other = NULL;
	bool given_up;

	assert_int_equal(log_open(arena, "other", &small, &other), 0);
	((unsigned char *)log_->store.memory)[at] ^= 0x55;
	log_close(other);
	succeed(&small);
	given_up = log_new_epoch(log_);
	assert_int_equal(log_open(arena, "other", &small, &other), 0);
	assert_false(log_new_epoch(other));
	log_close(other);
	return given_up;
}

static void
a_byte_wrong_in_the_header_or_the_record_costs_the_epoch(void **state)
{
	size_t given_up = 0;

	(void)state;
	arena_free(arena);
	for (size_t at = 0; at < sizeof(struct log_header) + sizeof(struct log_hot); at++) {
		struct log *other = NULL;

		setup(NULL);
		assert_int_equal(log_open(arena, "other", &small, &other), 0);
		log_close(other);
		open_log(&small);
		append_integers(60);
		if (damage(at)) {
			given_up++;
			assert_int_equal(log_next_seq(log_), 1);
		} else {
			assert_int_equal(log_next_seq(log_), 61);
			assert_int_equal(log_position(log_).consumed, 60);
			assert_integers();
		}
		append_integers(60);
		assert_integers();
		log_close(log_);
		log_ = NULL;
		arena_free(arena);
	}
	/* The header, tail_seq, and half of the records and rare blocks. */
	assert_true(given_up > sizeof(struct log_header) - 16 + sizeof(struct log_commit));
	setup(NULL);
}

static void
a_line_without_its_end_costs_the_epoch(void **state)
{
	struct text line;

	(void)state;
	open_log(&small);
	append_integers(60);
	line = log_rest(log_, 58, 0);
	((char *)(uintptr_t)line.data)[line.length - 1] = ' ';
	succeed(&small);
	assert_true(log_new_epoch(log_));
	assert_int_equal(log_tail_seq(log_), 1);
	assert_int_equal(log_last_event(log_).length, 0);
}

static void
an_index_out_of_order_costs_the_epoch(void **state)
{
	static const uint64_t wrong[] = { 0, 1, UINT64_MAX, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		open_log(&small);
		append_integers(60);
		log_->index[58 & log_->index_mask] = wrong[i];
		succeed(&small);
		assert_true(log_new_epoch(log_));
		log_drop(log_);
	}
	log_ = NULL;
}

static void
a_tail_out_of_range_costs_the_epoch(void **state)
{
	static const uint64_t wrong[] = { 0, 1, 62, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		open_log(&small);
		append_integers(60);
		log_->hot->tail_seq = wrong[i];
		succeed(&small);
		assert_true(log_new_epoch(log_));
		log_drop(log_);
	}
	log_ = NULL;
}

static void
a_saved_line_that_is_wrong_costs_the_epoch(void **state)
{
	const struct event down = test_state(STATE_DOWN);

	(void)state;
	open_log(&small);
	assert_int_equal(append(&down), 0);
	append_integers(100);
	((char *)(uintptr_t)log_last_state(log_).data)[3] ^= 1;
	succeed(&small);
	assert_true(log_new_epoch(log_));
}

static void
an_extent_that_is_no_log_is_replaced(void **state)
{
	struct extent *extent = NULL;

	(void)state;
	assert_int_equal(arena_take(arena, EXTENT_LOG, "door", 3 * 4096, false, &extent), 0);
	memset(extent->memory, 0xaa, extent->size);
	extent_release(arena, extent);
	arena = test_succeed(arena);
	open_log(&small);
	assert_true(log_new_epoch(log_));
	append_integers(100);
	assert_integers();
}

/* ----------------------------------------------------------------- other options */

static void
a_larger_ring_keeps_all(void **state)
{
	const struct log_options large = { .size = 16 * RING, .max_line = 1024 };
	uint64_t tail;

	(void)state;
	open_log(&small);
	append_integers(100);
	tail = log_tail_seq(log_);
	assert_int_equal(log_change(log_, &large), 0);
	assert_int_equal(log_tail_seq(log_), tail);
	assert_integers();
	append_integers(100);
	assert_int_equal(log_tail_seq(log_), tail);
	assert_integers();
	succeed(&large);
	assert_false(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 201);
	assert_integers();
}

static void
a_smaller_ring_keeps_the_newest(void **state)
{
	const struct log_options large = { .size = 16 * RING, .max_line = 1024 };
	const struct event down = test_state(STATE_DOWN);

	(void)state;
	open_log(&large);
	assert_int_equal(append(&down), 0);
	append_integers(300);
	assert_int_equal(log_tail_seq(log_), 1);
	assert_int_equal(log_change(log_, &small), 0);
	assert_true(log_tail_seq(log_) > 250);
	assert_integers();
	assert_memory_equal(log_last_state(log_).data, "{\"state\"", 8);
	succeed(&small);
	assert_false(log_new_epoch(log_));
	assert_memory_equal(log_last_state(log_).data, "{\"state\"", 8);
	append_integers(300);
	assert_integers();
}

static void
a_log_opened_with_another_size_keeps_its_lines(void **state)
{
	const struct log_options large = { .size = 16 * RING, .max_line = 2048, .count = 5 };
	uint64_t tail;

	(void)state;
	open_log(&small);
	append_integers(100);
	tail = log_tail_seq(log_);
	succeed(&large);
	assert_false(log_new_epoch(log_));
	assert_int_equal(log_tail_seq(log_), tail);
	assert_int_equal(log_position(log_).consumed, 100);
	append_integers(1);
	assert_int_equal(log_tail_seq(log_), 97);
	assert_integers();
}

static void
a_line_too_long_for_the_new_ring_is_let_go(void **state)
{
	const struct log_options large = { .size = 128 * RING, .max_line = 100000 };

	(void)state;
	open_log(&large);
	append_of_length(50000, 0);
	assert_int_equal(log_change(log_, &small), 0);
	assert_int_equal(log_tail_seq(log_), log_next_seq(log_));
	assert_int_equal(log_last_event(log_).length, 0);
	append_integers(100);
	assert_integers();
	succeed(&small);
	assert_false(log_new_epoch(log_));
}

static void
a_change_that_is_refused_changes_nothing(void **state)
{
	const struct log_options wrong = { .size = SIZE_MAX / 2 };

	(void)state;
	open_log(&small);
	append_integers(3);
	assert_int_equal(log_change(log_, &wrong), -EINVAL);
	append_integers(100);
	assert_integers();
}

/* --------------------------------------------------------------------- `block` */

static void
never_ready(struct cursor *cursor)
{
	(void)cursor;
	fail();
}

/* Not on the stack: a test that fails leaves them in the log. */
static struct cursor slow, fast;

static void
open_blocking(struct cursor *cursor, uint64_t seq)
{
	*cursor = (struct cursor){ .ready = never_ready };
	cursor_open(cursor, log_, seq, LAG_BLOCK);
}

static void
a_block_cursor_stands_in_the_way(void **state)
{
	const struct event event = test_integer(1);
	int appended = 0;
	struct span span;

	(void)state;
	open_log(&small);
	append_integers(10);
	open_blocking(&slow, 11);
	while (append(&event) == 0)
		appended++;
	assert_in_range(appended, (RING - 512) / 110, RING / 90);
	assert_int_equal(append(&event), -EAGAIN);
	assert_int_equal(log_next_seq(log_), 11 + appended);
	assert_true(log_tail_seq(log_) <= 11);
	assert_true(log_span(log_, 11, SIZE_MAX, &span));
	assert_int_equal(span.next, log_next_seq(log_));
	cursor_close(&slow);
	assert_int_equal(append(&event), 0);
}

static struct promise *
fill_until_no_room(void)
{
	struct promise *room;

	do
		append_integers(1);
	while ((room = log_room(log_)) == NULL);
	assert_int_equal(room->state, PROMISE_PENDING);
	return room;
}

static void
room_comes_when_the_slowest_moves_on(void **state)
{
	const struct event event = test_integer(1);
	struct promise *room;

	(void)state;
	open_log(&small);
	open_blocking(&slow, 1);
	open_blocking(&fast, 1);
	room = fill_until_no_room();
	while (append(&event) == 0)
		continue;
	cursor_advance(&fast, log_next_seq(log_));
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_advance(&slow, 2);                         /* not enough yet for a line of any size */
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_advance(&slow, log_next_seq(log_) - 1);
	assert_int_equal(room->state, PROMISE_FULFILLED);
	assert_null(log_room(log_));
	promise_unref(room);
	cursor_close(&slow);
	cursor_close(&fast);
}

static void
room_comes_when_the_last_blocker_leaves(void **state)
{
	struct promise *room;

	(void)state;
	open_log(&small);
	open_blocking(&fast, 1);
	open_blocking(&slow, 1);
	room = fill_until_no_room();
	cursor_set_lag(&fast, LAG_SKIP);
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_close(&slow);
	assert_int_equal(room->state, PROMISE_FULFILLED);
	promise_unref(room);
	cursor_close(&fast);
}

static void
room_comes_when_all_have_left_the_floor(void **state)
{
	const struct event event = test_integer(1);
	struct cursor third = { .log = NULL };
	struct promise *room;

	(void)state;
	open_log(&small);
	append_integers(1);
	open_blocking(&fast, 1);
	open_blocking(&slow, 1);
	open_blocking(&third, 2);
	room = fill_until_no_room();
	while (append(&event) == 0)
		continue;
	cursor_advance(&fast, log_next_seq(log_));
	cursor_advance(&third, 3);                         /* stood above the floor */
	cursor_advance(&fast, log_next_seq(log_));        /* and left it before */
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_advance(&slow, log_next_seq(log_));
	assert_int_equal(room->state, PROMISE_PENDING);   /* now it is the third one's */
	cursor_advance(&third, log_next_seq(log_));
	assert_int_equal(room->state, PROMISE_FULFILLED);
	promise_unref(room);
	cursor_close(&slow);
	cursor_close(&fast);
	cursor_close(&third);
}

static void
all_who_wait_for_room_have_one_promise(void **state)
{
	struct promise *room, *again;

	(void)state;
	open_log(&small);
	open_blocking(&slow, 1);
	room = fill_until_no_room();
	again = log_room(log_);
	assert_ptr_equal(room, again);
	promise_unref(again);
	promise_unref(room);
	cursor_close(&slow);
}

static void
count_and_age_wait_for_block_cursors(void **state)
{
	const struct log_options options = { .size = 16 * RING, .max_line = 1024, .count = 5,
		.age_ns = 3600 * NSEC_PER_SEC };
	const struct event old = event_of_age(7200 * NSEC_PER_SEC);

	(void)state;
	open_log(&options);
	assert_int_equal(append(&old), 0);
	open_blocking(&slow, 2);
	for (int i = 0; i < 20; i++)
		assert_int_equal(append(&old), 0);
	assert_int_equal(log_tail_seq(log_), 2);
	cursor_advance(&slow, 20);
	assert_int_equal(append(&old), 0);
	assert_int_equal(log_tail_seq(log_), 20);
	cursor_close(&slow);
}

/* Append first, then wait for room: at every margin, with lines of every size up to the longest. */
static void
who_waits_for_room_is_never_refused_and_loses_nothing(void **state)
{
	uint64_t x = 88172645463325252;
	struct promise *room = NULL;
	struct span span;
	uint64_t from, to;

	(void)state;
	open_log(&small);
	open_blocking(&slow, 1);
	for (int i = 0; i < 30000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (room == NULL) {
			size_t length = x & 1 ? 1024 - (x >> 8) % 4 : 150 + (x >> 8) % 875;

			append_of_length(length, 0);
			room = log_room(log_);
		}
		if ((x >> 40) % 3 == 0 || room != NULL) {
			if (cursor_read(&slow, (x >> 20) % 4096, &span, &from, &to))
				cursor_advance(&slow, span.next);
			assert_int_equal(from, 0);
		}
		if (room != NULL && room->state == PROMISE_FULFILLED) {
			promise_unref(room);
			room = NULL;
		}
	}
	promise_unref(room);
	cursor_close(&slow);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(a_successor_goes_on_where_it_stopped),
		TEST(position_and_kept_are_those_of_the_last_commit),
		TEST(only_so_much_is_kept_as_is_in_use),
		TEST(the_chain_is_stored_with_the_next_commit),
		TEST(a_dropped_log_leaves_nothing),
		TEST(a_byte_wrong_in_the_header_or_the_record_costs_the_epoch),
		TEST(a_line_without_its_end_costs_the_epoch),
		TEST(an_index_out_of_order_costs_the_epoch),
		TEST(a_tail_out_of_range_costs_the_epoch),
		TEST(a_saved_line_that_is_wrong_costs_the_epoch),
		TEST(an_extent_that_is_no_log_is_replaced),
		TEST(a_larger_ring_keeps_all),
		TEST(a_smaller_ring_keeps_the_newest),
		TEST(a_log_opened_with_another_size_keeps_its_lines),
		TEST(a_line_too_long_for_the_new_ring_is_let_go),
		TEST(a_change_that_is_refused_changes_nothing),
		TEST(a_block_cursor_stands_in_the_way),
		TEST(room_comes_when_the_slowest_moves_on),
		TEST(room_comes_when_the_last_blocker_leaves),
		TEST(room_comes_when_all_have_left_the_floor),
		TEST(all_who_wait_for_room_have_one_promise),
		TEST(count_and_age_wait_for_block_cursors),
		TEST(who_waits_for_room_is_never_refused_and_loses_nothing),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}

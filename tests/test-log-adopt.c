/* The log: what a successor adopts, and what damage costs. */
#include "tests/log-fixture.h"

#include <errno.h>
#include <stdlib.h>


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

		log_setup(NULL);
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
	log_setup(NULL);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests_name("log adopted", tests, NULL, NULL);
}

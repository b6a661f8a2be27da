/* The log: other options while it lives. */
#include "tests/log-fixture.h"

#include <errno.h>


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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_larger_ring_keeps_all),
		TEST(a_smaller_ring_keeps_the_newest),
		TEST(a_log_opened_with_another_size_keeps_its_lines),
		TEST(a_line_too_long_for_the_new_ring_is_let_go),
		TEST(a_change_that_is_refused_changes_nothing),
	};

	return cmocka_run_group_tests_name("log changed", tests, NULL, NULL);
}

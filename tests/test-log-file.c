/* A log in a file: kept across boots, and cut where a power cut has torn it. */
#include "tests/log-file-fixture.h"

#include <signal.h>
#include <sys/wait.h>

/* -------------------------------------------------------------------- keeping */

static void
a_log_lies_in_its_file(void **state)
{
	struct stat st;

	(void)state;
	begin(100);
	assert_false(arena_has(arena, EXTENT_LOG, "door"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true((size_t)st.st_blocks * 512 >= (size_t)st.st_size);
	log_close(log_);
	cold_start();
	assert_false(log_new_epoch(log_));
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), 101);
	assert_int_equal(log_position(log_).consumed, 100);
	assert_integers();
	append_integers(100);
	assert_integers();
}

static void
a_killed_process_loses_nothing(void **state)
{
	uint64_t next = 1;

	(void)state;
	begin(0);
	log_close(log_);
	for (int i = 0; i < 20; i++) {
		int status, pair[2];
		char byte;
		pid_t pid;

		assert_int_equal(pipe(pair), 0);
		pid = fork();
		if (pid == 0) {
			open_log(&in_file);
			append_integers(1);
			(void)!write(pair[1], "x", 1);
			for (;;)
				append_integers(1);
		}
		assert_int_equal(read(pair[0], &byte, 1), 1);
		usleep(200);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		close(pair[0]);
		close(pair[1]);
		open_log(&in_file);
		assert_string_equal(log_epoch(log_), epoch);
		assert_true(log_next_seq(log_) > next);
		assert_integers();
		next = log_next_seq(log_);
		log_close(log_);
	}
	log_ = NULL;
}

static void
after_a_clean_close_a_reboot_is_not_noticed(void **state)
{
	(void)state;
	begin(100);
	log_close(log_);
	boot_again(true);
	cold_start();
	assert_false(log_new_epoch(log_));
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), 101);
	assert_integers();
}

/* ------------------------------------------------------------------- power cuts */

static void
a_power_cut_costs_the_epoch_and_no_line_that_is_whole(void **state)
{
	uint64_t tail;

	(void)state;
	begin(100);
	tail = log_tail_seq(log_);
	power_cut();
	assert_true(log_new_epoch(log_));
	assert_string_not_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), 101);
	assert_true(log_tail_seq(log_) <= tail);
	assert_int_equal(log_position(log_).consumed, 100);
	assert_integers();
	strcpy(epoch, log_epoch(log_));
	append_integers(100);
	log_close(log_);
	cold_start();
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), 201);
	assert_integers();
}

static void
spoil_line(uint64_t seq)
{
	struct text line = log_rest(log_, seq, 0);

	((char *)(uintptr_t)line.data)[line.length / 2] = 0;
}

static void
a_torn_tail_is_cut(void **state)
{
	struct log_stats stats;

	(void)state;
	begin(100);
	spoil_line(98);
	spoil_line(100);
	spoil_line(99);
	power_cut();
	assert_true(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 98);
	assert_true(log_tail_seq(log_) < 90);
	assert_integers();
	assert_memory_equal(log_last_event(log_).data, "{\"stream\":\"door\",\"seq\":97,", 26);
	log_stats(log_, &stats);
	assert_int_equal(stats.events, 97);
	append_integers(200);
	assert_integers();
}

static void
of_a_torn_middle_the_newest_lines_are_kept(void **state)
{
	(void)state;
	begin(100);
	spoil_line(90);
	power_cut();
	assert_int_equal(log_tail_seq(log_), 91);
	assert_int_equal(log_next_seq(log_), 101);
	assert_integers();
}

static void
an_index_that_is_older_cuts_what_it_does_not_know(void **state)
{
	(void)state;
	begin(100);
	log_->index[99 & log_->index_mask] = log_offset(log_, 90);
	power_cut();
	assert_true(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 101);
	assert_int_equal(log_tail_seq(log_), 100);
	assert_integers();
}

static void
of_two_records_the_whole_one_counts(void **state)
{
	(void)state;
	begin(100);
	log_->hot->rec[log_->commits & 1].head ^= 1;
	power_cut();
	assert_true(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 100);
	assert_int_equal(log_position(log_).consumed, 99);
	assert_integers();
}

static void
where_nothing_is_whole_it_begins_anew(void **state)
{
	(void)state;
	begin(10);
	for (uint64_t seq = 1; seq <= 10; seq++)
		spoil_line(seq);
	power_cut();
	assert_true(log_new_epoch(log_));
	assert_int_equal(log_path_error(log_), 0);
	assert_int_equal(log_next_seq(log_), 1);
	append_integers(100);
	assert_integers();
}

/* Pages that were written back at different times: each may be of any moment, or never have been. */
static void
any_mixture_of_old_and_new_pages_gives_whole_lines(void **state)
{
	uint64_t x = 88172645463325252;
	static char pages[9][1 << 16];          /* the last one was never written */
	size_t size;
	int fd;

	(void)state;
	begin(0);
	size = log_->store.size;
	assert_true(size <= sizeof *pages);
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 8; i++) {
			append_integers((int)(x >> 20 & 15));
			memcpy(pages[i], log_->store.memory, size);
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		}
		log_close(log_);
		fd = open(path, O_RDWR);
		for (size_t at = 0; at < size; at += 4096) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
			assert_int_equal(pwrite(fd, pages[(x >> 33) % (at == 0 ? 8 : 9)] + at, 4096,
			    (off_t)at), 4096);
		}
		close(fd);
		fd = open(path, O_RDWR);
		{
			struct log_hot hot;
			struct log_header header;

			assert_int_equal(pread(fd, &header, sizeof header, 0), sizeof header);
			assert_int_equal(pread(fd, &hot, sizeof hot, header.hot), sizeof hot);
			hot.boot[0] ^= 1;
			assert_int_equal(pwrite(fd, &hot, sizeof hot, header.hot), sizeof hot);
		}
		close(fd);
		open_log(&in_file);
		assert_int_equal(log_path_error(log_), 0);
		assert_true(log_new_epoch(log_));
		assert_integers();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_log_lies_in_its_file),
		TEST(a_killed_process_loses_nothing),
		TEST(after_a_clean_close_a_reboot_is_not_noticed),
		TEST(a_power_cut_costs_the_epoch_and_no_line_that_is_whole),
		TEST(a_torn_tail_is_cut),
		TEST(of_a_torn_middle_the_newest_lines_are_kept),
		TEST(an_index_that_is_older_cuts_what_it_does_not_know),
		TEST(of_two_records_the_whole_one_counts),
		TEST(where_nothing_is_whole_it_begins_anew),
		TEST(any_mixture_of_old_and_new_pages_gives_whole_lines),
	};

	return cmocka_run_group_tests_name("log in a file", tests, NULL, NULL);
}

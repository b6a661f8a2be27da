/* A log in a file: kept across boots, cut where a power cut has torn it, and never at the cost of
 * somebody else's file or of the stream. */
#include "tests/streams-test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "streams/log_private.h"

static struct arena *arena;
static struct log *log_;
static char folder[] = "/tmp/awaitd-test-XXXXXX", path[64], prepared[80], epoch[EPOCH_LENGTH + 1];
static struct log_options in_file = { .size = 4096, .max_line = 1024 };
static const struct log_options in_arena = { .size = 4096, .max_line = 1024 };

static void
open_log(const struct log_options *options)
{
	assert_int_equal(log_open(arena, "door", options, &log_), 0);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(folder + sizeof folder - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/door.log", folder);
	snprintf(prepared, sizeof prepared, "%s.new", path);
	in_file.path = path;
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
	unlink(path);
	assert_int_equal(access(prepared, F_OK), -1);
	return rmdir(folder);
}

static void
append_integers(int count)
{
	while (count-- > 0) {
		struct event event = test_integer((int64_t)log_next_seq(log_));

		event.position = (struct position){ 1, 2, log_next_seq(log_) };
		assert_int_equal(log_append(log_, &event), 0);
	}
}

static void
assert_integers(void)
{
	char expected[256];

	for (uint64_t seq = log_tail_seq(log_); seq < log_next_seq(log_); seq++) {
		struct text line = log_rest(log_, seq, 0);

		snprintf(expected, sizeof expected, "\"mono_ns\":8123456789012,\"value\":%llu}\n",
		    (unsigned long long)seq);
		assert_memory_equal(
		    line.data + line.length - strlen(expected), expected, strlen(expected));
	}
}

static void
cold_start(void)
{
	arena_free(arena);
	assert_int_equal(arena_create(&arena), 0);
	open_log(&in_file);
}

/* As if the machine had been another one until now; with `clean` what log_close() did stays. */
static void
boot_again(bool clean)
{
	struct log_hot hot;
	struct log_header header;
	int fd = open(path, O_RDWR);

	assert_int_equal(pread(fd, &header, sizeof header, 0), sizeof header);
	assert_int_equal(pread(fd, &hot, sizeof hot, header.hot), sizeof hot);
	assert_int_equal(hot.clean, hot.commits);
	hot.boot[0] ^= 1;
	if (!clean)
		hot.clean = 0;
	assert_int_equal(pwrite(fd, &hot, sizeof hot, header.hot), sizeof hot);
	close(fd);
}

static void
power_cut(void)
{
	log_close(log_);
	boot_again(false);
	cold_start();
}

static void
begin(int entries)
{
	open_log(&in_file);
	assert_int_equal(log_path_error(log_), 0);
	strcpy(epoch, log_epoch(log_));
	append_integers(entries);
}

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

/* Pages that were written back at different times: each may be of any moment. */
static void
any_mixture_of_old_and_new_pages_gives_whole_lines(void **state)
{
	uint64_t x = 88172645463325252;
	static char pages[8][1 << 16];
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
			assert_int_equal(pwrite(fd, pages[x >> 33 & 7] + at, 4096, (off_t)at), 4096);
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

/* ----------------------------------------------------------- what cannot be a log */

static void
assert_in_arena_because(int error)
{
	open_log(&in_file);
	assert_int_equal(log_path_error(log_), error);
	assert_true(arena_has(arena, EXTENT_LOG, "door"));
	append_integers(100);
	assert_integers();
}

static void
write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static void
somebody_elses_file_is_left_alone(void **state)
{
	char text[64] = "";
	FILE *file;

	(void)state;
	write_file("my diary of many years");
	assert_in_arena_because(-EEXIST);
	file = fopen(path, "r");
	assert_non_null(fgets(text, sizeof text, file));
	fclose(file);
	assert_string_equal(text, "my diary of many years");
}

static void
nothing_moves_over_somebody_elses_file(void **state)
{
	struct stat st;

	(void)state;
	write_file("my diary of many years");
	open_log(&in_arena);
	append_integers(10);
	assert_int_equal(log_change(log_, &in_file), 0);
	assert_int_equal(log_path_error(log_), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 22);
	append_integers(10);
	assert_int_equal(log_next_seq(log_), 21);
}

static void
an_empty_file_is_left_alone(void **state)
{
	(void)state;
	write_file("");
	assert_in_arena_because(-EEXIST);
}

static void
a_folder_that_is_missing_costs_the_file_only(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "%s/none/door.log", folder);
	assert_in_arena_because(-ENOENT);
}

static void
a_file_of_another_process_is_left_alone(void **state)
{
	int fd;

	(void)state;
	begin(10);
	log_close(log_);
	fd = open(path, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_in_arena_because(-EBUSY);
	close(fd);
}

/* A disk of four pages, which only root can have made. */
static void
a_full_disk_is_told_and_costs_the_file_only(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0
	    || mount("none", folder, "tmpfs", 0, "size=16k") < 0)
		skip();
	assert_in_arena_because(-ENOSPC);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(prepared, F_OK), -1);
	assert_int_equal(umount(folder), 0);
}

static void
a_header_that_is_wrong_is_replaced(void **state)
{
	(void)state;
	begin(10);
	log_->header->ring_size *= 2;
	log_close(log_);
	cold_start();
	assert_int_equal(log_path_error(log_), 0);
	assert_int_equal(log_next_seq(log_), 1);
	append_integers(100);
	assert_integers();
}

/* ------------------------------------------------------------------------ moving */

static void
a_log_moves_into_a_file_and_back(void **state)
{
	(void)state;
	open_log(&in_arena);
	strcpy(epoch, log_epoch(log_));
	append_integers(100);
	assert_int_equal(log_change(log_, &in_file), 0);
	assert_int_equal(log_path_error(log_), 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_false(arena_has(arena, EXTENT_LOG, "door"));
	append_integers(100);
	assert_integers();
	assert_int_equal(log_change(log_, &in_arena), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(arena_has(arena, EXTENT_LOG, "door"));
	append_integers(100);
	assert_integers();
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), 301);
}

static void
a_log_in_a_file_changes_its_size(void **state)
{
	struct log_options large = in_file;

	(void)state;
	large.size = 65536;
	begin(30);
	assert_int_equal(log_change(log_, &large), 0);
	append_integers(300);
	assert_int_equal(log_tail_seq(log_), 1);
	log_close(log_);
	cold_start();                         /* small again */
	assert_false(log_new_epoch(log_));
	assert_true(log_tail_seq(log_) > 250);
	assert_int_equal(log_next_seq(log_), 331);
	assert_integers();
}

static void
of_arena_and_file_the_arena_counts(void **state)
{
	struct log_options elsewhere = in_file;

	(void)state;
	begin(10);
	log_close(log_);
	elsewhere.path = NULL;
	open_log(&elsewhere);                 /* the path is gone from the config: another log */
	append_integers(20);
	log_close(log_);
	open_log(&in_file);
	assert_int_equal(log_next_seq(log_), 21);
	assert_false(arena_has(arena, EXTENT_LOG, "door"));
	assert_integers();
}

/* A successor would not find it in a file that no config names. */
static void
a_move_that_fails_ends_in_the_arena(void **state)
{
	struct log_options elsewhere = in_file, larger;
	char other[80];

	(void)state;
	snprintf(other, sizeof other, "%s/none/door.log", folder);
	elsewhere.path = other;
	begin(10);
	assert_int_equal(log_change(log_, &elsewhere), 0);
	assert_int_equal(log_path_error(log_), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(arena_has(arena, EXTENT_LOG, "door"));
	append_integers(10);
	larger = elsewhere;
	larger.size = 65536;
	assert_int_equal(log_change(log_, &larger), 0);
	assert_int_equal(log_path_error(log_), -ENOENT);
	append_integers(10);
	assert_integers();
	assert_int_equal(log_next_seq(log_), 31);
}

/* The config has changed while nobody lived. */
static void
a_successor_finds_it_where_it_was_and_moves_it(void **state)
{
	struct log_options elsewhere = in_file, nowhere = in_arena;
	char other[80];

	(void)state;
	snprintf(other, sizeof other, "%s/other.log", folder);
	elsewhere.path = other;
	elsewhere.former_paths[0] = path;
	begin(10);
	log_close(log_);
	open_log(&elsewhere);
	assert_int_equal(access(path, F_OK), -1);
	append_integers(10);
	log_close(log_);
	nowhere.former_paths[0] = other;
	open_log(&nowhere);
	assert_int_equal(access(other, F_OK), -1);
	assert_int_equal(log_path_error(log_), 0);
	assert_string_equal(log_epoch(log_), epoch);
	assert_integers();
	assert_int_equal(log_next_seq(log_), 21);
}

/* It had moved already; or its file is not there any more. */
static void
a_former_file_that_has_gone_costs_nothing(void **state)
{
	struct log_options moved = in_file;
	char other[80];

	(void)state;
	snprintf(other, sizeof other, "%s/other.log", folder);
	moved.former_paths[0] = other;
	begin(10);
	log_close(log_);
	open_log(&moved);
	assert_false(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 11);
}

/* Killed within a move from the one to the other, whose config then became a third. */
static void
it_is_found_in_the_second_former_file_if_it_is_in_none_before(void **state)
{
	struct log_options third = in_file, there = in_file;
	char other[80], last[80];

	(void)state;
	snprintf(other, sizeof other, "%s/other.log", folder);
	snprintf(last, sizeof last, "%s/last.log", folder);
	there.path = other;
	third.path = last;
	third.former_paths[0] = path;
	third.former_paths[1] = other;
	begin(10);
	assert_int_equal(log_change(log_, &there), 0);
	append_integers(10);
	log_close(log_);
	open_log(&third);
	assert_false(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 21);
	assert_int_equal(access(last, F_OK), 0);
	assert_int_equal(access(other, F_OK), -1);
	log_drop(log_);
	log_ = NULL;
}

static void
another_streams_log_is_left_alone(void **state)
{
	struct log *window;

	(void)state;
	begin(10);
	log_close(log_);
	log_ = NULL;
	assert_int_equal(log_open(arena, "window", &in_file, &window), 0);
	assert_int_equal(log_path_error(window), -EEXIST);
	assert_int_equal(log_change(window, &in_arena), 0);
	assert_int_equal(log_change(window, &in_file), 0);
	assert_int_equal(log_path_error(window), -EEXIST);
	log_drop(window);
	open_log(&in_file);
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), 11);
}

static void
append_windows(struct log *window, int count)
{
	while (count-- > 0) {
		const struct event event = test_integer((int64_t)log_next_seq(window));

		assert_int_equal(log_append(window, &event), 0);
	}
}

/* At a reload, and once more between two lives: neither loses a line, and each is where a successor
 * looks. */
static void
two_streams_that_change_places_lose_nothing(void **state)
{
	struct log_options first = in_file, second = in_file;
	char other[80], theirs[EPOCH_LENGTH + 1];
	struct log *window;

	(void)state;
	snprintf(other, sizeof other, "%s/other.log", folder);
	second.path = other;
	begin(10);
	assert_int_equal(log_open(arena, "window", &second, &window), 0);
	strcpy(theirs, log_epoch(window));
	append_windows(window, 20);
	assert_int_equal(log_change(log_, &second), 0);
	assert_int_equal(log_path_error(log_), -EBUSY);
	assert_true(arena_has(arena, EXTENT_LOG, "door"));
	assert_int_equal(log_change(window, &first), 0);
	assert_int_equal(log_path_error(window), 0);
	log_close(log_);
	log_close(window);
	second.former_paths[0] = path;      /* as the new config has it, and then the old one */
	first.former_paths[0] = other;
	open_log(&first);
	assert_int_equal(log_path_error(log_), -EEXIST);
	assert_int_equal(log_open(arena, "window", &second, &window), 0);
	assert_int_equal(log_path_error(window), 0);
	assert_string_equal(log_epoch(log_), epoch);
	assert_string_equal(log_epoch(window), theirs);
	assert_int_equal(log_next_seq(log_), 11);
	assert_int_equal(log_next_seq(window), 21);
	log_drop(window);
}

static void
a_dropped_log_takes_its_file_along(void **state)
{
	(void)state;
	begin(10);
	log_drop(log_);
	log_ = NULL;
	assert_int_equal(access(path, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(somebody_elses_file_is_left_alone),
		TEST(nothing_moves_over_somebody_elses_file),
		TEST(an_empty_file_is_left_alone),
		TEST(a_folder_that_is_missing_costs_the_file_only),
		TEST(a_file_of_another_process_is_left_alone),
		TEST(a_full_disk_is_told_and_costs_the_file_only),
		TEST(a_header_that_is_wrong_is_replaced),
		TEST(a_log_moves_into_a_file_and_back),
		TEST(a_log_in_a_file_changes_its_size),
		TEST(of_arena_and_file_the_arena_counts),
		TEST(a_move_that_fails_ends_in_the_arena),
		TEST(a_successor_finds_it_where_it_was_and_moves_it),
		TEST(a_former_file_that_has_gone_costs_nothing),
		TEST(it_is_found_in_the_second_former_file_if_it_is_in_none_before),
		TEST(another_streams_log_is_left_alone),
		TEST(two_streams_that_change_places_lose_nothing),
		TEST(a_dropped_log_takes_its_file_along),
	};

	return cmocka_run_group_tests_name("log in a file", tests, NULL, NULL);
}

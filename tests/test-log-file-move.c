/* A log in a file: never at the cost of somebody else's file or of the stream; and moved. */
#include "tests/log-file-fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>

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

static void
a_file_that_was_cut_off_is_replaced(void **state)
{
	(void)state;
	begin(10);
	log_close(log_);
	assert_int_equal(truncate(path, 8192), 0);
	cold_start();
	assert_int_equal(log_path_error(log_), 0);
	assert_int_equal(log_next_seq(log_), 1);
	append_integers(100);
	assert_integers();
}

static void
a_file_of_another_version_is_replaced(void **state)
{
	struct log_header *header;

	(void)state;
	begin(10);
	header = log_->header;
	header->version++;
	header->checksum = arena_checksum(0, header, offsetof(struct log_header, checksum));
	log_close(log_);
	cold_start();
	assert_true(log_new_epoch(log_));
	assert_int_equal(log_path_error(log_), 0);
	assert_int_equal(log_next_seq(log_), 1);
	append_integers(100);
	assert_integers();
}

static void
a_file_on_a_read_only_system_costs_the_file_only(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0
	    || mount("none", folder, "tmpfs", 0, NULL) < 0)
		skip();
	begin(10);
	log_close(log_);
	assert_int_equal(mount("none", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	arena_free(arena);
	assert_int_equal(arena_create(&arena), 0);
	assert_in_arena_because(-EROFS);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(umount(folder), 0);
}

/* RLIMIT_FSIZE, as LimitFSIZE= of a unit: the daemon ignores SIGXFSZ. */
static void
a_limit_of_files_sizes_costs_the_file_only(void **state)
{
	struct rlimit was, limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	limit = (struct rlimit){ .rlim_cur = 8192, .rlim_max = was.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	open_log(&in_arena);
	append_integers(10);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(log_change(log_, &in_file), 0);
	assert_int_equal(log_path_error(log_), -EFBIG);
	append_integers(100);
	assert_integers();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	signal(SIGXFSZ, SIG_DFL);
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
	assert_false(arena_has(arena, EXTENT_LOG_PATHS, "door"));
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

/* Killed between the two steps of a move into the arena. */
static void
of_arena_and_file_the_arena_counts(void **state)
{
	char left[80];

	(void)state;
	snprintf(left, sizeof left, "%s/left", folder);
	begin(10);
	log_close(log_);
	assert_int_equal(link(path, left), 0);
	open_log(&in_arena);
	append_integers(10);
	log_close(log_);
	assert_int_equal(rename(left, path), 0);
	assert_int_equal(paths_set(arena, "door", NULL, path), 0);
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
	struct log_options elsewhere = in_file;
	char other[80];

	(void)state;
	snprintf(other, sizeof other, "%s/other.log", folder);
	elsewhere.path = other;
	begin(10);
	log_close(log_);
	open_log(&elsewhere);
	assert_int_equal(access(path, F_OK), -1);
	append_integers(10);
	log_close(log_);
	open_log(&in_arena);
	assert_int_equal(access(other, F_OK), -1);
	assert_int_equal(log_path_error(log_), 0);
	assert_string_equal(log_epoch(log_), epoch);
	assert_integers();
	assert_int_equal(log_next_seq(log_), 21);
}

/* Somebody else has moved it, and says so in the config. */
static void
a_file_that_has_gone_from_where_it_was_costs_nothing(void **state)
{
	struct log_options moved = in_file;
	char other[80];

	(void)state;
	snprintf(other, sizeof other, "%s/other.log", folder);
	moved.path = other;
	begin(10);
	log_close(log_);
	assert_int_equal(rename(path, other), 0);
	open_log(&moved);
	assert_false(log_new_epoch(log_));
	assert_int_equal(log_next_seq(log_), 11);
	log_close(log_);
	open_log(&in_file);
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(access(other, F_OK), -1);
}

/* Killed within a move from the one to the other, whose config then became a third. */
static void
between_two_files_it_is_in_the_first_that_is_there(void **state)
{
	struct log_options third = in_file;
	char other[80], last[80];

	(void)state;
	snprintf(other, sizeof other, "%s/other.log", folder);
	snprintf(last, sizeof last, "%s/last.log", folder);
	third.path = last;
	for (int i = 0; i < 2; i++) {
		begin(10);
		log_close(log_);
		assert_int_equal(i == 0 ? paths_set(arena, "door", path, other)
		                        : paths_set(arena, "door", other, path), 0);
		open_log(&third);
		assert_false(log_new_epoch(log_));
		assert_int_equal(log_next_seq(log_), 11);
		assert_int_equal(access(last, F_OK), 0);
		assert_int_equal(access(path, F_OK), -1);
		log_drop(log_);
		log_ = NULL;
	}
}

static void
where_the_arena_does_not_say_it_the_config_does(void **state)
{
	struct extent *extent;

	(void)state;
	begin(10);
	log_close(log_);
	for (size_t i = 0; i < 80; i++) {
		assert_int_equal(arena_take(arena, EXTENT_LOG_PATHS, "door", 1, false, &extent), 0);
		memset((char *)extent->memory + i, 255, 1);
		extent_release(arena, extent);
		open_log(&in_file);
		assert_string_equal(log_epoch(log_), epoch);
		log_close(log_);
	}
	paths_drop(arena, "door");
	open_log(&in_file);
	assert_string_equal(log_epoch(log_), epoch);
	assert_true(arena_has(arena, EXTENT_LOG_PATHS, "door"));
}

/* A successor would not find it. */
static void
it_does_not_move_where_that_cannot_be_written_down(void **state)
{
	struct log_options elsewhere = in_file;
	struct extent *extent;
	char other[80], name[20];
	int r = 0;

	(void)state;
	snprintf(other, sizeof other, "%s/other.log", folder);
	elsewhere.path = other;
	begin(10);
	for (int i = 0; r == 0; i++) {
		snprintf(name, sizeof name, "%d", i);
		r = arena_take(arena, EXTENT_STATE, name, 1, false, &extent);
		if (r == 0)
			extent_release(arena, extent);
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(log_change(log_, &elsewhere), -ENOSPC);
	assert_int_equal(access(other, F_OK), -1);
	append_integers(10);
	log_close(log_);
	open_log(&in_file);
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), 21);
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
	assert_false(arena_has(arena, EXTENT_LOG_PATHS, "door"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(somebody_elses_file_is_left_alone),
		TEST(nothing_moves_over_somebody_elses_file),
		TEST(an_empty_file_is_left_alone),
		TEST(a_folder_that_is_missing_costs_the_file_only),
		TEST(a_file_of_another_process_is_left_alone),
		TEST(a_full_disk_is_told_and_costs_the_file_only),
		TEST(a_header_that_is_wrong_is_replaced),
		TEST(a_file_that_was_cut_off_is_replaced),
		TEST(a_file_of_another_version_is_replaced),
		TEST(a_file_on_a_read_only_system_costs_the_file_only),
		TEST(a_limit_of_files_sizes_costs_the_file_only),
		TEST(a_log_moves_into_a_file_and_back),
		TEST(a_log_in_a_file_changes_its_size),
		TEST(of_arena_and_file_the_arena_counts),
		TEST(a_move_that_fails_ends_in_the_arena),
		TEST(a_successor_finds_it_where_it_was_and_moves_it),
		TEST(a_file_that_has_gone_from_where_it_was_costs_nothing),
		TEST(between_two_files_it_is_in_the_first_that_is_there),
		TEST(where_the_arena_does_not_say_it_the_config_does),
		TEST(it_does_not_move_where_that_cannot_be_written_down),
		TEST(another_streams_log_is_left_alone),
		TEST(two_streams_that_change_places_lose_nothing),
		TEST(a_dropped_log_takes_its_file_along),
	};

	return cmocka_run_group_tests_name("log in a file, or not", tests, NULL, NULL);
}

/* log-file-fixture.h - one log in a file of a folder of the test's own. */
#ifndef TESTS_LOG_FILE_FIXTURE_H
#define TESTS_LOG_FILE_FIXTURE_H

#include "tests/streams-test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "streams/log_private.h"

static struct arena *arena;
static struct log *log_;
static char folder[] = "/tmp/awaitd-test-XXXXXX", path[64], prepared[80], epoch[EPOCH_LENGTH + 1];
static struct log_options in_file = { .size = 4096, .max_line = 1024 };
static const struct log_options in_arena = { .size = 4096, .max_line = 1024 };

static inline void
open_log(const struct log_options *options)
{
	assert_int_equal(log_open(arena, "door", options, &log_), 0);
}

static inline int
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

static inline int
teardown(void **state)
{
	(void)state;
	log_close(log_);
	arena_free(arena);
	unlink(path);
	assert_int_equal(access(prepared, F_OK), -1);
	return rmdir(folder);
}

static inline void
append_integers(int count)
{
	while (count-- > 0) {
		struct event event = test_integer((int64_t)log_next_seq(log_));

		event.position = (struct position){ 1, 2, log_next_seq(log_) };
		assert_int_equal(log_append(log_, &event), 0);
	}
}

static inline void
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

static inline void
cold_start(void)
{
	arena_free(arena);
	assert_int_equal(arena_create(&arena), 0);
	open_log(&in_file);
}

/* As if the machine had been another one until now; with `clean` what log_close() did stays. */
static inline void
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

static inline void
power_cut(void)
{
	log_close(log_);
	boot_again(false);
	cold_start();
}

static inline void
begin(int entries)
{
	open_log(&in_file);
	assert_int_equal(log_path_error(log_), 0);
	strcpy(epoch, log_epoch(log_));
	append_integers(entries);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

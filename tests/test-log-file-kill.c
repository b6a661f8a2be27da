/* A log that moves between files and the arena under SIGKILL: a successor that finds it elsewhere
 * than it is to be is killed at each of its system calls, before it and behind it, and the next one
 * is to find all of it, whatever its own config says, and nothing else. */
#include "tests/log-file-fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

enum { ENTRIES = 20, PLACES = 4 };

/* The arena, and files. */
static char files[PLACES - 1][80];
static struct log_options places[PLACES];

static bool
under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

static int
kill_setup(void **state)
{
	int r = setup(state);

	places[0] = in_arena;
	for (size_t i = 1; i < PLACES; i++) {
		snprintf(files[i - 1], sizeof files[0], "%s/%zu.log", folder, i);
		places[i] = in_file;
		places[i].path = files[i - 1];
	}
	return r;
}

static void
assert_folder_has(size_t count)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.' && count-- == 0)
			fail_msg("%s is there, too", entry->d_name);
	closedir(directory);
}

static int
kill_teardown(void **state)
{
	log_drop(log_);
	log_ = NULL;
	return teardown(state);
}

/* ----------------------------------------------------------------- lives */

/* A stopped child that will open the log there; -1: ptrace(2) is not allowed here. */
static pid_t
successor_start(const struct log_options *options)
{
	int status, fd = dup(arena_fd(arena));
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(2);
		raise(SIGSTOP);
		if (arena_adopt(fd, &arena) < 0
		    || log_open(arena, "door", options, &log_) < 0)
			_exit(3);
		_exit(0);
	}
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSTOPPED(status) ? pid : -1;
}

/* Killed at its `count`th stop at a system call.  False: it had ended before. */
static bool
successor_dies(const struct log_options *options, unsigned int count)
{
	pid_t pid = successor_start(options);
	int status;

	if (pid < 0)
		skip();
	while (count-- > 0) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status)) {
			assert_int_equal(status, 0);
			return false;
		}
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return true;
}

static void
adopt(const struct log_options *options)
{
	struct arena *adopted;

	assert_int_equal(arena_adopt(dup(arena_fd(arena)), &adopted), 0);
	arena_free(arena);
	arena = adopted;
	open_log(options);
	assert_int_equal(log_path_error(log_), 0);
	assert_string_equal(log_epoch(log_), epoch);
}

static void
begin_in(const struct log_options *options)
{
	open_log(options);
	strcpy(epoch, log_epoch(log_));
	append_integers(ENTRIES);
	log_close(log_);
	log_ = NULL;
}

/* -------------------------------------------------------------------- claims */

/* From one place to a second, cut short, and to a third. */
static unsigned int
each_call_of_a_move(const struct log_options *from, const struct log_options *to,
    const struct log_options *then)
{
	unsigned int count = 0;
	bool cut;

	do {
		begin_in(from);
		cut = successor_dies(to, ++count);
		adopt(then);
		assert_int_equal(log_next_seq(log_), ENTRIES + 1);
		assert_int_equal(log_tail_seq(log_), 1);
		assert_integers();
		assert_folder_has(then->path != NULL);
		log_drop(log_);
		log_ = NULL;
	} while (cut);
	return count;
}

static void
each_system_call_of_a_move_may_be_the_last(void **state)
{
	(void)state;
	if (under_valgrind())
		skip();
	for (size_t from = 0; from < PLACES - 1; from++)
		for (size_t to = 0; to < PLACES - 1; to++)
			for (size_t then = 0; then < PLACES && from != to; then++)
				assert_true(each_call_of_a_move(&places[from], &places[to],
				    &places[then]) > 40);
}

static void
moves_that_are_all_cut_short_lose_nothing(void **state)
{
	uint64_t x = 88172645463325252, next = ENTRIES + 1;
	unsigned int cuts = 0;

	(void)state;
	if (under_valgrind())
		skip();
	begin_in(&places[0]);
	for (int round = 0; round < 400; round++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		cuts += successor_dies(&places[x >> 33 & 3], 1 + (unsigned int)(x >> 40) % 200);
		if (x >> 60 != 0)
			continue;
		adopt(&places[x >> 35 & 3]);
		assert_int_equal(log_next_seq(log_), next);
		assert_integers();
		append_integers(ENTRIES);
		next += ENTRIES;
		log_close(log_);
		log_ = NULL;
	}
	assert_true(cuts > 100);
	adopt(&places[1]);
	assert_int_equal(log_next_seq(log_), next);
	assert_integers();
	assert_folder_has(1);
}

#define KILL_TEST(name) cmocka_unit_test_setup_teardown(name, kill_setup, kill_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		KILL_TEST(each_system_call_of_a_move_may_be_the_last),
		KILL_TEST(moves_that_are_all_cut_short_lose_nothing),
	};

	return cmocka_run_group_tests_name("log in a file, killed as it moves", tests, NULL, NULL);
}

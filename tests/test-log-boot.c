/* A log in a file: is it still the boot in which it was written?  Each life is a process of its
 * own, since what one has found out is not to be known to the next. */
#include "tests/log-file-fixture.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* What a life has found. */
struct found {
	char epoch[EPOCH_LENGTH + 1];
	uint64_t next_seq, tail_seq;
	bool new_epoch;
	int path_error;
};

static struct found *found;

static int
boot_setup(void **state)
{
	found = mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(found != MAP_FAILED);
	return setup(state);
}

static int
boot_teardown(void **state)
{
	munmap(found, sizeof *found);
	return teardown(state);
}

/* A process opens the log, appends, and is killed. */
static void
live(const struct arena *memory, void (*prepare)(void), int entries)
{
	int status, fd = memory != NULL ? dup(arena_fd(memory)) : -1;
	pid_t pid = fork();

	if (pid == 0) {
		if ((memory != NULL ? arena_adopt(fd, &arena) : arena_create(&arena)) < 0)
			_exit(1);
		if (prepare != NULL)
			prepare();
		if (log_open(arena, "door", &in_file, &log_) < 0)
			_exit(2);
		found->new_epoch = log_new_epoch(log_);
		found->next_seq = log_next_seq(log_);
		found->tail_seq = log_tail_seq(log_);
		found->path_error = log_path_error(log_);
		strcpy(found->epoch, log_epoch(log_));
		append_integers(entries);
		raise(SIGKILL);
	}
	if (fd >= 0)
		close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(found->path_error, 0);
}

/* As many as the log's file takes. */
static void
leave_one_fd(void)
{
	int next = dup(0);
	struct rlimit limit;

	close(next);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(3);
	limit.rlim_cur = (rlim_t)next + 1;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(3);
}

static void
a_successor_that_is_short_of_fds_costs_no_epoch(void **state)
{
	(void)state;
	live(arena, NULL, 100);
	strcpy(epoch, found->epoch);
	live(arena, leave_one_fd, 100);
	assert_string_equal(found->epoch, epoch);
	assert_int_equal(found->next_seq, 101);
	live(arena, NULL, 0);
	assert_string_equal(found->epoch, epoch);
	assert_int_equal(found->next_seq, 201);
}

static void
without_the_arena_the_kernels_boot_counts(void **state)
{
	(void)state;
	live(arena, NULL, 100);
	strcpy(epoch, found->epoch);
	live(NULL, NULL, 0);
	assert_false(found->new_epoch);
	assert_string_equal(found->epoch, epoch);
	assert_int_equal(found->next_seq, 101);
}

/* From here on this process is in a machine that does not tell; only root can make it one. */
static bool
hide_boot(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0
	    && mount("/dev/null", "/proc/sys/kernel/random/boot_id", "none", MS_BIND, NULL) == 0;
}

static void
where_no_boot_is_told_the_arena_is_proof_that_it_is_the_same(void **state)
{
	struct arena *untold;

	(void)state;
	if (!hide_boot())
		skip();
	assert_int_equal(arena_create(&untold), 0);
	live(untold, NULL, 100);
	strcpy(epoch, found->epoch);
	live(untold, NULL, 100);
	assert_string_equal(found->epoch, epoch);
	assert_int_equal(found->next_seq, 101);
	arena_free(untold);
}

/* The content alone would not say whether lines that others have seen are missing. */
static void
where_no_boot_is_told_and_the_arena_is_lost_it_is_another(void **state)
{
	(void)state;
	if (!hide_boot())
		skip();
	live(NULL, NULL, 100);
	strcpy(epoch, found->epoch);
	live(NULL, NULL, 0);
	assert_true(found->new_epoch);
	assert_string_not_equal(found->epoch, epoch);
	assert_int_equal(found->next_seq, 101);
	assert_true(found->tail_seq < 90);
}

/* An older version has not written it down; or it is damaged: the kernel is asked. */
static void
an_arena_that_does_not_say_its_boot_learns_it(void **state)
{
	(void)state;
	live(arena, NULL, 100);
	strcpy(epoch, found->epoch);
	for (int byte = 0; byte < 256; byte += 255) {
		memset((char *)(uintptr_t)arena_boot(arena), byte, BOOT_ID_SIZE);
		live(arena, NULL, 0);
		assert_true(boot_id_valid(arena_boot(arena)));
		assert_string_equal(found->epoch, epoch);
		assert_int_equal(found->next_seq, 101);
	}
}

#define BOOT_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOT_TEST(a_successor_that_is_short_of_fds_costs_no_epoch),
		BOOT_TEST(without_the_arena_the_kernels_boot_counts),
		BOOT_TEST(an_arena_that_does_not_say_its_boot_learns_it),
		BOOT_TEST(where_no_boot_is_told_the_arena_is_proof_that_it_is_the_same),
		BOOT_TEST(where_no_boot_is_told_and_the_arena_is_lost_it_is_another),
	};

	return cmocka_run_group_tests_name("log in a file, and boots", tests, NULL, NULL);
}

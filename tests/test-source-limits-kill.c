/* The socket source, killed at any instruction while its limits change, or its producers are cut
 * off: a successor loses nothing and says nothing twice. */
#include "fake-fdstore.h"
#include "limits-fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct victim {
	pid_t pid;
	int arena;               /* the memfd that it works in */
	int copy;
	const char *memory;      /* its first pages: header, directory */
	char *before;
};

#define WATCHED ((size_t)8 * 4096)

static void
victim_start(struct victim *victim, const char *max_line, int max_producers)
{
	int status;

	victim->arena = dup(arena_fd(fixture_arena));
	victim->copy = memfd_create("copy", MFD_CLOEXEC);
	victim->memory = mmap(NULL, WATCHED, PROT_READ, MAP_SHARED, victim->arena, 0);
	assert_ptr_not_equal(victim->memory, MAP_FAILED);
	victim->before = malloc(WATCHED);
	assert_non_null(victim->before);
	memcpy(victim->before, victim->memory, WATCHED);
	victim->pid = fork();
	if (victim->pid == 0) {
		fake_store_hand_over();
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(2);
		raise(SIGSTOP);
		limits_begin(max_line, max_producers);
		_exit(0);
	}
	assert_int_equal(waitpid(victim->pid, &status, 0), victim->pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		skip();                 /* ptrace(2) is not allowed here */
	assert_true(WIFSTOPPED(status));
}

/* False: it is done. */
static bool
victim_step(struct victim *victim)
{
	int status;

	assert_int_equal(ptrace(PTRACE_SINGLESTEP, victim->pid, NULL, NULL), 0);
	assert_int_equal(waitpid(victim->pid, &status, 0), victim->pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSTOPPED(status);
}

static bool
victim_changed_directory(struct victim *victim)
{
	if (memcmp(victim->before, victim->memory, WATCHED) == 0)
		return false;
	memcpy(victim->before, victim->memory, WATCHED);
	return true;
}

static void
victim_end(struct victim *victim)
{
	(void)munmap((void *)(uintptr_t)victim->memory, WATCHED);
	free(victim->before);
	close(victim->arena);
	close(victim->copy);
}

static void
copy_memory(const struct victim *victim)
{
	off_t from = 0;
	struct stat status;

	assert_int_equal(fstat(victim->arena, &status), 0);
	assert_int_equal(ftruncate(victim->copy, 0), 0);
	assert_int_equal(lseek(victim->copy, 0, SEEK_SET), 0);
	while (from < status.st_size)
		assert_true(sendfile(victim->copy, victim->arena, &from,
		    (size_t)(status.st_size - from)) > 0);
}

/* What it has to say when it has read everything; of two, either. */
struct outcome {
	const char *says, *or_says;
};

static bool
is_outcome(const struct outcome *outcome, const char *says)
{
	if (strcmp(says, outcome->says) == 0
	    || (outcome->or_says != NULL && strcmp(says, outcome->or_says) == 0))
		return true;
	fprintf(stderr, "# a successor says%s\n", says);
	return false;
}

/* In a process of its own: what it takes out of the store stays in that of this one. */
static void
check_successor(const struct victim *victim, const char *max_line, int max_producers,
    const struct outcome *outcome)
{
	int status;
	pid_t pid;

	copy_memory(victim);
	pid = fork();
	if (pid == 0) {
		if (arena_adopt(victim->copy, &fixture_arena) < 0)
			_exit(1);
		fake_store_hand_over();
		limits_begin(max_line, max_producers);
		_exit(!is_outcome(outcome, fixture_says(limits.stream, 1)));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A process that begins with what is in the store and in the arena, looked at again and again: what
 * would a successor say if it died now?  What the store of this process holds stays as it is. */
static void
kill_anywhere(const char *max_line, int max_producers, const struct outcome *outcome)
{
	static unsigned int chance = 1;
	unsigned long steps = 0, checks = 0, next = 0;
	struct victim victim;

	fixture_restart();
	limits.stream = NULL;
	victim_start(&victim, max_line, max_producers);
	do {
		if (victim_changed_directory(&victim) || steps == next) {
			check_successor(&victim, max_line, max_producers, outcome);
			checks++;
			next = steps + (unsigned long)rand_r(&chance) % 3000;
		}
		steps++;
	} while (victim_step(&victim));
	check_successor(&victim, max_line, max_producers, outcome);
	victim_end(&victim);
	print_message("# %lu instructions, looked at %lu times\n", steps, checks);
	assert_true(checks > 10);
}

static bool
under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* They have said all, and are read to their end. */
static void
claim_killed(const char *max_line, int max_producers)
{
	static const struct outcome outcome = {
		" \"1\" \"2\" \"3\" gap(1) \"half\" \"whole\"",
		" \"1\" \"2\" \"3\" gap(1) \"whole\" \"half\"",
	};
	int fds[3];

	if (under_valgrind())
		skip();
	limits_begin("4KiB", 4);
	for (int i = 0; i < 3; i++)
		fds[i] = join();
	say(fds[0], "1\n2\nhalf");
	say(fds[1], "3\nwhole");
	say_many(fds[2], 'x', 5000);
	for (int i = 0; i < 3; i++)
		assert_int_equal(shutdown(fds[i], SHUT_WR), 0);
	kill_anywhere(max_line, max_producers, &outcome);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void
killed_while_its_memory_grows_nothing_is_lost_or_doubled(void **state)
{
	(void)state;
	claim_killed("16KiB", 6);
}

static void
killed_while_its_memory_shrinks_nothing_is_lost_or_doubled(void **state)
{
	(void)state;
	claim_killed("1KiB", 1);
}

static int
producer_by_tcp(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = limits.port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	loop_manual_settle();
	return fd;
}

static in_port_t
free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	close(fd);
	return address.sin_port;
}

/* The kernel tells of the reset just once, maybe to one that dies then. */
static void
what_was_cut_off_is_no_event_of_any_successor(void **state)
{
	static const struct outcome outcome = { " \"1\" \"2\"", NULL };
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int fd;

	(void)state;
	if (under_valgrind())
		skip();
	limits.port = free_port();
	limits_begin("4KiB", 4);
	fd = producer_by_tcp();
	say(fd, "1\n2\nhalf");
	assert_says(limits.stream, " \"1\" \"2\"");
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
	close(fd);
	kill_anywhere("4KiB", 4, &outcome);
}

#define TEST(test) { #test, test, limits_setup, limits_teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_while_its_memory_grows_nothing_is_lost_or_doubled),
		TEST(killed_while_its_memory_shrinks_nothing_is_lost_or_doubled),
		TEST(what_was_cut_off_is_no_event_of_any_successor),
	};

	return cmocka_run_group_tests_name("limits of producers, killed", tests,
	    fixture_make_folder, fixture_clear_folder);
}

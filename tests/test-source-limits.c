/* The socket source when its limits or its stream's operators change, by a restart or by a reload:
 * producers stay, and so do their bytes. */
#include "fake-fdstore.h"
#include "stream-fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/awaitd-test-XXXXXX";
static char path[200];
static in_port_t port;           /* 0: listens at path */
static const char *operators;
static struct stream *stream;

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/in.sock", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static const char *
config(const char *max_line, int max_producers)
{
	static char json[500];
	char listen[220];

	if (port != 0)
		snprintf(listen, sizeof listen, "tcp:%d", ntohs(port));
	else
		snprintf(listen, sizeof listen, "unix:%s", path);
	snprintf(json, sizeof json, "{\"source\":{\"type\":\"socket\",\"listen\":\"%s\","
	    "\"max_producers\":%d},\"max_line\":\"%s\",\"operators\":[%s],\"history\":\"1MiB\"}",
	    listen, max_producers, max_line, operators);
	return json;
}

static int
setup(void **state)
{
	int r = fixture_manual(state);

	fake_store_is_there = true;
	operators = "";
	return r;
}

static int
teardown(void **state)
{
	int r;

	if (stream != NULL)
		fixture_stop(stream, false);
	stream = NULL;
	port = 0;
	r = fixture_close(state);
	fake_store_clear();
	return r;
}

static void
begin(const char *max_line, int max_producers)
{
	stream = fixture_stream("in", config(max_line, max_producers));
	loop_manual_settle();
}

static void
restart(const char *max_line, int max_producers)
{
	fixture_restart();
	fake_store_hand_over();
	begin(max_line, max_producers);
}

static void
reload(const char *max_line, int max_producers)
{
	fixture_change(stream, config(max_line, max_producers));
	loop_manual_settle();
}

static void
reload_without_store(const char *max_line, int max_producers)
{
	fake_store_is_there = false;
	reload(max_line, max_producers);
}

/* The ways in which a config changes. */
static void (*const ways[])(const char *max_line, int max_producers) = {
	restart, reload, reload_without_store,
};

enum { WAYS = sizeof ways / sizeof *ways };

static int
producer(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	loop_manual_settle();
	return fd;
}

static void
put_bytes(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			assert_int_equal(errno, EAGAIN);
		else {
			data += n;
			length -= (size_t)n;
		}
		loop_manual_settle();
	}
}

static void
put(int fd, const char *text)
{
	put_bytes(fd, text, strlen(text));
}

static void
put_many(int fd, char byte, size_t count)
{
	char *bytes = malloc(count);

	assert_non_null(bytes);
	memset(bytes, byte, count);
	put_bytes(fd, bytes, count);
	free(bytes);
}

/* Is it connected still? */
static bool
is_open(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* With the beginning of a record before the change and its end behind it, and then once more. */
static void
in_each_way(void (*claim)(void (*change)(const char *max_line, int max_producers)))
{
	for (int i = 0; i < WAYS; i++) {
		fake_store_is_there = true;
		claim(ways[i]);
		fake_store_is_there = true;
		fixture_stop(stream, false);
		stream = NULL;
		fake_store_clear();
	}
}

static void
claim_raised(void (*change)(const char *max_line, int max_producers))
{
	static const char begins[] = " \"1\" \"2\" \"3\" \"whole\" \"half\" \"xx";
	int fd, other;

	begin("1KiB", 4);
	fd = producer();
	other = producer();
	put(fd, "1\n2\nhal");
	put(other, "3\nwho");
	change("64KiB", 4);
	put(other, "le\n");
	put(fd, "f\n");
	put_many(fd, 'x', 2000);
	change("4KiB", 4);
	put(fd, "\n");
	assert_true(is_open(fd) && is_open(other));
	assert_int_equal(strlen(fixture_says(stream, 6)), 2000 + 3);
	assert_memory_equal(fixture_says(stream, 1), begins, sizeof begins - 1);
	close(fd);
	close(other);
}

static void
another_max_line_keeps_producers_in_mid_record(void **state)
{
	(void)state;
	in_each_way(claim_raised);
}

static void
claim_lowered(void (*change)(const char *max_line, int max_producers))
{
	int fd;

	begin("256KiB", 1);
	fd = producer();
	put(fd, "1\n");
	put_many(fd, 'x', 200 * 1000);
	change("1KiB", 1);
	assert_says(stream, " \"1\" gap(1)");
	put_many(fd, 'x', 3000);
	put(fd, "\n2\n");
	assert_says(stream, " \"1\" gap(1) \"2\"");
	put_many(fd, 'x', 3000);
	assert_says(stream, " \"1\" gap(1) \"2\" gap(1)");
	change("64KiB", 1);
	put_many(fd, 'x', 3000);
	put(fd, "\n3\n");
	assert_says(stream, " \"1\" gap(1) \"2\" gap(1) \"3\"");
	close(fd);
}

static void
what_is_longer_than_a_lowered_max_line_is_one_gap(void **state)
{
	(void)state;
	in_each_way(claim_lowered);
}

static void
claim_fewer(void (*change)(const char *max_line, int max_producers))
{
	int fds[4], late;
	char line[8];

	begin("1KiB", 4);
	for (int i = 0; i < 4; i++) {
		fds[i] = producer();
		snprintf(line, sizeof line, "%d", i);
		put(fds[i], line);
	}
	change("1KiB", 2);
	late = producer();
	assert_false(is_open(late));
	close(late);
	for (int i = 0; i < 4; i++) {
		assert_true(is_open(fds[i]));
		put(fds[i], "\n");
	}
	assert_says(stream, " \"0\" \"1\" \"2\" \"3\"");
	for (int i = 0; i < 3; i++) {
		close(fds[i]);
		loop_manual_settle();
	}
	late = producer();
	assert_true(is_open(late));
	put(late, "4\n");
	put(fds[3], "5\n6");
	close(fds[3]);
	loop_manual_settle();
	change("1KiB", 8);
	put(late, "7\n");
	assert_says(stream, " \"0\" \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\"");
	for (int i = 0; i < 4; i++)
		fds[i] = producer();
	for (int i = 0; i < 4; i++) {
		assert_true(is_open(fds[i]));
		close(fds[i]);
	}
	close(late);
}

static void
with_fewer_producers_allowed_those_there_stay(void **state)
{
	(void)state;
	in_each_way(claim_fewer);
}

static void
claim_operators(void (*change)(const char *max_line, int max_producers))
{
	int fd;

	operators = "{\"op\":\"drop\",\"count\":2}";
	begin("1KiB", 4);
	fd = producer();
	put(fd, "0\n0\n1\nhal");
	operators = "{\"op\":\"filter\",\"not\":\"2\"},{\"op\":\"drop\",\"count\":1}";
	change("1KiB", 4);
	assert_true(is_open(fd));
	put(fd, "f\n2\n3\nwho");
	assert_says(stream, " \"1\" changed \"3\"");
	operators = "";
	change("2KiB", 5);
	put(fd, "le\n");
	assert_says(stream, " \"1\" changed \"3\" changed \"whole\"");
	assert_true(is_open(fd));
	close(fd);
}

static void
other_operators_keep_producers_and_forget_what_operators_kept(void **state)
{
	(void)state;
	in_each_way(claim_operators);
}

static void
nobody_is_told_that_a_limit_has_changed(void **state)
{
	int fd;

	(void)state;
	begin("1KiB", 4);
	fd = producer();
	put(fd, "1\n");
	restart("2KiB", 5);
	reload("4KiB", 6);
	put(fd, "2\n");
	assert_says(stream, " \"1\" \"2\"");
	assert_int_equal(fake_store_count(), 2);
	close(fd);
}

/* ------------------------------------------------- killed while the memory changes */

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
		begin(max_line, max_producers);
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
		begin(max_line, max_producers);
		_exit(!is_outcome(outcome, fixture_says(stream, 1)));
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
	stream = NULL;
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
	begin("4KiB", 4);
	for (int i = 0; i < 3; i++)
		fds[i] = producer();
	put(fds[0], "1\n2\nhalf");
	put(fds[1], "3\nwhole");
	put_many(fds[2], 'x', 5000);
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
		.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
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
	port = free_port();
	begin("4KiB", 4);
	fd = producer_by_tcp();
	put(fd, "1\n2\nhalf");
	assert_says(stream, " \"1\" \"2\"");
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
	close(fd);
	kill_anywhere("4KiB", 4, &outcome);
}

#define TEST(test) { #test, test, setup, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_max_line_keeps_producers_in_mid_record),
		TEST(what_is_longer_than_a_lowered_max_line_is_one_gap),
		TEST(with_fewer_producers_allowed_those_there_stay),
		TEST(other_operators_keep_producers_and_forget_what_operators_kept),
		TEST(nobody_is_told_that_a_limit_has_changed),
		TEST(killed_while_its_memory_grows_nothing_is_lost_or_doubled),
		TEST(killed_while_its_memory_shrinks_nothing_is_lost_or_doubled),
		TEST(what_was_cut_off_is_no_event_of_any_successor),
	};

	return cmocka_run_group_tests_name("limits of producers", tests, make_folder,
	    remove_folder);
}

/* The log under SIGKILL: a process that appends is stepped instruction by instruction, and after
 * each one that changed the arena a successor adopts a copy of it; then processes are killed at
 * random moments, and the successor goes on with the arena itself.  What a successor must find
 * follows from each entry's seq. */
#include "tests/streams-test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "streams/arena_private.h"

#define MAX_LINE 1024
#define KEPT_WORDS (KEPT_MAX / sizeof(uint64_t))

static const struct log_options small = { .size = 4096, .max_line = MAX_LINE };
static const struct log_options large = { .size = 8192, .max_line = MAX_LINE };

/* What the victim tells the world, in memory that both see. */
struct progress {
	uint64_t begun, done;      /* entries */
	bool must_exist;           /* the log was opened, and is not being dropped */
	bool may_be_new;           /* it may be a new one */
};

static struct progress *progress;
static struct arena *arena;
static struct log *log_;
static char epoch[EPOCH_LENGTH + 1];

static int
setup(void **state)
{
	(void)state;
	progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(progress != MAP_FAILED);
	assert_int_equal(arena_create(&arena), 0);
	assert_int_equal(log_open(arena, "door", &small, &log_), 0);
	strcpy(epoch, log_epoch(log_));
	progress->must_exist = true;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_close(log_);
	arena_free(arena);
	munmap(progress, sizeof *progress);
	return 0;
}

/* ------------------------------------------------- what follows from a seq */

static bool
is_too_long(uint64_t seq)
{
	return seq % 17 == 0;
}

static struct event
event_of(uint64_t seq)
{
	static char bytes[2 * MAX_LINE];
	struct event event = test_integer((int64_t)seq);

	/* States that leave the ring before the next come; and gaps alone, so that the last event
	 * leaves it. */
	if (seq % 120 < 3) {
		event = test_state(seq % 2 == 0 ? STATE_UP : STATE_DOWN);
	} else if (seq % 7 == 0 || seq % 120 > 60) {
		event = test_gap(seq);
	} else if (is_too_long(seq)) {
		event = test_string(bytes, sizeof bytes);
	} else if (seq % 3 == 0) {
		memset(bytes, 'a' + (int)(seq % 26), 300);
		event = test_string(bytes, seq * 37 % 300);
	} else if (seq % 3 == 1) {
		event.value = (struct json_value){ .kind = JSON_KIND_DOUBLE, .number = (double)seq / 8 };
	}
	event.time.real_ns += (int64_t)seq * 1000;
	event.time.mono_ns += seq * 1000;
	event.position = (struct position){ 1, 2, seq };
	return event;
}

static size_t
expected_line(struct encoder *encoder, uint64_t seq, char *line)
{
	struct event event = event_of(seq);

	if (event.kind == EVENT_VALUE && is_too_long(seq)) {
		event.kind = EVENT_GAP;
		event.stage = GAP_SOURCE;
		event.lost = 1;
	}
	return encoder_line(encoder, &event, seq, line, 2 * MAX_LINE);
}

static void
append_next(void)
{
	uint64_t seq = log_next_seq(log_), *kept = log_kept(log_);
	struct event event = event_of(seq);

	for (size_t i = 0; i < KEPT_WORDS; i++)
		kept[i] = seq;
	progress->begun = seq;
	(void)log_append(log_, &event);
	progress->done = seq;
}

/* ------------------------------------------------------- what is to be found */

static void
verify_lines(const struct log *log, struct encoder *encoder)
{
	char line[2 * MAX_LINE];

	for (uint64_t seq = log_tail_seq(log); seq < log_next_seq(log); seq++) {
		struct text found = log_rest(log, seq, 0);

		assert_int_equal(found.length, expected_line(encoder, seq, line));
		assert_memory_equal(found.data, line, found.length);
	}
}

static void
verify_last(const struct log *log, struct encoder *encoder)
{
	struct log_stats stats, counted = { .events = 0 };
	uint64_t last_event = 0, last_state = 0;
	char line[2 * MAX_LINE];
	struct text text;

	for (uint64_t seq = 1; seq < log_next_seq(log); seq++) {
		size_t length = expected_line(encoder, seq, line);

		counted.bytes += length;
		if (line_kind(line) == EVENT_VALUE && ++counted.events > 0)
			last_event = seq;
		else if (line_kind(line) == EVENT_STATE && ++counted.states > 0)
			last_state = seq;
		else
			counted.gaps++;
	}
	log_stats(log, &stats);
	assert_int_equal(stats.events, counted.events);
	assert_int_equal(stats.states, counted.states);
	assert_int_equal(stats.gaps, counted.gaps);
	assert_int_equal(stats.bytes, counted.bytes);
	text = log_last_event(log);
	assert_int_equal(text.length, last_event != 0 ? expected_line(encoder, last_event, line) - 1 : 0);
	assert_memory_equal(text.data, line, text.length);
	text = log_last_state(log);
	assert_int_equal(text.length, last_state != 0 ? expected_line(encoder, last_state, line) - 1 : 0);
	assert_memory_equal(text.data, line, text.length);
	if (last_state != 0)
		assert_int_equal(log_state(log), last_state % 2 == 0 ? STATE_UP : STATE_DOWN);
}

static void
verify_log(struct log *log, bool all)
{
	uint64_t last = log_next_seq(log) - 1;
	const uint64_t *kept = log_kept(log);
	struct encoder encoder;

	if (log_new_epoch(log)) {
		assert_true(!progress->must_exist || progress->may_be_new);
		return;
	}
	if (!progress->may_be_new)
		assert_string_equal(log_epoch(log), epoch);
	if (progress->must_exist)
		assert_in_range(last, progress->done, progress->begun);
	assert_int_equal(log_position(log).consumed, last);
	for (size_t i = 0; i < KEPT_WORDS; i++)
		assert_int_equal(kept[i], last);
	assert_int_equal(encoder_init(&encoder, "door"), 0);
	verify_lines(log, &encoder);
	if (all)
		verify_last(log, &encoder);
}

/* Adopts what the fd holds, which is then the successor's. */
static void
verify_successor(int fd)
{
	struct arena *successor = NULL;
	struct log *log = NULL;

	assert_int_equal(arena_adopt(fd, &successor), 0);
	assert_int_equal(arena_damaged(successor), 0);
	assert_int_equal(log_open(successor, "door", &small, &log), 0);
	verify_log(log, true);
	/* And it can go on. */
	log_drop(log);
	arena_free(successor);
}

/* -------------------------------------------------------------- step by step */

struct snapshot {
	char *bytes, *before;
	size_t size, allocated;
	int copy;
};

static off_t
arena_size(void)
{
	struct stat st;

	assert_int_equal(fstat(arena_fd(arena), &st), 0);
	return st.st_size;
}

/* The parts that this test ever touches: the header, the directory's first page, and all
 * extents. */
static size_t
snapshot_read(struct snapshot *snapshot, char *to)
{
	size_t space = arena->header->space, head = 2 * arena->header->page;
	size_t size = head + (size_t)arena_size() - space;

	assert_true(size <= snapshot->allocated);
	assert_int_equal(pread(arena_fd(arena), to, head, 0), head);
	assert_int_equal(pread(arena_fd(arena), to + head, size - head, (off_t)space), size - head);
	return size;
}

static bool
snapshot_changed(struct snapshot *snapshot)
{
	size_t size = snapshot_read(snapshot, snapshot->bytes);
	bool changed = size != snapshot->size
	    || memcmp(snapshot->bytes, snapshot->before, size) != 0;
	char *bytes = snapshot->bytes;

	snapshot->bytes = snapshot->before;
	snapshot->before = bytes;
	snapshot->size = size;
	return changed;
}

static void
snapshot_verify(struct snapshot *snapshot)
{
	size_t space = arena->header->space, head = 2 * arena->header->page;
	size_t rest = snapshot->size - head;
	int fd = dup(snapshot->copy);

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, (off_t)(space + rest)), 0);
	assert_int_equal(pwrite(fd, snapshot->before, head, 0), head);
	assert_int_equal(pwrite(fd, snapshot->before + head, rest, (off_t)space), rest);
	verify_successor(fd);
}

static bool
under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* A stopped child that will do `work` and exit with 0. */
static pid_t
victim_start(void (*work)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(2);
		raise(SIGSTOP);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSTOPPED(status) ? pid : -1;
}

static bool
victim_step(pid_t pid)
{
	int status;

	assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSTOPPED(status);
}

/* At least so many of the instructions must have changed something, or the test looks at
 * nothing. */
static void
step_through(void (*work)(void), unsigned long least)
{
	struct snapshot snapshot = { .allocated = 1 << 20 };
	unsigned long steps = 0, changes = 0;
	char *allocated;
	pid_t pid;

	if (under_valgrind())
		skip();
	pid = victim_start(work);
	if (pid < 0)
		skip();                 /* ptrace(2) is not allowed here */
	allocated = calloc(2, snapshot.allocated);
	assert_non_null(allocated);
	snapshot.bytes = allocated;
	snapshot.before = allocated + snapshot.allocated;
	snapshot.copy = memfd_create("copy", MFD_CLOEXEC);
	do {
		steps++;
		if (snapshot_changed(&snapshot)) {
			snapshot_verify(&snapshot);
			changes++;
		}
	} while (victim_step(pid));
	free(allocated);
	close(snapshot.copy);
	print_message("# %lu instructions, %lu of them change memory\n", steps, changes);
	assert_true(changes >= least);
}

static void
prepare(int entries)
{
	while (entries-- > 0)
		append_next();
}

static void
append_twenty(void)
{
	prepare(20);
}

static void
each_instruction_of_the_first_appends(void **state)
{
	(void)state;
	step_through(append_twenty, 20 * 10);
}

/* Over the ring's end; the last state is saved as it leaves the ring. */
static void
each_instruction_of_appends_that_pass_the_last_state(void **state)
{
	(void)state;
	prepare(20);
	assert_int_equal(log_tail_seq(log_), 1);
	step_through(append_twenty, 20 * 10);
}

static void
each_instruction_of_appends_that_pass_the_last_event(void **state)
{
	(void)state;
	prepare(95);
	assert_true(log_tail_seq(log_) < 60);
	step_through(append_twenty, 20 * 10);
}

static void
commit_some(void)
{
	struct position position = log_position(log_);

	for (int i = 0; i < 4; i++) {
		log_set_chain(log_, (uint64_t)i);
		log_commit(log_, &position);
	}
}

static void
each_instruction_of_a_commit_without_a_line(void **state)
{
	(void)state;
	prepare(30);
	step_through(commit_some, 4 * 5);
}

static void
grow_and_shrink(void)
{
	if (log_change(log_, &large) < 0)
		_exit(3);
	append_next();
	if (log_change(log_, &small) < 0)
		_exit(4);
	append_next();
}

static void
each_instruction_of_a_change_of_size(void **state)
{
	(void)state;
	prepare(50);
	step_through(grow_and_shrink, 100);
}

static void
drop_and_open(void)
{
	progress->must_exist = false;
	progress->may_be_new = true;
	log_drop(log_);
	progress->begun = progress->done = 0;
	if (log_open(arena, "door", &small, &log_) < 0)
		_exit(3);
	progress->must_exist = true;
	append_next();
}

static void
each_instruction_of_a_drop_and_a_new_log(void **state)
{
	(void)state;
	prepare(40);
	step_through(drop_and_open, 30);
}

/* A successor that is itself killed while it adopts: what it does is harmless. */
static void
adopt_again(void)
{
	struct arena *successor = NULL;
	struct log *log = NULL;
	int fd = dup(arena_fd(arena));

	if (arena_adopt(fd, &successor) < 0 || log_open(successor, "door", &small, &log) < 0)
		_exit(3);
}

static void
each_instruction_of_an_adoption(void **state)
{
	struct extent *prepared = NULL;

	(void)state;
	prepare(60);
	/* Something to clean up: what no entry speaks of. */
	assert_int_equal(arena_prepare(arena, EXTENT_STATE, "left", 1, &prepared), 0);
	memset(prepared->memory, 1, prepared->size);
	step_through(adopt_again, 1);
}

/* ---------------------------------------------------------- random moments */

static void
append_for_ever(void)
{
	for (uint64_t i = 1;; i++) {
		append_next();
		if (i % 5000 == 0)
			(void)log_change(log_, i % 10000 == 0 ? &small : &large);
	}
}

static void
kill_after(unsigned int usec)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		append_for_ever();
		_exit(1);
	}
	usleep(usec);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
nothing_is_lost_at_random_moments(void **state)
{
	const char *count = getenv("KILL_TEST_COUNT");
	int kills = count != NULL ? atoi(count) : 100;
	uint64_t x = 88172645463325252;

	(void)state;
	for (int i = 0; i < kills; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		kill_after((unsigned int)(x >> 33) % 4000);
		log_close(log_);
		log_ = NULL;
		arena = test_succeed(arena);
		assert_int_equal(arena_damaged(arena), 0);
		assert_int_equal(log_open(arena, "door", x >> 63 ? &small : &large, &log_), 0);
		assert_false(log_new_epoch(log_));
		verify_log(log_, false);
		progress->begun = progress->done = log_next_seq(log_) - 1;
	}
	print_message("# %llu entries, %d kills\n", (unsigned long long)log_next_seq(log_) - 1, kills);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_instruction_of_the_first_appends),
		TEST(each_instruction_of_appends_that_pass_the_last_state),
		TEST(each_instruction_of_appends_that_pass_the_last_event),
		TEST(each_instruction_of_a_commit_without_a_line),
		TEST(each_instruction_of_a_change_of_size),
		TEST(each_instruction_of_a_drop_and_a_new_log),
		TEST(each_instruction_of_an_adoption),
		TEST(nothing_is_lost_at_random_moments),
	};

	return cmocka_run_group_tests_name("log under SIGKILL", tests, NULL, NULL);
}

/* survive - what it costs that a SIGKILL loses nothing: a commit an event, and of a message the
 * count that the kernel writes into the arena, beside a plain sendmsg() of the same bytes from the same
 * ring.  On a socket pair, whose other end is read in between and not timed.
 *
 *	survive [CALLS]        so many commits, and messages of each size, and nothing else: for callgrind
 *
 * The rows are those of bench/append: a name, and nanoseconds. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/measure.h"
#include "sinks/unix_draft.h"

#define MESSAGES 2000

static struct {
	struct log *log;
	struct unix_table *table;
	struct unix_slot *slot;
	struct iovec span;
	struct unix_piece piece;
	int ends[2];
	uint64_t consumed;
} load;

static void
drain(void)
{
	static char bytes[256 * 1024];

	while (recv(load.ends[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		continue;
}

/* ------------------------------------------------------------------ ways to send */

static void
send_plainly(void)
{
	struct msghdr message = { .msg_iov = &load.span, .msg_iovlen = 1 };

	if (sendmsg(load.ends[0], &message, MSG_DONTWAIT | MSG_NOSIGNAL)
	    != (ssize_t)load.span.iov_len)
		abort();
}

/* sinks/unix_deliver.c, behind what its cursors say. */
static void
send_and_survive(void)
{
	struct unix_cut cut;

	unix_draft_fill(load.table, load.slot, &load.piece, 1, &load.span, 1, 0);
	unix_draft_commit(load.slot);
	if (syscall(SYS_sendmmsg, load.ends[0], &unix_active(load.slot)->message, 1,
	        MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		abort();
	unix_draft_settle(load.table, load.slot, NULL, NULL, &cut);
	if (cut.cut)
		abort();
}

static void (*const ways[2])(void) = { send_plainly, send_and_survive };

/* Message by message in turn, so that both have the same machine. */
static void
send_many(unsigned long calls, double best[2])
{
	uint64_t took[2] = { 0, 0 };

	for (unsigned long i = 0; i < 2 * calls; i++) {
		uint64_t begin = clock_mono_ns();

		ways[i % 2]();
		took[i % 2] += clock_mono_ns() - begin;
		drain();
	}
	for (int i = 0; i < 2; i++) {
		double each = (double)took[i] / (double)calls;

		best[i] = best[i] == 0 || each < best[i] ? each : best[i];
	}
}

static void
compare(size_t size, unsigned long calls)
{
	static const char *const names[2] = { "sendmsg", "surviving" };
	double best[2] = { 0, 0 };
	char what[64];

	load.span.iov_len = size;
	load.piece.length = (uint32_t)size;
	for (int i = 0; i < MEASURE_ROUNDS; i++)
		send_many(calls, best);
	for (int i = 0; i < 2; i++) {
		snprintf(what, sizeof what, "a message of %zu bytes, %s", size, names[i]);
		printf("%-44s %7.1f ns\n", what, best[i]);
	}
}

/* -------------------------------------------------------------------- an event */

static void
commit_many(void *context, unsigned long calls)
{
	(void)context;
	for (unsigned long i = 0; i < calls; i++) {
		const struct position position = { 1, 1, ++load.consumed };

		log_commit(load.log, &position);
	}
}

/* -------------------------------------------------------------------------- main */

static void
load_open(struct arena *arena)
{
	const struct log_options options = { .size = 1024 * 1024, .max_line = 65536 };
	const struct unix_options limits = { .limits = { .connections = 1, .request = 65536,
		.subscriptions = 16, .outbox = 65536 } };
	const struct unix_shape shape = unix_shape_for(&limits);
	struct event event = { .kind = EVENT_VALUE, .time = moment_now() };
	struct span span;

	if (log_open(arena, "temperature", &options, &load.log) < 0
	    || unix_table_new(arena, "local", &shape, NULL, &load.table) < 0
	    || socketpair(AF_UNIX, SOCK_STREAM, 0, load.ends) < 0)
		exit(1);
	unix_slot_init(load.table, 0);
	load.slot = unix_table_slot(load.table, 0);
	load.slot->cursors = 1;
	event.value = (struct json_value){ .kind = JSON_KIND_DOUBLE, .number = 21.375 };
	while (log_next_seq(load.log) <= 4000)
		(void)log_append(load.log, &event);
	if (!log_span(load.log, 1, 256 * 1024, &span))
		exit(1);
	load.span.iov_base = (void *)(uintptr_t)span.data;
	load.piece.from = 1;
	load.piece.to = span.next;
	log_set_kept_size(load.log, 32);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 128, 1024, 16384, 65536 };
	unsigned long calls = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct arena *arena;

	if (arena_create(&arena) < 0)
		return 1;
	load_open(arena);
	if (calls > 0)
		commit_many(NULL, calls);
	else
		measure_print("an event's commit", commit_many, NULL, 200000);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		compare(sizes[i], calls > 0 ? calls : MESSAGES);
	unix_table_close(load.table, true);
	log_drop(load.log);
	arena_free(arena);
	return 0;
}

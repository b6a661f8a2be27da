/* runtime - what async/ costs: nanoseconds a value, bytes a thing that waits.
 *
 * Prints lines "what<TAB>number", as runtime.mjs and runtime.py do; runtime.sh makes a table of them.
 * With arguments, only those rows: for a profiler. */
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "async/loop.h"
#include "async/sync_iterator.h"
#include "async/watch.h"
#include "bench/measure.h"

enum {
	VALUES = 1000000,
	TURNS = 100000,
	CHAIN = 8,
};

static uintptr_t taken;

/* ------------------------------------------------------------------ sources */

struct source {
	intptr_t at, to;
	struct promise settled;
	struct watch watch;
};

static enum step
ready_body(struct coroutine *co, void *frame)
{
	struct source *self = frame;

	BEGIN(co);
	for (self->at = 0; self->at < self->to; self->at++)
		YIELD(&self->at);
	FINALLY;
	END;
}

static enum step
tick_body(struct coroutine *co, void *frame)
{
	struct source *self = frame;

	BEGIN(co);
	promise_init(&self->settled);
	promise_fulfill(&self->settled, value_undefined());
	for (self->at = 0; self->at < self->to; self->at++) {
		AWAIT(&self->settled);
		YIELD(&self->at);
	}
	FINALLY;
	END;
}

/* The fd is always ready: each await takes one turn. */
static enum step
turn_body(struct coroutine *co, void *frame)
{
	struct source *self = frame;

	BEGIN(co);
	watch_init(&self->watch, eventfd(1, EFD_CLOEXEC));
	for (self->at = 0; self->at < self->to; self->at++) {
		AWAIT(watch_readable(&self->watch));
		YIELD(&self->at);
	}
	FINALLY;
	watch_fini(&self->watch);
	close(watch_fd(&self->watch));
	END;
}

struct operator {
	struct iterator *upstream;
	struct iterator_request request;
};

static enum step
pass_body(struct coroutine *co, void *frame)
{
	struct operator *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->upstream, &self->request);
		if (self->request.promise.result == RESULT_DONE)
			break;
		YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	END;
}

static struct iterator *
source_new(coroutine_body body, unsigned long values)
{
	struct iterator *iterator = async_generator_new("source", body, sizeof(struct source));

	if (iterator == NULL)
		abort();
	((struct source *)async_generator_frame(iterator))->to = (intptr_t)values;
	return iterator;
}

static struct iterator *
operator_over(struct iterator *upstream)
{
	struct iterator *iterator = async_generator_over("operator", pass_body,
	    sizeof(struct operator), upstream);

	if (iterator == NULL)
		abort();
	((struct operator *)async_generator_frame(iterator))->upstream = upstream;
	return iterator;
}

/* --------------------------------------------------------------------- loops */

static struct promise *
take(void *context, union value value)
{
	(void)context;
	taken += (uintptr_t)*(const intptr_t *)value.pointer;
	return NULL;
}

static void
ended(void *context, int error)
{
	if (error < 0)
		abort();
	iterator_free(context);
}

static void
run_loop(struct iterator *iterator)
{
	if (for_await(iterator, take, ended, iterator) == NULL || loop_run() < 0)
		abort();
}

static void
ready(void *context, unsigned long calls)
{
	(void)context;
	run_loop(source_new(ready_body, calls));
}

/* Two loops at once: neither's ticks can be skipped, as each finds the other's job in the queue. */
static void
queued(void *context, unsigned long calls)
{
	struct iterator *other = source_new(ready_body, calls / 2);

	(void)context;
	if (for_await(other, take, ended, other) == NULL)
		abort();
	run_loop(source_new(ready_body, calls / 2));
}

static void
tick(void *context, unsigned long calls)
{
	(void)context;
	run_loop(source_new(tick_body, calls));
}

static void
turn(void *context, unsigned long calls)
{
	(void)context;
	run_loop(source_new(turn_body, calls));
}

static void
chain(void *context, unsigned long calls)
{
	struct iterator *iterator = source_new(ready_body, calls);

	for (int i = *(const int *)context; i > 0; i--)
		iterator = operator_over(iterator);
	run_loop(iterator);
}

/* ------------------------------------------------------------------ yardsticks */

static struct promise *(*volatile callback)(void *context, union value value) = take;

static void
plain(void *context, unsigned long calls)
{
	for (intptr_t at = 0; at < (intptr_t)calls; at++)
		callback(context, value_pointer(&at));
}

static void
take_result(void *context, const struct sync_result *result)
{
	take(context, result->value);
}

static void
sync_ready(void *context, unsigned long calls)
{
	struct sync_iterator *iterator = sync_generator_new("source", ready_body,
	    sizeof(struct source));

	if (iterator == NULL)
		abort();
	((struct source *)sync_generator_frame(iterator))->to = (intptr_t)calls;
	sync_iterator_spread(iterator, take_result, context);
	sync_iterator_free(iterator);
}

/* ---------------------------------------------------------------------- bytes */

/* What the allocator gave for a suspended generator with a frame of one word. */
static size_t
bytes_allocated(void)
{
	enum { MANY = 1000 };
	struct iterator *many[MANY];
	size_t before = mallinfo2().uordblks, after;

	for (int i = 0; i < MANY; i++)
		many[i] = async_generator_new("source", ready_body, sizeof(intptr_t));
	after = mallinfo2().uordblks;
	for (int i = 0; i < MANY; i++)
		iterator_free(many[i]);
	return (after - before) / MANY;
}

static char **wanted;

static bool
is_wanted(const char *what)
{
	if (*wanted == NULL)
		return true;
	for (char **at = wanted; *at != NULL; at++)
		if (strcmp(*at, what) == 0)
			return true;
	return false;
}

static void
print_ns(const char *what, measured run, void *context, unsigned long calls)
{
	if (is_wanted(what))
		printf("%s\t%.1f\n", what, measure(run, context, calls));
}

static void
print_bytes(const char *what, size_t bytes)
{
	if (is_wanted(what))
		printf("%s\t%zu\n", what, bytes);
}

int
main(int argc, char **argv)
{
	(void)argc;
	wanted = argv + 1;
	if (loop_open(&loop_libevent) < 0)
		abort();
	print_ns("callback", plain, NULL, VALUES);
	print_ns("sync", sync_ready, NULL, VALUES);
	print_ns("ready", ready, NULL, VALUES);
	print_ns("queued", queued, NULL, VALUES);
	print_ns("tick", tick, NULL, VALUES);
	print_ns("turn", turn, NULL, TURNS);
	for (int i = 1; i <= CHAIN; i++) {
		char what[24];

		snprintf(what, sizeof what, "chain%d", i);
		print_ns(what, chain, &i, VALUES / 4);
	}
	print_bytes("generator", async_generator_size);
	print_bytes("generator_allocated", bytes_allocated());
	print_bytes("promise", sizeof(struct promise));
	print_bytes("request", sizeof(struct iterator_request));
	print_bytes("for_await", for_await_size);
	loop_close();
	return 0;
}

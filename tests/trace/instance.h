/* instance.h - an instance of a generator: async/'s own generator, array iterator or a hand-written
 * iterator over them. */
#ifndef TRACE_INSTANCE_H
#define TRACE_INSTANCE_H

#include "async/async_generator.h"
#include "async/sync_iterator.h"
#include "tests/trace/program.h"

struct instance {
	struct instance *older;
	const char *name;
	const struct generator *generator;
	struct iterator *iterator;       /* of an async one */
	struct sync_iterator *sync;      /* of a sync one */
	struct iterator_request close;   /* of the end of the run */
};

struct instance *instance_new(const struct generator *generator, const char *name);

/* What a hand-written iterator's method will do at its next call. */
const struct manual_step *manual_peek(const struct instance *instance, enum method method);

/* A statement's source, for the activation `who`; made anew when the program says so. */
struct instance *instance_of_source(const struct source *source, const char *who);

/* The async iterable's iterator: its own, or an adapter made anew. */
struct iterator *instance_async_iterator(struct instance *instance);

/* Ends what still waits, from the youngest to the oldest. */
void instances_cancel(void);
void instances_close(void);

/* The parts of instance_new(). */
struct iterator *manual_iterator_new(const struct generator *generator, const char *name);
struct sync_iterator *manual_sync_iterator_new(const struct generator *generator,
    const char *name);
struct sync_iterator *array_iterator_new(const struct generator *generator);
const struct manual_step *manual_iterator_peek(const struct iterator *iterator,
    enum method method);

#endif

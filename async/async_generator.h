/* async_generator.h - async generator objects (ECMA-262 27.6): a queue of requests and a body
 * that runs only while there are some. */
#ifndef ASYNC_ASYNC_GENERATOR_H
#define ASYNC_ASYNC_GENERATOR_H

#include "async/coroutine.h"

/* AsyncGeneratorState.  Executing includes being suspended in an await. */
enum async_generator_state {
	SUSPENDED_START,
	SUSPENDED_YIELD,
	EXECUTING,
	DRAINING_QUEUE,
	COMPLETED,
};

/* Makes a generator that has not begun, with a zeroed frame of `size` bytes.  `name` outlives
 * it.  NULL: no memory.  Free it by iterator_free(), after its end or before its beginning. */
struct iterator *async_generator_new(const char *name, coroutine_body body, size_t size);

/* Where its body finds `self`, to be filled in before the first request. */
void *async_generator_frame(struct iterator *generator);

/* A generator over an iterator that it owns, as the iterator helpers are: its FINALLY closes the
 * iterator; return() or throw() before it has begun closes it too (27.1.3.2, return of a helper that
 * has not begun), and freeing it frees both.  Takes `underlying` over even when it fails. */
struct iterator *async_generator_over(const char *name, coroutine_body body, size_t size,
    struct iterator *underlying);

struct async_generator_info {
	const char *name, *file;   /* file: NULL before the body has begun */
	int line;                  /* where it is suspended, 0 before it has begun */
	enum async_generator_state state;
	size_t requests;
};

/* Calls for every live generator, in no order; the callee makes and frees none. */
void async_generators_each(void (*each)(const struct async_generator_info *info, void *context),
    void *context);

const char *async_generator_state_name(enum async_generator_state state);

/* Bytes of a suspended generator beside its frame; for the benchmark. */
extern const size_t async_generator_size;

#endif

/* blocking.h - calls that may block, of any number of sources, in a few threads that they share.
 *
 * async/worker.h gives each a thread of its own that lives for seconds; a thousand sensors read
 * once a second need one at a time.  Here each call takes a thread that is free, else a new one,
 * of which there are BLOCKING_THREADS at most, else it waits its turn.  One that hangs keeps its
 * thread and nothing else.
 *
 *	self->read = blocking_open(sizeof(struct read), read_fini);
 *	...
 *	AWAIT(blocking_run(self->read, read_now));
 *	...
 *	FINALLY;
 *	blocking_close(self->read); */
#ifndef SOURCES_BLOCKING_H
#define SOURCES_BLOCKING_H

#include <stdbool.h>
#include <stddef.h>

#include "async/promise.h"

#define BLOCKING_THREADS 32

struct blocking;

/* With zeroed data of `size` bytes, which `fini` (or NULL) empties: called once, in the loop or
 * in a thread, when it has been closed and no call goes on.  NULL: no memory. */
struct blocking *blocking_open(size_t size, void (*fini)(void *data));

/* Belongs to the call while one goes on, else to the loop. */
void *blocking_data(struct blocking *blocking);

/* Gives its promise: fulfilled with what the call returned, or rejected with it when that is
 * negative, or with -errno when there can be no thread.  One call at a time.  NULL: NULL. */
struct promise *blocking_run(struct blocking *blocking, int (*call)(void *data));

/* A call was asked for and has not returned. */
bool blocking_is_busy(const struct blocking *blocking);

/* Takes NULL.  Never waits for a call; an await of it is rejected with -ECANCELED. */
void blocking_close(struct blocking *blocking);

#endif

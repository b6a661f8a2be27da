/* worker.h - for calls that block and cannot be made not to: a conversion on a 1-Wire bus takes
 * 0.8 s of read().  A worker makes one call at a time in a thread of its own; the promise of
 * each settles in the loop.
 *
 *	self->worker = worker_open(sizeof(struct conversion), conversion_fini);
 *	...
 *	AWAIT(worker_run(self->worker, conversion_read));
 *	conversion = worker_data(self->worker);
 *	...
 *	FINALLY;
 *	worker_close(self->worker);
 *
 * The thread begins with the first call and ends when it has had none for some seconds.  All signals are
 * blocked in it, and its stack is small (128 KiB).
 *
 * A call that hangs in the kernel cannot be ended.  So everything that it uses lies in the
 * worker's data, which outlives worker_close() for as long as the call goes on. */
#ifndef ASYNC_WORKER_H
#define ASYNC_WORKER_H

#include <stddef.h>

#include "async/promise.h"

enum { WORKER_THREADS_MAX = 64 };

struct worker;

/* With zeroed data of `size` bytes.  `fini` (or NULL) gives back what the data holds; it is called
 * once, by worker_close() or, with a call still going on, in its thread behind that.  NULL: no
 * memory. */
struct worker *worker_open(size_t size, void (*fini)(void *data));

/* Belongs to the call while one goes on, else to the loop. */
void *worker_data(struct worker *worker);

/* Gives the worker's promise: fulfilled with what the call returned, or rejected with it when that is
 * negative.  Rejected with -EBUSY while a call goes on (its await may have been cancelled), with
 * -EAGAIN when there are WORKER_THREADS_MAX threads, -EMFILE, -ENOMEM.  A NULL worker: NULL. */
struct promise *worker_run(struct worker *worker, int (*call)(void *data));

/* Takes NULL.  Never waits for a call; an await of it is rejected with -ECANCELED. */
void worker_close(struct worker *worker);

#endif

/* for_await.h - the `for await` loop with callbacks: what a sink is.
 *
 *	for await (const value of iterator)
 *		await on_value(value);
 *
 * At most one value is in flight.  The iterator is borrowed; free it in on_end, or later. */
#ifndef ASYNC_FOR_AWAIT_H
#define ASYNC_FOR_AWAIT_H

#include "async/iterator.h"

struct for_await;

/* Takes one value, valid until it returns or until the promise that it returns has settled.
 *   NULL                go on: the next one is asked for at once (so a promise for want of memory
 *                       is not said by NULL; an embedded one needs none)
 *   a promise           go on when it is fulfilled (a counted one is taken over); rejected: the
 *                       loop leaves as by a throw
 *   FOR_AWAIT_BREAK     leave as by break */
typedef struct promise *(*for_await_value)(void *context, union value value);
#define FOR_AWAIT_BREAK (&for_await_break)
extern struct promise for_await_break;

/* The loop is over: 0, or the negative errno it ended in (-ECANCELED when it was cancelled).
 * Called exactly once, never from inside the call that started the loop; the loop's handle is valid
 * until it returns. */
typedef void (*for_await_end)(void *context, int error);

/* Starts a loop and calls next() at once.  NULL: no memory, and nothing was called. */
struct for_await *for_await(struct iterator *iterator, for_await_value on_value,
    for_await_end on_end, void *context);

/* Over a sync iterator, by the async-from-sync adapter. */
struct sync_iterator;
struct for_await *for_await_sync(struct sync_iterator *iterator, for_await_value on_value,
    for_await_end on_end, void *context);

/* Ends the loop from outside: what it waits for is cancelled, the iterator closed, on_end told
 * -ECANCELED.  Again: cancels what the closing waits for. */
void for_await_cancel(struct for_await *loop);

/* In on_end: the reason as it was thrown. */
union value for_await_reason(const struct for_await *loop);

/* In on_end: how the loop was left, for reasons that are no errno. */
struct completion for_await_completion(const struct for_await *loop);

extern const size_t for_await_size;   /* for the benchmark */

#endif

/* retry.h - the innermost operator: given a factory of generators it makes one, passes its events on,
 * says `down` when it throws, waits (capped exponential backoff with jitter), makes the next, and says `up` when that has
 * acquired its device.  So a device may come and go while what stands above keeps its state.
 *
 * A generator that ends normally ends it. */
#ifndef STREAMS_RETRY_H
#define STREAMS_RETRY_H

#include <stdint.h>

#include "async/iterator.h"
#include "streams/event.h"

#define RETRY_FIRST_NS UINT64_C(500000000)
#define RETRY_MAX_NS UINT64_C(30000000000)

struct retry_factory {
	struct iterator *(*make)(void *context);                 /* NULL: no memory, tried again */
	const char *(*message)(struct iterator *generator, void *context);   /* or NULL */
	void *context;
};

/* `was`: the stream's state before, so that `up` is said only behind a `down`.  NULL: no memory. */
struct iterator *retry_new(const struct retry_factory *factory, enum stream_state was);

/* Ends the waiting at once: the device may be back (a hotplug event).  Nothing if it is not waiting. */
void retry_now(struct iterator *retry);

#endif

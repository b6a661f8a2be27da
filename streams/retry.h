/* retry.h - the innermost generator of a chain: given a factory of sources' bodies it runs one,
 * passes its events on, says `down` when it throws, waits, runs the next, and passes on the
 * `up` that this one yields when it has acquired its device.  So a device may come and go while
 * what stands above keeps its state.  The bodies run within its own (async/child.h): to an
 * event it is a call.
 *
 * A body that ends normally ends it.  One that cannot be made for want of memory is tried
 * again like one that threw -ENOMEM.  -ECANCELED is never an error of a source: it is how
 * this one is ended from outside.  An error thrown into it is thrown into the source, as by yield*,
 * and then is the source's.
 *
 * The waits: RETRY_FIRST_NS, doubled by each failure up to RETRY_MAX_NS, and from each up to a
 * quarter is taken off by chance, so that the sources of one bus do not come back in step.  They
 * begin anew when a source has been up for RETRY_STEADY_NS, and with retry_now().
 *
 * `down` is said once for a cause: what fails again with the same errno while it is down fails
 * silently, another errno is told.  What was told is kept, so that a restart does not tell it
 * again.
 *
 * Entries of state carry the position of the last event that was passed on. */
#ifndef STREAMS_RETRY_H
#define STREAMS_RETRY_H

#include <stdint.h>

#include "async/child.h"
#include "streams/event.h"

#define RETRY_FIRST_NS UINT64_C(500000000)
#define RETRY_MAX_NS UINT64_C(30000000000)
#define RETRY_STEADY_NS UINT64_C(10000000000)

struct retry_factory {
	struct child *(*make)(void *context);                    /* NULL: no memory, tried again */
	const char *(*message)(struct child *source, void *context);   /* why it threw; or NULL */
	void *context;
};

/* Part of the chain's kept block; zeroed at its beginning. */
struct retry_kept {
	int32_t told;                /* the errno that the last `down` named; 0: it is not down */
	uint32_t unused;
};

/* `position`: that of the log's last commit.  `kept` is borrowed.  NULL: no memory. */
struct iterator *retry_new(const struct retry_factory *factory, struct retry_kept *kept,
    const struct position *position);

/* Ends the waiting at once: the device may be back (a hotplug event).  Nothing if it is not
 * waiting. */
void retry_now(struct iterator *retry);

/* The body that is at work, or NULL. */
struct child *retry_source(struct iterator *retry);

#endif

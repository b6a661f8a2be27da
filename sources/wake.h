/* wake.h - for a body that waits for one of several things: each of them, in a job or a timer's
 * callback, notes in the frame what has come and calls wake_up(); the body looks at its notes,
 * and awaits when there are none.  Nothing runs between that look and the await, so that no
 * wake-up is lost.
 *
 *	while (!self->has_come)
 *		AWAIT(wake_await(&self->wake)); */
#ifndef SOURCES_WAKE_H
#define SOURCES_WAKE_H

#include "async/promise.h"

/* Zeroed is idle. */
struct wake {
	struct promise promise;
};

static inline struct promise *
wake_await(struct wake *wake)
{
	if (wake->promise.state != PROMISE_PENDING)
		promise_init(&wake->promise);
	return &wake->promise;
}

static inline void
wake_up(struct wake *wake)
{
	promise_fulfill(&wake->promise, value_undefined());
}

#endif

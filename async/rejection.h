/* rejection.h - rejections that nobody handles do not vanish (HostPromiseRejectionTracker,
 * ECMA-262 27.2.1.9).  A promise that is rejected without a reaction is remembered, with the
 * generator that ran at that moment; if none is added until the jobs have drained, the hook hears
 * of it, once. */
#ifndef ASYNC_REJECTION_H
#define ASYNC_REJECTION_H

#include "async/value.h"

struct promise;

struct rejection {
	const struct promise *promise;   /* only to tell rejections apart */
	union value reason;
	const char *generator;           /* its name, or NULL: rejected outside any body */
	const char *file;                /* of the body, or NULL */
	int line;                        /* where the body stood, or failed first; or 0 */
};

typedef void (*rejection_hook)(const struct rejection *rejection, void *context);

/* One hook; NULL (the default) writes a line on standard error. */
void rejection_set_hook(rejection_hook hook, void *context);

/* Tells the hook of what is still unhandled.  Called by the loop whenever its jobs have drained. */
void rejections_report(void);

/* For promise.c. */
void rejection_unhandled(struct promise *promise);
void rejection_handled(struct promise *promise);
void rejection_unhandled_freed(struct promise *promise);

#endif

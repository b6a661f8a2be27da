/* abandon.h - for who closes what embeds a promise, while others may still await it. */
#ifndef ASYNC_ABANDON_H
#define ASYNC_ABANDON_H

#include "async/promise.h"

/* Every await of the embedded promise that has not gone on yet, be it settled or not, goes on with
 * a rejection by -ECANCELED; nothing looks at the promise any more. */
void promise_abandon(struct promise *promise);

#endif

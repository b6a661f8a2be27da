/* waiter.h - who waits for a promise, and what it heard. */
#ifndef TESTS_WAITER_H
#define TESTS_WAITER_H

#include <stdbool.h>
#include <stdint.h>

#include "async/job.h"
#include "async/promise.h"

struct waiter {
	struct job job;
	int heard;               /* how often */
	bool rejected;
	intptr_t value;
};

static inline void
waiter_run(struct job *job)
{
	struct waiter *waiter = (struct waiter *)job;

	waiter->heard++;
	waiter->rejected = job->promise->state == PROMISE_REJECTED;
	waiter->value = job->promise->value.number;
}

static inline void
wait_for(struct waiter *waiter, struct promise *promise)
{
	waiter->job.run = waiter_run;
	promise_perform_then(promise, &waiter->job);
}

#endif

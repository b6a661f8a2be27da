#include "async/promise.h"

#include <assert.h>
#include <stdlib.h>

#include "async/rejection.h"

/* What awaiting NULL finds: no memory for a promise. */
static struct promise no_memory = {
	.value.number = -ENOMEM,
	.state = PROMISE_REJECTED,
	.handled = true,
};

struct promise *
promise_new(void)
{
	struct promise *promise = malloc(sizeof *promise);

	if (promise == NULL)
		return NULL;
	promise_init(promise);
	promise->references = 1;
	return promise;
}

struct promise *
promise_resolved(union value value)
{
	struct promise *promise = promise_new();

	if (promise != NULL)
		promise_fulfill(promise, value);
	return promise;
}

struct promise *
promise_rejected(int error)
{
	struct promise *promise = promise_new();

	if (promise != NULL)
		promise_fail(promise, error);
	return promise;
}

void
promise_fini(struct promise *promise)
{
	assert(promise->reactions == NULL);
	if (promise->state == PROMISE_REJECTED && !promise->handled)
		rejection_unhandled_freed(promise);
}

struct promise *
promise_ref(struct promise *promise)
{
	if (promise != NULL && promise->references > 0)
		promise->references++;
	return promise;
}

void
promise_unref(struct promise *promise)
{
	if (promise == NULL || promise->references == 0 || --promise->references > 0)
		return;
	promise_fini(promise);
	free(promise);
}

static void
promise_settle(struct promise *promise, enum promise_state state, union value value)
{
	struct job *reactions = promise->reactions;

	promise->state = (uint8_t)state;
	promise->value = value;
	promise->reactions = NULL;
	if (reactions != NULL)
		job_enqueue_circle(reactions);
}

void
promise_fulfill(struct promise *promise, union value value)
{
	if (promise->state == PROMISE_PENDING)
		promise_settle(promise, PROMISE_FULFILLED, value);
}

void
promise_fulfill_reactions(struct promise *promise, union value value, enum result_kind result)
{
	promise->result = (uint8_t)result;
	promise_settle(promise, PROMISE_FULFILLED, value);
}

void
promise_reject(struct promise *promise, union value reason)
{
	if (promise->state != PROMISE_PENDING)
		return;
	promise_settle(promise, PROMISE_REJECTED, reason);
	if (!promise->handled)
		rejection_unhandled(promise);
}

void
promise_fail(struct promise *promise, int error)
{
	assert(error < 0);
	promise_reject(promise, value_number(error));
}

void
promise_perform_then(struct promise *promise, struct job *job)
{
	if (promise == NULL)
		promise = &no_memory;
	job->promise = promise;
	if (promise->state == PROMISE_PENDING) {
		promise->handled = true;
		if (promise->reactions == NULL)
			job->next = job;
		else {
			job->next = promise->reactions->next;
			promise->reactions->next = job;
		}
		promise->reactions = job;
		return;
	}
	if (promise->state == PROMISE_REJECTED && !promise->handled)
		rejection_handled(promise);
	promise->handled = true;
	job_enqueue(job);
}

void
promise_forget(struct job *job)
{
	struct promise *promise = job->promise;

	if (promise == NULL || promise->state != PROMISE_PENDING) {
		job_cancel(job);
		return;
	}
	job_circle_remove(&promise->reactions, job);
	job->promise = NULL;
	promise_unref(promise);
}

/* Promise.prototype.then and the resolve function given a promise: the two places where a
 * reaction has to be allocated, because nobody embeds it. */
#include <stdlib.h>

#include "async/promise.h"

struct reaction {
	struct job job;
	struct promise *derived;
	promise_handler on_fulfilled, on_rejected;
	void *context;
};

static void
then_run(struct job *job)
{
	struct reaction *reaction = (struct reaction *)job;
	const struct promise *promise = job->promise;
	bool rejected = promise->state == PROMISE_REJECTED;
	promise_handler handler = rejected ? reaction->on_rejected : reaction->on_fulfilled;
	struct completion completion = {
		.type = rejected ? COMPLETION_THROW : COMPLETION_NORMAL,
		.value = promise->value,
	};

	if (handler != NULL)
		completion = handler(reaction->context, completion.value);
	if (completion.type == COMPLETION_NORMAL)
		promise_fulfill(reaction->derived, completion.value);
	else
		promise_reject(reaction->derived, completion.value);
	promise_unref(reaction->derived);
	free(reaction);
}

struct promise *
promise_then(struct promise *promise, promise_handler on_fulfilled, promise_handler on_rejected,
    void *context)
{
	struct reaction *reaction = malloc(sizeof *reaction);
	struct promise *derived = promise_new();

	if (reaction == NULL || derived == NULL) {
		free(reaction);
		promise_unref(derived);
		promise_unref(promise);
		return NULL;
	}
	*reaction = (struct reaction){
		.job.run = then_run,
		.derived = promise_ref(derived),
		.on_fulfilled = on_fulfilled,
		.on_rejected = on_rejected,
		.context = context,
	};
	promise_perform_then(promise, &reaction->job);
	return derived;
}

static void
adopt_settle(struct job *job)
{
	struct reaction *reaction = (struct reaction *)job;

	if (job->promise->state == PROMISE_REJECTED)
		promise_reject(reaction->derived, job->promise->value);
	else
		promise_fulfill(reaction->derived, job->promise->value);
	promise_unref(reaction->derived);
	free(reaction);
}

/* NewPromiseResolveThenableJob: only now is other.then() called. */
static void
adopt_call_then(struct job *job)
{
	job->run = adopt_settle;
	promise_perform_then(promise_ref(job->promise), job);
}

void
promise_adopt(struct promise *promise, struct promise *other)
{
	struct reaction *reaction = malloc(sizeof *reaction);

	if (reaction == NULL || other == NULL) {
		free(reaction);
		promise_unref(other);
		promise_fail(promise, -ENOMEM);
		return;
	}
	*reaction = (struct reaction){ .derived = promise_ref(promise) };
	reaction->job = (struct job){ .run = adopt_call_then, .promise = other };
	job_enqueue(&reaction->job);
}

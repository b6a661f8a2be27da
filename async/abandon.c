#include "async/abandon.h"

/* Never unhandled: only who awaits the abandoned one finds it. */
static struct promise canceled = {
	.value.number = -ECANCELED,
	.state = PROMISE_REJECTED,
	.handled = true,
};

void
promise_abandon(struct promise *promise)
{
	struct job *reactions = promise->reactions;

	promise->reactions = NULL;
	promise_fini(promise);
	if (promise->state != PROMISE_PENDING)
		jobs_redirect(promise, &canceled);
	if (reactions == NULL)
		return;
	for (struct job *job = reactions->next; ; job = job->next) {
		job->promise = &canceled;
		if (job == reactions)
			break;
	}
	job_enqueue_circle(reactions);
}

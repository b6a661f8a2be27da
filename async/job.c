#include "async/job.h"

#include <assert.h>

#include "async/promise.h"

struct job *job_youngest;
static bool running;

void
job_enqueue_circle(struct job *tail)
{
	if (job_youngest != NULL) {
		struct job *oldest = job_youngest->next;

		job_youngest->next = tail->next;
		tail->next = oldest;
	}
	job_youngest = tail;
}

void
job_cancel(struct job *job)
{
	struct promise *promise = job->promise;

	job_circle_remove(&job_youngest, job);
	job->promise = NULL;
	promise_unref(promise);
}

bool
job_circle_remove(struct job **tail, struct job *job)
{
	struct job *before = *tail;

	if (before == NULL)
		return false;
	while (before->next != job) {
		before = before->next;
		if (before == *tail)
			return false;
	}
	if (before == job)
		*tail = NULL;
	else {
		before->next = job->next;
		if (*tail == job)
			*tail = before;
	}
	return true;
}

void
jobs_redirect(const struct promise *from, struct promise *to)
{
	struct job *job = job_youngest;

	if (job == NULL)
		return;
	do {
		if (job->promise == from)
			job->promise = to;
		job = job->next;
	} while (job != job_youngest);
}

static struct job *
job_take(void)
{
	struct job *oldest = job_youngest->next;

	if (oldest == job_youngest)
		job_youngest = NULL;
	else
		job_youngest->next = oldest->next;
	return oldest;
}

size_t
jobs_run(size_t max)
{
	size_t count = 0;

	assert(!running);
	running = true;
	while (job_youngest != NULL && count < max) {
		struct job *job = job_take();
		/* What embeds the promise may be freed by the job: ask before. */
		struct promise *counted = promise_counted(job->promise);

		job->run(job);
		promise_unref(counted);
		count++;
	}
	running = false;
	return count;
}

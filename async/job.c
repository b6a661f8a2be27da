#include "async/job.h"

#include <assert.h>

#include "async/promise.h"

struct job *job_youngest;
size_t jobs_left;
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
	size_t count;

	assert(!running);
	running = true;
	jobs_left = max;
	while (job_youngest != NULL && jobs_left > 0) {
		struct job *job = job_take();
		/* What embeds the promise may be freed by the job: ask before. */
		struct promise *counted = promise_counted(job->promise);

		jobs_left--;
		job->run(job);
		if (counted != NULL)
			promise_unref(counted);
	}
	running = false;
	count = max - jobs_left;
	jobs_left = 0;
	return count;
}

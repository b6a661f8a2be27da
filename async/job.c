#include "async/job.h"

#include <assert.h>

#include "async/promise.h"

/* Circular: `last` is the youngest job, last->next the oldest. */
static struct job *last;
static bool running;

void
job_enqueue(struct job *job)
{
	job->next = job;
	job_enqueue_circle(job);
}

void
job_enqueue_circle(struct job *tail)
{
	if (last != NULL) {
		struct job *oldest = last->next;

		last->next = tail->next;
		tail->next = oldest;
	}
	last = tail;
}

void
job_cancel(struct job *job)
{
	struct promise *promise = job->promise;

	job_circle_remove(&last, job);
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
	struct job *job = last;

	if (job == NULL)
		return;
	do {
		if (job->promise == from)
			job->promise = to;
		job = job->next;
	} while (job != last);
}

static struct job *
job_take(void)
{
	struct job *oldest = last->next;

	if (oldest == last)
		last = NULL;
	else
		last->next = oldest->next;
	return oldest;
}

size_t
jobs_run(size_t max)
{
	size_t count = 0;

	assert(!running);
	running = true;
	while (last != NULL && count < max) {
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

bool
jobs_waiting(void)
{
	return last != NULL;
}

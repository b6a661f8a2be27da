/* job.h - jobs and their queue (ECMA-262 9.5): first in, first out, and nothing else ever calls
 * a reaction.
 *
 * There is one queue, the agent's: awaitd has one thread that runs JavaScript's kind of code.
 * A job is embedded in whoever waits (a generator, a loop), so appending one allocates nothing
 * and cannot fail. */
#ifndef ASYNC_JOB_H
#define ASYNC_JOB_H

#include <stdbool.h>
#include <stddef.h>

struct promise;

/* `run` is called once, by the drain; by then the job is no longer queued, so that it may be
 * queued again, or freed, from within.  `promise` is the settled promise whose reaction this is,
 * NULL for a plain tick.  A job must not be freed while it is queued: job_cancel() first. */
struct job {
	struct job *next;
	void (*run)(struct job *job);
	struct promise *promise;
};

/* The queue, circular, by its youngest job: for the functions here that are too small to be calls.
 */
extern struct job *job_youngest;

/* HostEnqueuePromiseJob: appends.  The job must not be queued already. */
static inline void
job_enqueue(struct job *job)
{
	if (job_youngest == NULL)
		job->next = job;
	else {
		job->next = job_youngest->next;
		job_youngest->next = job;
	}
	job_youngest = job;
}

/* Appends a circular list given by its last element: what settling does with its reactions. */
void job_enqueue_circle(struct job *last);

/* Takes a job out of the queue, wherever it is in it.  Linear: for cancelling only. */
void job_cancel(struct job *job);

/* Takes a job out of a circular list given by its last element; false: it was not in it. */
bool job_circle_remove(struct job **last, struct job *job);

/* Queued reactions on one promise become reactions on another.  Linear: for closing only. */
void jobs_redirect(const struct promise *from, struct promise *to);

/* Runs jobs until there are none or `max` have run; returns how many ran.  Not re-entrant. */
size_t jobs_run(size_t max);

/* How many more this drain may run; 0 outside of one.  For jobs_skip(). */
extern size_t jobs_left;

/* For a job of which nothing remains to be done but what it is about to append, and what that
 * does in turn: true when these `count` would be the next to run, so that they may as well be
 * done at once. They count as having run. */
static inline bool
jobs_skip(size_t count)
{
	if (job_youngest != NULL || jobs_left < count)
		return false;
	jobs_left -= count;
	return true;
}

static inline bool
jobs_waiting(void)
{
	return job_youngest != NULL;
}

#endif

/* timer.h - timers on CLOCK_MONOTONIC, in nanoseconds; on the manual loop on its clock.
 *
 * A timer lies in the memory of who waits, in a generator's frame for one; zeroed is idle.  Setting one
 * allocates nothing and cannot fail.  Timers fire in the order of their deadlines, those of one
 * deadline in the order in which they were set; each is a task of its own: its jobs have run before the
 * next one fires.  "Now" is loop_now().
 *
 *	AWAIT(timer_after(&self->timer, SECOND));
 *	...
 *	FINALLY;
 *	timer_close(&self->timer); */
#ifndef ASYNC_TIMER_H
#define ASYNC_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "async/heap.h"
#include "async/promise.h"

#define MICROSECOND UINT64_C(1000)
#define MILLISECOND (1000 * MICROSECOND)
#define SECOND (1000 * MILLISECOND)

struct timer {
	struct heap_node node;           /* its key: the deadline */
	void (*fire)(struct timer *timer);   /* NULL: not set */
	struct promise promise;
};

/* Gives the timer's promise, fulfilled at the deadline; one that has passed counts as now.  A timer that
 * was set is set anew: who awaits its promise goes on to wait, for the new deadline.  One
 * awaits it at a time. */
struct promise *timer_at(struct timer *timer, uint64_t mono_ns);
struct promise *timer_after(struct timer *timer, uint64_t ns);

/* The same with a callback in place of the promise; it may set the timer again, or free it. */
void timer_call_at(struct timer *timer, uint64_t mono_ns, void (*fire)(struct timer *timer));
void timer_call_after(struct timer *timer, uint64_t ns, void (*fire)(struct timer *timer));

bool timer_is_set(const struct timer *timer);

/* Will not fire; an await of its promise goes on to wait. */
void timer_stop(struct timer *timer);

/* Before the timer's memory goes away: stopped, an await of it is rejected with -ECANCELED. */
void timer_close(struct timer *timer);

/* A counted promise, fulfilled after `ns`; it cannot be taken back.  NULL: no memory. */
struct promise *sleep_for(uint64_t ns);

/* For the loop.  UINT64_MAX: none is set. */
uint64_t timers_earliest(void);

/* Fires those due at `now`, each followed by its jobs; those that are set by what that does wait for the
 * next call.  How many fired. */
size_t timers_run(uint64_t now);

/* Stops all. */
void timers_forget(void);

#endif

/* race.h - awaiting the first of several promises, as often as one likes: "the next value, or
 * the timer".  Everything lies in the frame; nothing is allocated.
 *
 *	struct debounce {
 *		struct race race;
 *		struct race_arm value, quiet;
 *		...
 *	};
 *
 *	race_watch(&self->race, &self->value, &self->request.promise);
 *	race_watch(&self->race, &self->quiet, timer_after(&self->timer, self->delay));
 *	AWAIT(race_next(&self->race));
 *	if (co->value.pointer == &self->quiet)
 *		...                             // the value is still awaited: only the timer is watched anew
 *	...
 *	FINALLY;
 *	race_forget(&self->value);
 *	race_forget(&self->quiet);
 *	race_fini(&self->race);
 *	CLOSE(self->upstream, &self->request);
 *	timer_close(&self->timer);
 *
 * An arm that has settled waits in line for its race_next(), in the order of settling: none is lost, and a
 * rejection of an arm does not reject the race: it stands in the arm's completion. */
#ifndef ASYNC_RACE_H
#define ASYNC_RACE_H

#include "async/promise.h"

struct race;

enum race_arm_state {
	RACE_IDLE,
	RACE_WATCHING,
	RACE_SETTLED,            /* in line */
};

/* Zeroed is idle. */
struct race_arm {
	struct job job;
	struct race *race;
	struct race_arm *next;
	struct completion completion;   /* normal or throw, of the promise that settled last */
	uint8_t state;                  /* enum race_arm_state */
};

/* Zeroed is a race without arms. */
struct race {
	struct promise promise;
	struct race_arm *line, *youngest;
};

/* The arm, which is idle, runs in the race for the promise.  Consumes one reference to the promise; NULL is
 * a promise rejected with -ENOMEM. */
void race_watch(struct race *race, struct race_arm *arm, struct promise *promise);

/* The race's promise, to be awaited at once: fulfilled with a pointer to the arm that settled
 * first, which is idle then. */
struct promise *race_next(struct race *race);

/* Makes the arm idle: its promise is not watched any more, what it said is forgotten. */
void race_forget(struct race_arm *arm);

/* Before the race's memory goes away, with all arms idle: an await of it is rejected with
 * -ECANCELED. */
void race_fini(struct race *race);

#endif

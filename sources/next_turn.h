/* next_turn.h - for a body that has done its batch and would have another one at once: it goes on
 * when this turn of the loop is over, so that it delays nobody.
 *
 *	AWAIT(next_turn_await(&self->next_turn));
 *	...
 *	FINALLY;
 *	next_turn_close(&self->next_turn); */
#ifndef SOURCES_NEXT_TURN_H
#define SOURCES_NEXT_TURN_H

#include <stddef.h>

#include "async/loop.h"
#include "async/promise.h"

/* Zeroed is idle. */
struct next_turn {
	struct turn_task task;
	struct promise promise;
};

static inline void
next_turn_run(struct turn_task *task)
{
	struct next_turn *self = (struct next_turn *)task;

	promise_fulfill(&self->promise, value_undefined());
}

static inline struct promise *
next_turn_await(struct next_turn *self)
{
	promise_init(&self->promise);
	self->task.run = next_turn_run;
	loop_at_turn_end(&self->task);
	return &self->promise;
}

static inline void
next_turn_close(struct next_turn *self)
{
	turn_task_cancel(&self->task);
}

#endif

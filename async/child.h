/* child.h - a body within a body, as protothreads spawn them (PT_SPAWN): what the child awaits
 * and yields, its parent does.  There is no generator, no request and no promise between the
 * two, so that a value goes through for the price of a call.
 *
 *	struct parent {
 *		struct child *child;    // first in the frame, for `debug`
 *		...
 *	};
 *
 *	self->child = child_new("child", child_body, sizeof(struct frame));
 *	...
 *	RUN_CHILD(child_resume(self->child, co));
 *	here it is over: co->received says how, co->value is what it ended with
 *	...
 *	FINALLY;
 *	child_free(self->child);
 *
 * What is thrown into the parent, asked of it by return(), or cancelled, reaches the child
 * where it is suspended, and the parent when the child has run its FINALLY: so by then there is
 * nothing to close. */
#ifndef ASYNC_CHILD_H
#define ASYNC_CHILD_H

#include "async/coroutine.h"

struct child {
	struct coroutine co;
	bool returning;              /* a return() has reached it, and no yield has answered that */
	max_align_t frame[];
};

/* One that has not begun, with a zeroed frame of `size` bytes; `name` outlives it.  NULL: no
 * memory. */
struct child *child_new(const char *name, coroutine_body body, size_t size);

static inline void *
child_frame(struct child *child)
{
	return child->frame;
}

/* Takes NULL.  It is over, or has not begun. */
void child_free(struct child *child);

/* It is over: co->received becomes COMPLETION_NORMAL, or COMPLETION_THROW, or COMPLETION_RETURN
 * if it was a return() that it ended for. */
void child_over(struct child *child, struct coroutine *parent, enum step step);

static inline bool
child_is_over(enum step step)
{
	return step == STEP_RETURN || step == STEP_THROW;
}

/* Goes on with what the parent has received, up to the child's next step, which is to be the
 * parent's: its value is in co->value. */
static inline enum step
child_resume(struct child *child, struct coroutine *parent)
{
	enum step step;

	child->co.received = parent->received;
	child->co.value = parent->value;
	if (parent->received == COMPLETION_RETURN)
		child->returning = true;
	step = coroutine_resume(&child->co, child->frame);
	parent->value = child->co.value;
	if (step == STEP_YIELD || step == STEP_YIELD_AWAITED)
		child->returning = false;
	else if (child_is_over(step))
		child_over(child, parent, step);
	return step;
}

/* `resume` is child_resume(), or what calls it and looks at its step. */
#define RUN_CHILD(resume) \
	do { \
		enum step step_; \
		coroutine_->line = __LINE__; \
		coroutine_->in_child = true COROUTINE_FALLTHROUGH; \
	case __LINE__: \
		step_ = (resume); \
		if (!child_is_over(step_)) \
			return step_; \
		coroutine_->in_child = false; \
	} while (0)

#endif

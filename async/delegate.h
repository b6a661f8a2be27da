/* delegate.h - yield* (ECMA-262 15.5.5, in an async generator): hands every request of the outer
 * generator on to an inner iterator until that is done.
 *
 * In a body: DELEGATE(&self->delegate, iterator); with a struct delegate in the frame.  Behind it
 * co->value is the inner iterator's last value.  The inner iterator is borrowed. */
#ifndef ASYNC_DELEGATE_H
#define ASYNC_DELEGATE_H

#include "async/coroutine.h"

enum delegate_phase {
	DELEGATE_START,
	DELEGATE_NEXT,        /* awaits what next() or throw() gave */
	DELEGATE_RETURN,      /* awaits what return() gave */
	DELEGATE_PASSING,     /* has yielded an inner value */
	DELEGATE_CLOSING,     /* awaits the close before the TypeError for a missing throw() */
	DELEGATE_NO_RETURN,   /* awaits the value of a return() that inner has no method for */
};

struct delegate {
	struct iterator *iterator;
	struct iterator_request request;
	union value returning;
	enum delegate_phase phase;
	enum step step;
};

void delegate_start(struct delegate *delegate, struct iterator *iterator);

/* To be called at once, and then at each resumption of the body.  True: return delegate->step to
 * the runtime.  False: the yield* is over; co->received and co->value are its completion. */
bool delegate_resume(struct delegate *delegate, struct coroutine *co);

#define DELEGATE(delegate_, iterator) \
	do { \
		delegate_start((delegate_), (iterator)); \
		coroutine_->line = __LINE__; \
		__attribute__((fallthrough)); \
	case __LINE__: \
		if (delegate_resume((delegate_), coroutine_)) \
			return (delegate_)->step; \
		if (coroutine_abrupt(coroutine_)) \
			goto coroutine_finally_; \
	} while (0)

#endif

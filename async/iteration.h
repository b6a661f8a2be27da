/* iteration.h - `for await` as a loop inside a body: the pieces that wait, apart from the waiting.
 * (ECMA-262 14.7.5.6, ForIn/OfBodyEvaluation, and 7.4.13, AsyncIteratorClose.)  for_await.h is
 * the same for callbacks.
 *
 *	state = iteration_next(&loop);
 *	while state is ITERATION_AWAIT: await &loop.request.promise, then
 *		state = iteration_received(&loop, type, value);
 *	ITERATION_VALUE: loop.value is the next one: do the body, then iteration_next(), or
 *		iteration_leave() with what the body ended in (break is a normal completion)
 *	ITERATION_LEFT: the loop is over, loop.leaving is its completion */
#ifndef ASYNC_ITERATION_H
#define ASYNC_ITERATION_H

#include "async/iterator.h"

enum iteration_state {
	ITERATION_AWAIT,
	ITERATION_VALUE,
	ITERATION_LEFT,
};

/* Zeroed, but for `iterator`, which is borrowed. */
struct iteration {
	struct iterator *iterator;
	struct iterator_request request;
	struct completion leaving;
	union value value;
	bool closing;
};

enum iteration_state iteration_next(struct iteration *loop);

/* Behind a next() of loop->request that somebody else made, and which threw. */
enum iteration_state iteration_threw(struct iteration *loop);
enum iteration_state iteration_received(struct iteration *loop, enum completion_type type,
    union value value);
enum iteration_state iteration_leave(struct iteration *loop, struct completion completion);

#endif

#include "async/iteration.h"

static enum iteration_state
iteration_throw(struct iteration *loop, union value reason)
{
	loop->leaving = (struct completion){ .type = COMPLETION_THROW, .value = reason };
	return ITERATION_LEFT;
}

enum iteration_state
iteration_next(struct iteration *loop)
{
	iterator_next(loop->iterator, &loop->request, value_undefined());
	return loop->request.threw ? iteration_threw(loop) : ITERATION_AWAIT;
}

enum iteration_state
iteration_threw(struct iteration *loop)
{
	return iteration_throw(loop, loop->request.promise.value);
}

/* The end of AsyncIteratorClose: an error that was there before wins over all. */
static enum iteration_state
iteration_closed(struct iteration *loop, enum completion_type type, union value value)
{
	if (loop->leaving.type == COMPLETION_THROW)
		return ITERATION_LEFT;
	if (type == COMPLETION_THROW)
		return iteration_throw(loop, value);
	if (loop->request.promise.result == RESULT_NOT_OBJECT)
		return iteration_throw(loop, value_number(TYPE_ERROR));
	return ITERATION_LEFT;
}

enum iteration_state
iteration_received(struct iteration *loop, enum completion_type type, union value value)
{
	if (loop->closing)
		return iteration_closed(loop, type, value);
	if (type == COMPLETION_THROW)
		return iteration_throw(loop, value);
	switch (loop->request.promise.result) {
	case RESULT_NOT_OBJECT:
		return iteration_throw(loop, value_number(TYPE_ERROR));
	case RESULT_DONE:
		loop->leaving = (struct completion){ .type = COMPLETION_NORMAL };
		return ITERATION_LEFT;
	default:
		loop->value = value;
		return ITERATION_VALUE;
	}
}

enum iteration_state
iteration_leave(struct iteration *loop, struct completion completion)
{
	loop->leaving = completion;
	if (loop->iterator->ops->return_ == NULL)
		return ITERATION_LEFT;
	loop->closing = true;
	iterator_return(loop->iterator, &loop->request, value_undefined());
	if (loop->request.threw)
		return iteration_closed(loop, COMPLETION_THROW, loop->request.promise.value);
	return ITERATION_AWAIT;
}

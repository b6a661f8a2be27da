#include "async/helper_frame.h"

static enum step
take_body(struct coroutine *co, void *frame)
{
	struct helper *self = frame;

	BEGIN(co);
	while (self->counter-- > 0) {
		AWAIT_NEXT(self->upstream, &self->request);
		if (request_is_done(&self->request))
			break;
		YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE_IF_OPEN(self->upstream, &self->request);
	END;
}

struct iterator *
iterator_take(struct iterator *iterator, uint64_t limit)
{
	struct iterator *take = helper_new("take", take_body, sizeof(struct helper), iterator,
	    NULL, NULL);

	if (take != NULL)
		((struct helper *)async_generator_frame(take))->counter = limit;
	return take;
}

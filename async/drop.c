#include "async/helper_frame.h"

static enum step
drop_body(struct coroutine *co, void *frame)
{
	struct helper *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->upstream, &self->request);
		if (request_is_done(&self->request))
			break;
		if (self->counter > 0)
			self->counter--;
		else
			YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE_IF_OPEN(self->upstream, &self->request);
	END;
}

struct iterator *
iterator_drop(struct iterator *iterator, uint64_t limit)
{
	struct iterator *drop = helper_new("drop", drop_body, sizeof(struct helper), iterator,
	    NULL, NULL);

	if (drop != NULL)
		((struct helper *)async_generator_frame(drop))->counter = limit;
	return drop;
}

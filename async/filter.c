#include "async/helper_frame.h"

static enum step
filter_body(struct coroutine *co, void *frame)
{
	struct helper *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->upstream, &self->request);
		if (request_is_done(&self->request))
			break;
		HELPER_CALL(self, co);
		if (self->outcome.value.number != 0)
			YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE_IF_OPEN(self->upstream, &self->request);
	END;
}

struct iterator *
iterator_filter(struct iterator *iterator, helper_callback predicate, void *context)
{
	return helper_new("filter", filter_body, sizeof(struct helper), iterator, predicate,
	    context);
}

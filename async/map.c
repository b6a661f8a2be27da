#include "async/helper_frame.h"

static enum step
map_body(struct coroutine *co, void *frame)
{
	struct helper *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->upstream, &self->request);
		if (request_is_done(&self->request))
			break;
		HELPER_CALL(self, co);
		YIELD(self->outcome.value.pointer);
	}
	FINALLY;
	CLOSE_IF_OPEN(self->upstream, &self->request);
	END;
}

struct iterator *
iterator_map(struct iterator *iterator, helper_callback mapper, void *context)
{
	return helper_new("map", map_body, sizeof(struct helper), iterator, mapper, context);
}

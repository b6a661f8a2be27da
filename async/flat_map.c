#include "async/helper_frame.h"

struct flat_map {
	struct helper outer;
	struct iterator *inner;          /* ours, from the mapper's answer to its end */
	struct iterator_request request; /* of inner */
};

static void
inner_free(struct flat_map *self)
{
	if (self->request.iterator != NULL)
		promise_fini(&self->request.promise);
	self->request = (struct iterator_request){ .next = NULL };
	iterator_free(self->inner);
	self->inner = NULL;
}

static enum step
flat_map_body(struct coroutine *co, void *frame)
{
	struct flat_map *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->outer.upstream, &self->outer.request);
		if (request_is_done(&self->outer.request))
			break;
		HELPER_CALL(&self->outer, co);
		self->inner = self->outer.outcome.value.pointer;
		if (self->inner == NULL)
			THROW(-ENOMEM);
		for (;;) {
			AWAIT_NEXT(self->inner, &self->request);
			if (request_is_done(&self->request))
				break;
			YIELD(self->request.promise.value.pointer);
		}
		inner_free(self);
	}
	FINALLY;
	if (self->inner != NULL)
		CLOSE_IF_OPEN(self->inner, &self->request);
	inner_free(self);
	CLOSE_IF_OPEN(self->outer.upstream, &self->outer.request);
	END;
}

struct iterator *
iterator_flat_map(struct iterator *iterator, helper_callback mapper, void *context)
{
	return helper_new("flat_map", flat_map_body, sizeof(struct flat_map), iterator, mapper,
	    context);
}

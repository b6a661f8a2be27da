#include "async/helper_frame.h"

struct iterator *
helper_new(const char *name, coroutine_body body, size_t size, struct iterator *upstream,
    helper_callback callback, void *context)
{
	struct iterator *iterator = async_generator_over(name, body, size, upstream);
	struct helper *self;

	if (iterator == NULL)
		return NULL;
	self = async_generator_frame(iterator);
	self->upstream = upstream;
	self->callback = callback;
	self->context = context;
	return iterator;
}

bool
request_must_close(const struct iterator_request *request)
{
	if (request->iterator == NULL || iterator_request_pending(request))
		return true;
	return !request->threw && request->promise.state == PROMISE_FULFILLED
	    && request->promise.result == RESULT_VALUE;
}

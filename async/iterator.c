#include "async/iterator.h"

#include <assert.h>

static void
request_begin(struct iterator *iterator, struct iterator_request *request,
    enum completion_type completion, union value value)
{
	assert(!iterator_request_pending(request));
	if (request->iterator != NULL)
		promise_fini(&request->promise);
	promise_init(&request->promise);
	request->promise.of_request = true;
	request->next = NULL;
	request->iterator = iterator;
	request->value = value;
	request->awaited = NULL;
	request->completion = (uint8_t)completion;
	request->threw = false;
}

void
iterator_next(struct iterator *iterator, struct iterator_request *request, union value value)
{
	request_begin(iterator, request, COMPLETION_NORMAL, value);
	iterator->ops->next(iterator, request);
}

void
iterator_return(struct iterator *iterator, struct iterator_request *request, union value value)
{
	request_begin(iterator, request, COMPLETION_RETURN, value);
	iterator->ops->return_(iterator, request);
}

void
iterator_return_promise(struct iterator *iterator, struct iterator_request *request,
    struct promise *promise)
{
	request_begin(iterator, request, COMPLETION_RETURN, value_undefined());
	request->awaited = promise;
	iterator->ops->return_(iterator, request);
}

void
iterator_throw(struct iterator *iterator, struct iterator_request *request, union value reason)
{
	request_begin(iterator, request, COMPLETION_THROW, reason);
	iterator->ops->throw_(iterator, request);
}

void
iterator_cancel(struct iterator *iterator)
{
	iterator->ops->cancel(iterator);
}

void
iterator_close(struct iterator *iterator, struct iterator_request *request)
{
	if (iterator_request_pending(request)) {
		iterator->ops->cancel(iterator);
		return;
	}
	if (iterator->ops->return_ != NULL) {
		iterator_return(iterator, request, value_undefined());
		if (request->threw) {
			request->threw = false;
			promise_reject(&request->promise, request->promise.value);
		}
		return;
	}
	request_begin(iterator, request, COMPLETION_RETURN, value_undefined());
	promise_fulfill_result(&request->promise, value_undefined(), RESULT_DONE);
}

bool
iterator_request_pending(const struct iterator_request *request)
{
	return request->iterator != NULL && !request->threw
	    && request->promise.state == PROMISE_PENDING;
}

void
iterator_free(struct iterator *iterator)
{
	if (iterator != NULL)
		iterator->ops->free(iterator);
}

#include "async/iterator.h"

void
iterator_request_called(struct job *job)
{
	if (job_circle_remove(&job_youngest, job))
		job_enqueue(job);
}

enum next_answer
iterator_next_then(struct iterator_request *request, struct job *job)
{
	promise_then_first(&request->promise, job);
	request->iterator->ops->next(request->iterator, request);
	if (request->threw) {
		request->promise.reactions = NULL;
		return NEXT_THREW;
	}
	if (request->promise.state != PROMISE_PENDING && job_youngest != job)
		iterator_request_called(job);
	return NEXT_PENDING;
}

void
iterator_return(struct iterator *iterator, struct iterator_request *request, union value value)
{
	iterator_request_begin(iterator, request, COMPLETION_RETURN, value);
	iterator->ops->return_(iterator, request);
}

void
iterator_return_promise(struct iterator *iterator, struct iterator_request *request,
    struct promise *promise)
{
	iterator_request_begin(iterator, request, COMPLETION_RETURN, value_undefined());
	request->awaited = promise;
	iterator->ops->return_(iterator, request);
}

void
iterator_throw(struct iterator *iterator, struct iterator_request *request, union value reason)
{
	iterator_request_begin(iterator, request, COMPLETION_THROW, reason);
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
	iterator_request_begin(iterator, request, COMPLETION_RETURN, value_undefined());
	promise_fulfill_result(&request->promise, value_undefined(), RESULT_DONE);
}

void
iterator_free(struct iterator *iterator)
{
	if (iterator != NULL)
		iterator->ops->free(iterator);
}

#include "async/merge.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "async/helper_frame.h"

enum input_state {
	INPUT_IDLE,              /* to be asked at the next next() */
	INPUT_ASKED,
	INPUT_READY,             /* in line, with a value or an error */
	INPUT_CLOSING,
	INPUT_OVER,
};

struct merge;

struct input {
	struct job job;
	struct merge *merge;
	struct iterator *iterator;
	struct iterator_request request;
	STAILQ_ENTRY(input) link;        /* in `idle` or in `line` */
	enum input_state state;
};

STAILQ_HEAD(inputs, input);

enum merge_state {
	MERGE_OPEN,
	MERGE_CLOSING,
	MERGE_OVER,
};

struct merge {
	struct iterator iterator;
	struct iterator_request *queue;  /* circular, by its youngest */
	struct inputs idle, line;
	size_t left;                     /* inputs that are not over */
	struct completion closing;       /* what the request in front is answered behind the close */
	enum merge_state state;
	size_t count;
	struct input inputs[];
};

/* ------------------------------------------------------------------ requests */

static void
enqueue(struct merge *self, struct iterator_request *request)
{
	if (self->queue == NULL)
		request->next = request;
	else {
		request->next = self->queue->next;
		self->queue->next = request;
	}
	self->queue = request;
}

static struct iterator_request *
dequeue(struct merge *self)
{
	struct iterator_request *front = self->queue->next;

	if (front == self->queue)
		self->queue = NULL;
	else
		self->queue->next = front->next;
	front->next = NULL;
	return front;
}

/* What a request finds when all is over. */
static void
answer_over(struct iterator_request *request)
{
	promise_fulfill_result(&request->promise,
	    request->completion == COMPLETION_RETURN ? request->value : value_undefined(),
	    RESULT_DONE);
}

static void
merge_over(struct merge *self)
{
	self->state = MERGE_OVER;
	while (self->queue != NULL)
		answer_over(dequeue(self));
}

/* ------------------------------------------------------------------- closing */

/* All inputs are over. */
static void
merge_closed(struct merge *self)
{
	struct iterator_request *front = dequeue(self);

	if (self->closing.type == COMPLETION_THROW)
		promise_reject(&front->promise, self->closing.value);
	else
		answer_over(front);
	merge_over(self);
}

static void
input_over(struct input *input)
{
	input->state = INPUT_OVER;
	input->merge->left--;
}

static bool
input_failed(const struct input *input, union value *ret_reason)
{
	const struct promise *promise = &input->request.promise;

	if (input->request.threw || promise->state == PROMISE_REJECTED) {
		*ret_reason = promise->value;
		return true;
	}
	if (promise->result != RESULT_NOT_OBJECT)
		return false;
	ret_reason->number = TYPE_ERROR;
	return true;
}

static void
input_closed(struct job *job)
{
	struct input *input = (struct input *)job;
	struct merge *self = input->merge;
	union value reason;

	if (self->closing.type != COMPLETION_THROW && input_failed(input, &reason)
	    && reason.number != -ECANCELED)
		self->closing = (struct completion){ COMPLETION_THROW, reason };
	input_over(input);
	if (self->left == 0)
		merge_closed(self);
}

/* What stands in line is forgotten; an error there counts as one of the close. */
static void
input_close(struct input *input)
{
	if (input->state == INPUT_OVER)
		return;
	if (input->state == INPUT_ASKED)
		promise_forget(&input->job);
	input->state = INPUT_CLOSING;
	input->job.run = input_closed;
	if (request_must_close(&input->request)) {
		iterator_close(input->iterator, &input->request);
		promise_perform_then(&input->request.promise, &input->job);
	} else {
		input->job.promise = NULL;
		job_enqueue(&input->job);
	}
}

static void
merge_close(struct merge *self, struct completion completion)
{
	self->state = MERGE_CLOSING;
	self->closing = completion;
	STAILQ_INIT(&self->idle);
	STAILQ_INIT(&self->line);
	if (self->left == 0) {
		merge_closed(self);
		return;
	}
	for (size_t i = 0; i < self->count; i++)
		input_close(&self->inputs[i]);
}

/* ------------------------------------------------------------------- serving */

static void merge_serve(struct merge *self);

static void
input_answered(struct job *job)
{
	struct input *input = (struct input *)job;
	struct merge *self = input->merge;
	const struct promise *promise = &input->request.promise;

	if (promise->state == PROMISE_FULFILLED && promise->result == RESULT_DONE)
		input_over(input);
	else {
		input->state = INPUT_READY;
		STAILQ_INSERT_TAIL(&self->line, input, link);
	}
	merge_serve(self);
}

static void
merge_ask(struct merge *self)
{
	struct input *input;

	while ((input = STAILQ_FIRST(&self->idle)) != NULL) {
		STAILQ_REMOVE_HEAD(&self->idle, link);
		iterator_next(input->iterator, &input->request, value_undefined());
		if (input->request.threw) {
			input->state = INPUT_READY;
			STAILQ_INSERT_TAIL(&self->line, input, link);
			continue;
		}
		input->state = INPUT_ASKED;
		input->job.run = input_answered;
		promise_perform_then(&input->request.promise, &input->job);
	}
}

/* The first in line answers the request in front. */
static void
merge_serve_first(struct merge *self)
{
	struct input *input = STAILQ_FIRST(&self->line);
	struct completion completion = { .type = COMPLETION_THROW };

	STAILQ_REMOVE_HEAD(&self->line, link);
	if (input_failed(input, &completion.value)) {
		input_over(input);
		merge_close(self, completion);
		return;
	}
	input->state = INPUT_IDLE;
	STAILQ_INSERT_TAIL(&self->idle, input, link);
	promise_fulfill_result(&dequeue(self)->promise, input->request.promise.value, RESULT_VALUE);
}

static void
merge_serve(struct merge *self)
{
	while (self->queue != NULL && self->state == MERGE_OPEN) {
		if (self->queue->next->completion == COMPLETION_RETURN)
			merge_close(self, (struct completion){ .type = COMPLETION_NORMAL });
		else if (!STAILQ_EMPTY(&self->line))
			merge_serve_first(self);
		else if (self->left == 0)
			merge_over(self);
		else if (!STAILQ_EMPTY(&self->idle))
			merge_ask(self);
		else
			return;
	}
}

/* -------------------------------------------------------------------- methods */

static void
merge_request(struct iterator *iterator, struct iterator_request *request)
{
	struct merge *self = (struct merge *)iterator;

	assert(request->awaited == NULL);
	if (self->state == MERGE_OVER) {
		answer_over(request);
		return;
	}
	enqueue(self, request);
	if (self->state == MERGE_OPEN && request->completion == COMPLETION_NORMAL)
		merge_ask(self);
	merge_serve(self);
}

static void
merge_cancel(struct iterator *iterator)
{
	struct merge *self = (struct merge *)iterator;

	if (self->queue == NULL)
		return;
	if (self->state == MERGE_OPEN) {
		merge_close(self, (struct completion){ COMPLETION_THROW, value_number(-ECANCELED) });
		return;
	}
	for (size_t i = 0; i < self->count; i++)
		if (iterator_request_pending(&self->inputs[i].request))
			iterator_cancel(self->inputs[i].iterator);
}

static void
merge_free(struct iterator *iterator)
{
	struct merge *self = (struct merge *)iterator;

	assert(self->queue == NULL);
	for (size_t i = 0; i < self->count; i++) {
		struct input *input = &self->inputs[i];

		assert(!iterator_request_pending(&input->request));
		if (input->request.iterator != NULL && !input->request.threw)
			promise_fini(&input->request.promise);
		iterator_free(input->iterator);
	}
	free(self);
}

static struct merge *
merge_new(size_t count)
{
	static const struct iterator_ops ops = {
		.kind = "merge",
		.next = merge_request,
		.return_ = merge_request,
		.cancel = merge_cancel,
		.free = merge_free,
	};
	struct merge *self = calloc(1, sizeof *self + count * sizeof self->inputs[0]);

	if (self == NULL)
		return NULL;
	self->iterator.ops = &ops;
	self->count = self->left = count;
	STAILQ_INIT(&self->idle);
	STAILQ_INIT(&self->line);
	return self;
}

static bool
all_there(struct iterator *const *iterators, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (iterators[i] == NULL)
			return false;
	return true;
}

struct iterator *
iterator_merge(struct iterator *const *iterators, size_t count)
{
	struct merge *self = all_there(iterators, count) ? merge_new(count) : NULL;

	for (size_t i = 0; i < count; i++) {
		if (self == NULL) {
			iterator_free(iterators[i]);
			continue;
		}
		self->inputs[i].merge = self;
		self->inputs[i].iterator = iterators[i];
		STAILQ_INSERT_TAIL(&self->idle, &self->inputs[i], link);
	}
	return self != NULL ? &self->iterator : NULL;
}

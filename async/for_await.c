#include "async/for_await.h"

#include <stdlib.h>

#include "async/iteration.h"
#include "async/sync_iterator.h"

struct for_await {
	struct iteration loop;
	struct job job;
	for_await_value on_value;
	for_await_end on_end;
	void *context;
	struct iterator *adapter;   /* ours, over a sync iterator */
	bool parked;                /* `job` is queued or a reaction */
	bool canceling;
};

struct promise for_await_break = { .state = PROMISE_FULFILLED };
const size_t for_await_size = sizeof(struct for_await);

static struct for_await *
for_await_of_job(struct job *job)
{
	return (struct for_await *)((char *)job - offsetof(struct for_await, job));
}

/* What waits for the iterator goes on when that has cleaned up, what waits at the gate at once. */
static void
cancel_awaited(struct for_await *self)
{
	const struct promise *promise = self->job.promise;

	if (promise == NULL || promise->state != PROMISE_PENDING)
		return;                 /* the job is queued: it finds `canceling` */
	if (promise == &self->loop.request.promise)
		iterator_cancel(self->loop.iterator);
	else {
		promise_forget(&self->job);
		job_enqueue(&self->job);
	}
}

static void
park_on(struct for_await *self, struct promise *promise, void (*run)(struct job *))
{
	self->parked = true;
	self->job.run = run;
	promise_perform_then(promise, &self->job);
	if (self->canceling && !self->loop.closing)
		cancel_awaited(self);
}

static const struct completion cancellation = {
	.type = COMPLETION_THROW,
	.value.number = -ECANCELED,
};

static struct completion
unpark(struct for_await *self)
{
	const struct promise *promise = self->job.promise;

	self->parked = false;
	if (self->canceling && !self->loop.closing) {
		self->canceling = false;
		return cancellation;
	}
	if (promise == NULL)
		return (struct completion){ .type = COMPLETION_NORMAL };
	return (struct completion){
		.type = promise->state == PROMISE_REJECTED ? COMPLETION_THROW : COMPLETION_NORMAL,
		.value = promise->value,
	};
}

static int
for_await_error(const struct for_await *self)
{
	if (self->loop.leaving.type != COMPLETION_THROW)
		return 0;
	return (int)self->loop.leaving.value.number;
}

static void
for_await_finish(struct for_await *self)
{
	self->on_end(self->context, for_await_error(self));
	iterator_free(self->adapter);
	free(self);
}

static void
ended(struct job *job)
{
	for_await_finish(for_await_of_job(job));
}

static void received(struct job *job);
static void value_taken(struct job *job);

/* next() has given a value, and nothing is in its way. */
static bool
has_value(const struct for_await *self)
{
	const struct promise *promise = &self->loop.request.promise;

	return promise->state == PROMISE_FULFILLED && promise->result == RESULT_VALUE
	    && !self->canceling;
}

/* Goes on from a state of the loop that is no value. */
static void
leave_or_wait(struct for_await *self, enum iteration_state state)
{
	if (state == ITERATION_AWAIT)
		park_on(self, &self->loop.request.promise, received);
	else
		for_await_finish(self);
}

/* The answer to ask() was no value that is there at once. */
static void
ask_else(struct for_await *self, enum next_answer answer)
{
	if (answer == NEXT_THREW) {
		leave_or_wait(self, iteration_threw(&self->loop));
		return;
	}
	self->parked = true;
	if (answer == NEXT_PENDING) {
		if (self->canceling)
			cancel_awaited(self);
		return;
	}
	self->job.promise = &self->loop.request.promise;   /* cancelled within the call */
	job_enqueue(&self->job);
}

/* Asks for the next, the last thing that a job does.  True: it is there at once, and its job
 * would be the next to run. */
static inline bool
ask(struct for_await *self)
{
	struct iterator_request *request = &self->loop.request;
	enum next_answer answer;

	iterator_next_begin(self->loop.iterator, request);
	self->job.run = received;
	answer = iterator_next_at_tail(request, &self->job);
	if (answer == NEXT_ANSWERED && !self->canceling)
		return true;
	ask_else(self, answer);
	return false;
}

/* on_value() has left the loop, cancelled it, or given something to wait for. */
static void
take_value_else(struct for_await *self, struct promise *gate)
{
	if (self->canceling) {
		self->canceling = false;
		promise_unref(gate);
		leave_or_wait(self, iteration_leave(&self->loop, cancellation));
	} else if (gate == FOR_AWAIT_BREAK) {
		struct completion leave = { .type = COMPLETION_NORMAL };

		leave_or_wait(self, iteration_leave(&self->loop, leave));
	} else
		park_on(self, gate, value_taken);
}

/* From a value on, as far as it goes without waiting.  The last thing that a job does. */
static void
take_values(struct for_await *self)
{
	do {
		union value value = self->loop.request.promise.value;
		struct promise *gate = self->on_value(self->context, value);

		if (gate != NULL || self->canceling) {
			take_value_else(self, gate);
			return;
		}
	} while (ask(self));
}

/* The end, an error, a cancellation, or what the closing gave. */
static void
received_else(struct for_await *self)
{
	const struct promise *promise = self->job.promise;
	bool canceled = self->canceling && !self->loop.closing;
	bool arrived = promise != NULL && promise->state == PROMISE_FULFILLED
	    && self->loop.request.promise.result == RESULT_VALUE;
	struct completion completion = unpark(self);

	/* Cancelled with a value on its way: the iterator has not ended, so close it. */
	if (canceled && arrived)
		leave_or_wait(self, iteration_leave(&self->loop, completion));
	else
		leave_or_wait(self,
		    iteration_received(&self->loop, completion.type, completion.value));
}

static void
received(struct job *job)
{
	struct for_await *self = for_await_of_job(job);

	if (has_value(self) && !self->loop.closing) {
		self->parked = false;
		take_values(self);
	} else
		received_else(self);
}

static void
value_taken(struct job *job)
{
	struct for_await *self = for_await_of_job(job);
	struct completion completion = unpark(self);

	if (completion.type == COMPLETION_THROW)
		leave_or_wait(self, iteration_leave(&self->loop, completion));
	else if (ask(self))
		take_values(self);
}

static struct for_await *
for_await_start(struct iterator *iterator, struct iterator *adapter, for_await_value on_value,
    for_await_end on_end, void *context)
{
	struct for_await *self = calloc(1, sizeof *self);

	if (self == NULL)
		return NULL;
	self->loop.iterator = iterator;
	self->adapter = adapter;
	self->on_value = on_value;
	self->on_end = on_end;
	self->context = context;
	if (iteration_next(&self->loop) == ITERATION_AWAIT)
		park_on(self, &self->loop.request.promise, received);
	else {
		self->job.run = ended;
		job_enqueue(&self->job);
	}
	return self;
}

struct for_await *
for_await(struct iterator *iterator, for_await_value on_value, for_await_end on_end, void *context)
{
	return for_await_start(iterator, NULL, on_value, on_end, context);
}

struct for_await *
for_await_sync(struct sync_iterator *iterator, for_await_value on_value, for_await_end on_end,
    void *context)
{
	struct iterator *adapter = async_from_sync(iterator);
	struct for_await *self;

	if (adapter == NULL)
		return NULL;
	self = for_await_start(adapter, adapter, on_value, on_end, context);
	if (self == NULL)
		iterator_free(adapter);
	return self;
}

void
for_await_cancel(struct for_await *self)
{
	self->canceling = true;
	if (self->parked)
		cancel_awaited(self);
}

union value
for_await_reason(const struct for_await *self)
{
	return self->loop.leaving.value;
}

struct completion
for_await_completion(const struct for_await *self)
{
	return self->loop.leaving;
}

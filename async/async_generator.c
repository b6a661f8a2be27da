/* The operations carry their names of ECMA-262 27.6.3, in snake case. */
#include "async/async_generator_private.h"

#include <assert.h>
#include <stdlib.h>

#include "async/registry.h"

const size_t async_generator_size = offsetof(struct async_generator, frame);

static struct async_generator *
generator_of_job(struct job *job)
{
	return (struct async_generator *)((char *)job - offsetof(struct async_generator, job));
}

static struct iterator_request *
queue_front(const struct async_generator *gen)
{
	return gen->queue == NULL ? NULL : gen->queue->next;
}

static void
enqueue(struct async_generator *gen, struct iterator_request *request)
{
	if (gen->queue == NULL)
		request->next = request;
	else {
		request->next = gen->queue->next;
		gen->queue->next = request;
	}
	gen->queue = request;
}

static struct iterator_request *
dequeue(struct async_generator *gen)
{
	struct iterator_request *front = gen->queue->next;

	if (front == gen->queue)
		gen->queue = NULL;
	else
		gen->queue->next = front->next;
	front->next = NULL;
	return front;
}

/* ----------------------------------------------------- waiting for one thing */

static void cancel_awaited(struct async_generator *gen);

static void
park_on(struct async_generator *gen, struct promise *promise, void (*run)(struct job *))
{
	gen->parked = true;
	gen->job.run = run;
	promise_perform_then(promise, &gen->job);
	if (gen->canceling)
		cancel_awaited(gen);
}

static void
park_for_tick(struct async_generator *gen, void (*run)(struct job *))
{
	gen->parked = true;
	gen->job.run = run;
	gen->job.promise = NULL;
	job_enqueue(&gen->job);
}

/* What the await that has ended gives: the completion to go on with. */
static struct completion
unpark(struct async_generator *gen)
{
	const struct promise *promise = gen->job.promise;
	struct completion completion = { .type = COMPLETION_NORMAL };

	gen->parked = false;
	if (gen->canceling) {
		gen->canceling = false;
		completion.type = COMPLETION_THROW;
		completion.value = value_number(-ECANCELED);
	} else if (promise != NULL) {
		completion.value = promise->value;
		if (promise->state == PROMISE_REJECTED)
			completion.type = COMPLETION_THROW;
	}
	return completion;
}

/* -------------------------------------------------------- the spec's operations */

/* AsyncGeneratorCompleteStep */
static void
complete_step(struct async_generator *gen, struct completion completion, enum result_kind result)
{
	struct promise *promise = &dequeue(gen)->promise;

	if (completion.type == COMPLETION_THROW) {
		const struct coroutine *outer = coroutine_enter(&gen->co);

		promise_reject(promise, completion.value);
		coroutine_enter(outer);
	} else
		promise_fulfill_result(promise, completion.value, result);
}

static void await_return(struct async_generator *gen);

/* AsyncGeneratorDrainQueue */
static void
drain_queue(struct async_generator *gen)
{
	struct iterator_request *front;

	while ((front = queue_front(gen)) != NULL) {
		struct completion completion = { .type = COMPLETION_NORMAL };

		if (front->completion == COMPLETION_RETURN) {
			await_return(gen);
			return;
		}
		if (front->completion == COMPLETION_THROW) {
			completion.type = COMPLETION_THROW;
			completion.value = front->value;
		}
		complete_step(gen, completion, RESULT_DONE);
	}
	gen->canceled = false;
	gen->state = COMPLETED;
}

/* Await(value) of a return request, whose promise is then undefined's or the awaited one's. */
static void
park_on_return(struct async_generator *gen, void (*run)(struct job *))
{
	struct iterator_request *front = queue_front(gen);

	if (front->awaited != NULL)
		park_on(gen, front->awaited, run);
	else
		park_for_tick(gen, run);
}

static struct completion
unpark_return(struct async_generator *gen)
{
	bool plain = gen->job.promise == NULL;
	struct completion completion = unpark(gen);

	if (plain && completion.type == COMPLETION_NORMAL)
		completion.value = queue_front(gen)->value;
	return completion;
}

/* What awaiting a promise that is fulfilled gives; takes the reference over. */
static struct completion
settled(struct promise *promise)
{
	struct completion completion = { .type = COMPLETION_NORMAL, .value = promise->value };

	promise_unref(promise);
	return completion;
}

static void
await_return_done(struct job *job)
{
	struct async_generator *gen = generator_of_job(job);

	complete_step(gen, unpark_return(gen), RESULT_DONE);
	drain_queue(gen);
}

/* AsyncGeneratorAwaitReturn */
static void
await_return(struct async_generator *gen)
{
	const struct promise *promise = queue_front(gen)->awaited;

	gen->state = DRAINING_QUEUE;
	if (gen->canceled && promise != NULL && promise->state == PROMISE_PENDING)
		gen->canceling = true;
	park_on_return(gen, await_return_done);
}

static void
body_ended(struct async_generator *gen, enum completion_type type)
{
	struct completion completion = { .type = type, .value = gen->co.value };

	coroutine_check_end(&gen->co);
	gen->state = DRAINING_QUEUE;
	gen->canceling = false;
	complete_step(gen, completion, RESULT_DONE);
	drain_queue(gen);
}

/* `at_tail`, for the shortcuts: nothing is left to do in the job that runs.  An await of what is
 * there already appends a job; when the queue is empty, that one is the very next to run, so it may as
 * well be done at once: no trace can tell.  It is known in two places only: in a reaction of ours, and in a
 * next() whose caller says so, having put its reaction behind the promise before. */
static void resume(struct async_generator *gen, struct completion completion, bool at_tail);

static void
awaited(struct job *job)
{
	struct async_generator *gen = generator_of_job(job);

	resume(gen, unpark(gen), true);
}

/* AsyncGeneratorUnwrapYieldResumption, behind its Await. */
static void
yield_return_awaited(struct job *job)
{
	struct async_generator *gen = generator_of_job(job);
	struct completion completion = unpark_return(gen);

	if (completion.type == COMPLETION_NORMAL)
		completion.type = COMPLETION_RETURN;
	resume(gen, completion, true);
}

/* What the request in front asks of a body that stands at a yield.  True: go on with *ret. */
static bool
take_request(struct async_generator *gen, struct completion *ret)
{
	const struct iterator_request *front = queue_front(gen);

	gen->state = EXECUTING;
	if (front->completion == COMPLETION_RETURN) {
		park_on_return(gen, yield_return_awaited);
		return false;
	}
	ret->type = (enum completion_type)front->completion;
	ret->value = front->value;
	return true;
}

/* AsyncGeneratorYield: answers the request in front; with another one waiting the body goes on
 * without suspending. */
static bool
yield_answer(struct async_generator *gen, struct completion *ret)
{
	struct completion completion = { .type = COMPLETION_NORMAL, .value = gen->co.value };

	complete_step(gen, completion, RESULT_VALUE);
	if (gen->queue != NULL)
		return take_request(gen, ret);
	gen->canceling = gen->canceled = false;   /* who was to be cancelled has its answer */
	gen->state = SUSPENDED_YIELD;
	return false;
}

/* What yield_answer() comes to when that request is the only one: most times. */
static void
yield_answer_only(struct async_generator *gen)
{
	struct iterator_request *request = gen->queue;

	request->next = NULL;
	gen->queue = NULL;
	gen->canceled = false;
	gen->state = SUSPENDED_YIELD;
	if (request->at_tail && job_skip())
		iterator_request_answer(request, gen->co.value);
	else
		promise_fulfill_result(&request->promise, gen->co.value, RESULT_VALUE);
}

/* That request is the only one, and the yield goes as it should. */
static bool
is_plain_yield(const struct async_generator *gen)
{
	return gen->queue->next == gen->queue && !gen->canceling;
}

static void
yield_awaited(struct job *job)
{
	struct async_generator *gen = generator_of_job(job);
	union value yielded = gen->co.value;
	struct completion completion;

	if (is_plain_yield(gen)) {
		gen->parked = false;
		yield_answer_only(gen);
		return;
	}
	completion = unpark(gen);

	if (completion.type == COMPLETION_NORMAL) {
		gen->co.value = yielded;
		if (!yield_answer(gen, &completion))
			return;
	}
	resume(gen, completion, true);
}

/* The job that an await of a plain value would append may be done at once. */
static bool
may_skip_tick(const struct async_generator *gen, bool at_tail)
{
	return at_tail && !gen->canceling && job_skip();
}

/* The same for an await of a promise, if that is fulfilled. */
static bool
may_skip_await(const struct async_generator *gen, bool at_tail)
{
	const struct promise *promise = gen->co.value.pointer;

	return promise != NULL && promise->state == PROMISE_FULFILLED && may_skip_tick(gen, at_tail);
}

/* The same for the await in a yield, to the only request there is. */
static bool
may_skip_yield(const struct async_generator *gen, bool at_tail)
{
	return at_tail && is_plain_yield(gen) && job_skip();
}

/* True: the answer is there, or the call threw: *ret is what to go on with. */
static bool
await_next(struct async_generator *gen, bool at_tail, struct completion *ret)
{
	struct iterator_request *request = gen->co.value.pointer;
	const struct coroutine *outer = coroutine_enter(&gen->co);
	bool goes_on;

	gen->job.run = awaited;
	goes_on = at_tail ? iterator_next_at_tail(request, &gen->job)
	                  : iterator_next_then(request, &gen->job);
	coroutine_enter(outer);
	if (goes_on && !(request->answered && gen->canceling)) {
		*ret = (struct completion){ .value = request->promise.value };
		return true;
	}
	gen->parked = true;
	if (goes_on)
		job_enqueue(&gen->job);
	else if (gen->canceling)
		cancel_awaited(gen);
	return false;
}

static enum step
body_step(struct async_generator *gen, struct completion completion)
{
	gen->state = EXECUTING;
	gen->co.received = (uint8_t)completion.type;
	gen->co.value = completion.value;
	return coroutine_resume(&gen->co, gen->frame);
}

/* Does what a step asks for, and the next, until something has to be waited for.  Not inline: what it
 * needs room for would be paid for by every value. */
__attribute__((noinline)) static void
body_stepped(struct async_generator *gen, enum step step, bool at_tail)
{
	struct completion completion;

	for (;;) {
		switch (step) {
		case STEP_NEXT:
			if (!await_next(gen, at_tail, &completion))
				return;
			break;
		case STEP_AWAIT:
			if (may_skip_await(gen, at_tail)) {
				completion = settled(gen->co.value.pointer);
				break;
			}
			park_on(gen, gen->co.value.pointer, awaited);
			return;
		case STEP_TICK:
			if (may_skip_tick(gen, at_tail)) {
				completion = (struct completion){ .type = COMPLETION_NORMAL };
				break;
			}
			park_for_tick(gen, awaited);
			return;
		case STEP_YIELD:
			if (may_skip_yield(gen, at_tail))
				yield_answer_only(gen);
			else
				park_for_tick(gen, yield_awaited);
			return;
		case STEP_YIELD_AWAITED:
			if (!yield_answer(gen, &completion))
				return;
			break;
		case STEP_RETURN:
			body_ended(gen, COMPLETION_NORMAL);
			return;
		case STEP_THROW:
			body_ended(gen, COMPLETION_THROW);
			return;
		default:
			coroutine_trap_step(&gen->co);
		}
		step = body_step(gen, completion);
	}
}

/* AsyncGeneratorResume, and AsyncGeneratorStart's end of the body. */
static void
resume(struct async_generator *gen, struct completion completion, bool at_tail)
{
	enum step step = body_step(gen, completion);

	if (step == STEP_YIELD && may_skip_yield(gen, at_tail))
		yield_answer_only(gen);         /* the way of most values */
	else
		body_stepped(gen, step, at_tail);
}

static void
resume_at_yield(struct async_generator *gen)
{
	struct completion completion;

	if (take_request(gen, &completion))
		resume(gen, completion, false);
}

/* ------------------------------------------------------------------ methods */

static void
generator_next(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->state == COMPLETED) {
		promise_fulfill_result(&request->promise, value_undefined(), RESULT_DONE);
		return;
	}
	enqueue(gen, request);
	if (gen->state == SUSPENDED_START || gen->state == SUSPENDED_YIELD)
		resume(gen, (struct completion){ COMPLETION_NORMAL, request->value },
		    request->at_tail);
}

static void
generator_return(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	enqueue(gen, request);
	if (gen->state == SUSPENDED_START || gen->state == COMPLETED)
		await_return(gen);
	else if (gen->state == SUSPENDED_YIELD)
		resume_at_yield(gen);
}

static void
generator_throw(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->state == SUSPENDED_START)
		gen->state = COMPLETED;
	if (gen->state == COMPLETED) {
		promise_reject(&request->promise, request->value);
		return;
	}
	enqueue(gen, request);
	if (gen->state == SUSPENDED_YIELD)
		resume_at_yield(gen);
}

/* -------------------------------------------------------------------- cancel */

/* Inside out: what is awaited of another iterator is cancelled there, and our await goes on when
 * that has cleaned up and answered; anything else is taken off and rejected by a job. */
static void
cancel_awaited(struct async_generator *gen)
{
	struct promise *promise = gen->job.promise;

	if (promise == NULL || promise->state != PROMISE_PENDING)
		return;                 /* the job is queued: it finds `canceling` */
	if (promise->of_request && !gen->in_cancel) {
		gen->in_cancel = true;
		iterator_cancel(iterator_request_of(promise)->iterator);
		gen->in_cancel = false;
		return;
	}
	promise_forget(&gen->job);
	job_enqueue(&gen->job);
}

static void
generator_cancel(struct iterator *iterator)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->queue == NULL)
		return;
	gen->canceling = gen->canceled = true;
	if (gen->parked)
		cancel_awaited(gen);
}

/* ------------------------------------------------- generators over an iterator */

/* Lies before the generator in its memory. */
struct owned {
	_Alignas(max_align_t) struct iterator *underlying;
	struct iterator_request request;
};

static struct owned *
owned_of(struct async_generator *gen)
{
	return (struct owned *)((char *)gen - sizeof(struct owned));
}

static void
underlying_closed(struct job *job)
{
	struct async_generator *gen = generator_of_job(job);
	struct completion completion = unpark(gen);
	const struct iterator_request *front = queue_front(gen);

	if (completion.type == COMPLETION_NORMAL)
		completion.value = value_undefined();
	if (front->completion == COMPLETION_THROW)
		completion = (struct completion){ COMPLETION_THROW, front->value };
	complete_step(gen, completion, RESULT_DONE);
	drain_queue(gen);
}

/* What has not begun has no FINALLY that would do it. */
static void
close_underlying(struct async_generator *gen, struct iterator_request *request)
{
	struct owned *owned = owned_of(gen);

	enqueue(gen, request);
	gen->state = DRAINING_QUEUE;
	iterator_close(owned->underlying, &owned->request);
	park_on(gen, &owned->request.promise, underlying_closed);
}

static void
over_return(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->state != SUSPENDED_START) {
		generator_return(iterator, request);
		return;
	}
	promise_unref(request->awaited);
	request->awaited = NULL;
	close_underlying(gen, request);
}

static void
over_throw(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->state != SUSPENDED_START)
		generator_throw(iterator, request);
	else
		close_underlying(gen, request);
}

/* ------------------------------------------------------------------ lifetime */

static void
generator_free(struct iterator *iterator)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	assert(gen->state == COMPLETED || gen->state == SUSPENDED_START);
	assert(gen->queue == NULL);
	registry_remove(&gen->slot);
	free(gen);
}

static void
over_free(struct iterator *iterator)
{
	struct async_generator *gen = (struct async_generator *)iterator;
	struct owned *owned = owned_of(gen);

	assert(gen->state == COMPLETED || gen->state == SUSPENDED_START);
	assert(gen->queue == NULL);
	registry_remove(&gen->slot);
	if (owned->request.iterator != NULL)
		promise_fini(&owned->request.promise);
	iterator_free(owned->underlying);
	free(owned);
}

static const struct iterator_ops generator_ops = {
	.kind = "async generator",
	.next = generator_next,
	.return_ = generator_return,
	.throw_ = generator_throw,
	.cancel = generator_cancel,
	.free = generator_free,
};

static const struct iterator_ops over_ops = {
	.kind = "async generator",
	.next = generator_next,
	.return_ = over_return,
	.throw_ = over_throw,
	.cancel = generator_cancel,
	.free = over_free,
};

static struct async_generator *
generator_make(const char *name, coroutine_body body, size_t before, size_t size)
{
	char *memory = calloc(1, before + sizeof(struct async_generator) + size);
	struct async_generator *gen;

	if (memory == NULL)
		return NULL;
	gen = (struct async_generator *)(memory + before);
	gen->co.name = name;
	gen->co.body = body;
	if (registry_add(gen, &gen->slot) < 0) {
		free(memory);
		return NULL;
	}
	return gen;
}

struct iterator *
async_generator_new(const char *name, coroutine_body body, size_t size)
{
	struct async_generator *gen = generator_make(name, body, 0, size);

	if (gen == NULL)
		return NULL;
	gen->iterator.ops = &generator_ops;
	return &gen->iterator;
}

struct iterator *
async_generator_over(const char *name, coroutine_body body, size_t size,
    struct iterator *underlying)
{
	struct async_generator *gen;

	if (underlying == NULL)
		return NULL;
	gen = generator_make(name, body, sizeof(struct owned), size);
	if (gen == NULL) {
		iterator_free(underlying);
		return NULL;
	}
	gen->iterator.ops = &over_ops;
	owned_of(gen)->underlying = underlying;
	return &gen->iterator;
}

void *
async_generator_frame(struct iterator *generator)
{
	return ((struct async_generator *)generator)->frame;
}

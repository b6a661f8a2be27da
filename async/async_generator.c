/* The operations carry their names of ECMA-262 27.6.3, in snake case. */
#include "async/async_generator_private.h"

#include <assert.h>
#include <stdlib.h>

#include "async/registry.h"

const size_t async_generator_size = offsetof(struct async_generator, frame);

/* AsyncGeneratorEnqueue */
void
async_generator_enqueue(struct async_generator *gen, struct iterator_request *request)
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

void
async_generator_park_on(struct async_generator *gen, struct promise *promise,
    void (*run)(struct job *))
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
struct completion
async_generator_unpark(struct async_generator *gen)
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
void
async_generator_complete_step(struct async_generator *gen, struct completion completion,
    enum result_kind result)
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
void
async_generator_drain_queue(struct async_generator *gen)
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
		async_generator_complete_step(gen, completion, RESULT_DONE);
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
		async_generator_park_on(gen, front->awaited, run);
	else
		park_for_tick(gen, run);
}

static struct completion
unpark_return(struct async_generator *gen)
{
	bool plain = gen->job.promise == NULL;
	struct completion completion = async_generator_unpark(gen);

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

	async_generator_complete_step(gen, unpark_return(gen), RESULT_DONE);
	async_generator_drain_queue(gen);
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
	async_generator_complete_step(gen, completion, RESULT_DONE);
	async_generator_drain_queue(gen);
}

/* `at_tail`, for the shortcuts: nothing is left to do in the job that runs.  An await of what
 * is there already appends a job; when the queue is empty, that one is the very next to run, so
 * it may as well be done at once: no trace can tell.  It is known in two places only: in a
 * reaction of ours, and in next_at_tail(). */
static void resume(struct async_generator *gen, struct completion completion, bool at_tail);

static void
awaited(struct job *job)
{
	struct async_generator *gen = generator_of_job(job);

	resume(gen, async_generator_unpark(gen), true);
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

	async_generator_complete_step(gen, completion, RESULT_VALUE);
	if (gen->queue != NULL)
		return take_request(gen, ret);
	gen->canceling = gen->canceled = false;   /* who was to be cancelled has its answer */
	gen->state = SUSPENDED_YIELD;
	return false;
}

/* The request in front is the only one, and the yield goes as it should: most times. */
static inline bool
is_plain_yield(const struct async_generator *gen)
{
	return gen->queue->next == gen->queue && !gen->canceled;
}

/* What yield_answer() comes to then; gives that request. */
static inline struct iterator_request *
plain_yield(struct async_generator *gen)
{
	struct iterator_request *request = gen->queue;

	gen->queue = NULL;
	gen->state = SUSPENDED_YIELD;
	return request;
}

static void
plain_yield_answer(struct async_generator *gen)
{
	promise_fulfill_result(&plain_yield(gen)->promise, gen->co.value, RESULT_VALUE);
}

static void
yield_awaited(struct job *job)
{
	struct async_generator *gen = generator_of_job(job);
	union value yielded = gen->co.value;
	struct completion completion;

	if (is_plain_yield(gen)) {
		gen->parked = false;
		plain_yield_answer(gen);
		return;
	}
	completion = async_generator_unpark(gen);

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
	return at_tail && !gen->canceling && jobs_skip(1);
}

/* The same for an await of a promise, if that is fulfilled. */
static bool
may_skip_await(const struct async_generator *gen, bool at_tail)
{
	const struct promise *promise = gen->co.value.pointer;

	return promise != NULL && promise->state == PROMISE_FULFILLED && may_skip_tick(gen, at_tail);
}

/* next() has not given a value at once.  True: the body goes on all the same. */
static bool
await_next(struct async_generator *gen, struct iterator_request *request, enum next_answer answer)
{
	if (answer == NEXT_THREW)
		return true;
	gen->parked = true;
	if (answer == NEXT_ANSWERED) {          /* but was cancelled within the call */
		gen->job.promise = &request->promise;
		job_enqueue(&gen->job);
	} else if (gen->canceling)
		cancel_awaited(gen);
	return false;
}

/* True: *ret is what the body goes on with. */
static inline bool
step_next(struct async_generator *gen, bool at_tail, struct completion *ret)
{
	struct iterator_request *request = gen->co.value.pointer;
	enum next_answer answer;

	gen->job.run = awaited;
	if (at_tail)
		answer = iterator_next_at_tail(request, &gen->job);
	else
		answer = iterator_next_then(request, &gen->job);
	if ((answer != NEXT_ANSWERED || gen->canceling) && !await_next(gen, request, answer))
		return false;
	*ret = (struct completion){ COMPLETION_NORMAL, request->promise.value };
	return true;
}

static inline enum step
body_step(struct async_generator *gen, struct completion completion)
{
	gen->state = EXECUTING;
	gen->co.received = (uint8_t)completion.type;
	gen->co.value = completion.value;
	return gen->co.body(&gen->co, gen->frame);
}

/* Does what a step asks for, and the next, until something has to be waited for.  Not inline:
 * what it needs room for would be paid for by every value. */
__attribute__((noinline)) static void
body_stepped(struct async_generator *gen, enum step step, bool at_tail)
{
	struct completion completion;

	for (;;) {
		switch (step) {
		case STEP_NEXT:
			if (!step_next(gen, at_tail, &completion))
				return;
			break;
		case STEP_AWAIT:
			if (may_skip_await(gen, at_tail)) {
				completion = settled(gen->co.value.pointer);
				break;
			}
			async_generator_park_on(gen, gen->co.value.pointer, awaited);
			return;
		case STEP_TICK:
			if (may_skip_tick(gen, at_tail)) {
				completion = (struct completion){ .type = COMPLETION_NORMAL };
				break;
			}
			park_for_tick(gen, awaited);
			return;
		case STEP_YIELD:
			if (is_plain_yield(gen) && may_skip_tick(gen, at_tail))
				plain_yield_answer(gen);
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
	const struct coroutine *outer = coroutine_enter(&gen->co);
	enum step step = body_step(gen, completion);

	body_stepped(gen, step, at_tail);
	coroutine_enter(outer);
}

static void
resume_at_yield(struct async_generator *gen)
{
	struct completion completion;

	if (take_request(gen, &completion))
		resume(gen, completion, false);
}

/* ------------------------------------------------------------------ methods */

void
async_generator_next(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->state == COMPLETED) {
		promise_fulfill_result(&request->promise, value_undefined(), RESULT_DONE);
		return;
	}
	async_generator_enqueue(gen, request);
	if (gen->state == SUSPENDED_START || gen->state == SUSPENDED_YIELD)
		resume(gen, (struct completion){ COMPLETION_NORMAL, request->value }, false);
}

/* Goes on at the tail of the caller, as far as it can without waiting: gives the step at which
 * that ends, STEP_NEXT when that is waited for already. */
static inline enum step
body_at_tail(struct async_generator *gen, enum step step)
{
	struct completion completion;

	for (;;) {
		if (step == STEP_NEXT) {
			if (!step_next(gen, true, &completion))
				return step;
		} else if (step == STEP_AWAIT && may_skip_await(gen, true))
			completion = settled(gen->co.value.pointer);
		else
			return step;
		step = body_step(gen, completion);
	}
}

/* A yield at the tail of the caller: mostly without the two ticks, its own await and the
 * caller's reaction. */
static inline enum next_answer
yield_at_tail(struct async_generator *gen, struct iterator_request *request, struct job *caller)
{
	if (is_plain_yield(gen) && jobs_skip(2)) {
		iterator_request_answer(plain_yield(gen), gen->co.value);
		return NEXT_ANSWERED;
	}
	promise_then_first(&request->promise, caller);
	park_for_tick(gen, yield_awaited);
	return NEXT_PENDING;
}

/* The first step was no yield. */
__attribute__((noinline)) static enum next_answer
stepped_at_tail(struct async_generator *gen, enum step step, struct iterator_request *request,
    struct job *caller)
{
	const struct coroutine *outer = coroutine_enter(&gen->co);
	enum next_answer answer = NEXT_PENDING;
	size_t left = jobs_left;

	step = body_at_tail(gen, step);
	if (step == STEP_YIELD)
		answer = yield_at_tail(gen, request, caller);
	else {
		promise_then_first(&request->promise, caller);
		if (step != STEP_NEXT)
			body_stepped(gen, step, true);
		/* Where no tick was skipped (jobs_left tells), all of this was within the call: its
		 * caller comes behind whoever else it has answered. */
		if (request->promise.state != PROMISE_PENDING && job_youngest != caller
		    && jobs_left == left)
			iterator_request_called(caller);
	}
	coroutine_enter(outer);
	return answer;
}

enum next_answer
async_generator_next_at_tail(struct iterator *iterator, struct iterator_request *request,
    struct job *caller)
{
	struct async_generator *gen = (struct async_generator *)iterator;
	const struct coroutine *outer;
	enum step step;

	if (gen->state != SUSPENDED_YIELD && gen->state != SUSPENDED_START) {
		promise_then_first(&request->promise, caller);
		async_generator_next(iterator, request);
		return NEXT_PENDING;
	}
	gen->queue = request->next = request;
	outer = coroutine_enter(&gen->co);
	step = body_step(gen, (struct completion){ COMPLETION_NORMAL, request->value });
	coroutine_enter(outer);
	if (step == STEP_YIELD)
		return yield_at_tail(gen, request, caller);
	return stepped_at_tail(gen, step, request, caller);
}

void
async_generator_return(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	async_generator_enqueue(gen, request);
	if (gen->state == SUSPENDED_START || gen->state == COMPLETED)
		await_return(gen);
	else if (gen->state == SUSPENDED_YIELD)
		resume_at_yield(gen);
}

void
async_generator_throw(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->state == SUSPENDED_START)
		gen->state = COMPLETED;
	if (gen->state == COMPLETED) {
		promise_reject(&request->promise, request->value);
		return;
	}
	async_generator_enqueue(gen, request);
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

void
async_generator_cancel(struct iterator *iterator)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->queue == NULL)
		return;
	gen->canceling = gen->canceled = true;
	if (gen->parked)
		cancel_awaited(gen);
}

/* ------------------------------------------------------------------ lifetime */

void
async_generator_fini(struct async_generator *gen)
{
	assert(gen->state == COMPLETED || gen->state == SUSPENDED_START);
	assert(gen->queue == NULL);
	registry_remove(&gen->slot);
}

static void
generator_free(struct iterator *iterator)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	async_generator_fini(gen);
	free(gen);
}

static const struct iterator_ops generator_ops = {
	.kind = "async generator",
	.next = async_generator_next,
	.next_at_tail = async_generator_next_at_tail,
	.return_ = async_generator_return,
	.throw_ = async_generator_throw,
	.cancel = async_generator_cancel,
	.free = generator_free,
};

struct async_generator *
async_generator_make(const char *name, coroutine_body body, size_t before, size_t size)
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
	struct async_generator *gen = async_generator_make(name, body, 0, size);

	if (gen == NULL)
		return NULL;
	gen->iterator.ops = &generator_ops;
	return &gen->iterator;
}

void *
async_generator_frame(struct iterator *generator)
{
	return ((struct async_generator *)generator)->frame;
}

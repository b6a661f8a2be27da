/* Generators over an iterator that they own. */
#include <stdlib.h>

#include "async/async_generator_private.h"

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
	struct completion completion = async_generator_unpark(gen);
	const struct iterator_request *front = queue_front(gen);

	if (completion.type == COMPLETION_NORMAL)
		completion.value = value_undefined();
	if (front->completion == COMPLETION_THROW)
		completion = (struct completion){ COMPLETION_THROW, front->value };
	async_generator_complete_step(gen, completion, RESULT_DONE);
	async_generator_drain_queue(gen);
}

/* What has not begun has no FINALLY that would do it. */
static void
close_underlying(struct async_generator *gen, struct iterator_request *request)
{
	struct owned *owned = owned_of(gen);

	async_generator_enqueue(gen, request);
	gen->state = DRAINING_QUEUE;
	iterator_close(owned->underlying, &owned->request);
	async_generator_park_on(gen, &owned->request.promise, underlying_closed);
}

static void
over_return(struct iterator *iterator, struct iterator_request *request)
{
	struct async_generator *gen = (struct async_generator *)iterator;

	if (gen->state != SUSPENDED_START) {
		async_generator_return(iterator, request);
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
		async_generator_throw(iterator, request);
	else
		close_underlying(gen, request);
}

static void
over_free(struct iterator *iterator)
{
	struct async_generator *gen = (struct async_generator *)iterator;
	struct owned *owned = owned_of(gen);

	async_generator_fini(gen);
	if (owned->request.iterator != NULL)
		promise_fini(&owned->request.promise);
	iterator_free(owned->underlying);
	free(owned);
}

static const struct iterator_ops over_ops = {
	.kind = "async generator",
	.next = async_generator_next,
	.next_at_tail = async_generator_next_at_tail,
	.return_ = over_return,
	.throw_ = over_throw,
	.cancel = async_generator_cancel,
	.free = over_free,
};

struct iterator *
async_generator_over(const char *name, coroutine_body body, size_t size,
    struct iterator *underlying)
{
	struct async_generator *gen;

	if (underlying == NULL)
		return NULL;
	gen = async_generator_make(name, body, sizeof(struct owned), size);
	if (gen == NULL) {
		iterator_free(underlying);
		return NULL;
	}
	gen->iterator.ops = &over_ops;
	owned_of(gen)->underlying = underlying;
	return &gen->iterator;
}

/* A consumer is an async function: an async generator of which one next() is asked. */
#include <stdlib.h>

#include "async/for_await.h"
#include "tests/trace/activation.h"
#include "tests/trace/keep.h"

/* What runs between two loops of for_await(). */
struct part {
	struct part *older;
	struct activation *activation;
	struct iterator *generator;
	struct iterator_request request;
};

static struct part *youngest;

static void
part_release(void *object)
{
	struct part *part = object;

	youngest = part->older;
	promise_fini(&part->request.promise);
	iterator_free(part->generator);
	free(part);
}

void
consumer_resume(struct activation *activation)
{
	struct part *part = calloc(1, sizeof *part);
	struct activation **frame;

	keep(part, part_release);
	part->older = youngest;
	part->activation = activation;
	youngest = part;
	part->generator = async_generator_new(activation->who, activation_body, sizeof *frame);
	if (part->generator == NULL)
		die("no memory");
	frame = async_generator_frame(part->generator);
	*frame = activation;
	activation->begun = false;
	iterator_next(part->generator, &part->request, value_undefined());
}

void
consumers_cancel(void)
{
	for (struct part *part = youngest; part != NULL; part = part->older) {
		iterator_cancel(part->generator);
		if (part->activation->loop != NULL)
			for_await_cancel(part->activation->loop);
		jobs_run(SIZE_MAX);
		if (iterator_request_pending(&part->request) || part->activation->loop != NULL)
			die("%s was cancelled and does not end", part->activation->who);
	}
}

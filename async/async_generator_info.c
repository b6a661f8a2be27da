/* The generators that live, for `awaitctl debug generators`. */
#include "async/async_generator_private.h"
#include "async/child.h"
#include "async/registry.h"

struct walk {
	void (*each)(const struct async_generator_info *info, void *context);
	void *context;
};

static size_t
queue_length(const struct async_generator *gen)
{
	const struct iterator_request *request = gen->queue;
	size_t length = 0;

	if (request == NULL)
		return 0;
	do {
		request = request->next;
		length++;
	} while (request != gen->queue);
	return length;
}

/* Where it is suspended: in the innermost of its bodies. */
static const struct coroutine *
innermost(const struct async_generator *gen)
{
	const struct coroutine *co = &gen->co;
	const void *frame = gen->frame;

	while (co->in_child) {
		const struct child *child = *(struct child *const *)frame;

		co = &child->co;
		frame = child->frame;
	}
	return co;
}

static void
generator_describe(void *object, void *context)
{
	const struct async_generator *gen = object;
	const struct walk *walk = context;
	const struct coroutine *co = innermost(gen);
	const struct async_generator_info info = {
		.name = co->name,
		.file = co->file,
		.line = co->line,
		.state = (enum async_generator_state)gen->state,
		.requests = queue_length(gen),
	};

	walk->each(&info, walk->context);
}

void
async_generators_each(void (*each)(const struct async_generator_info *info, void *context),
    void *context)
{
	struct walk walk = { .each = each, .context = context };

	registry_each(generator_describe, &walk);
}

const char *
async_generator_state_name(enum async_generator_state state)
{
	static const char *const names[] = {
		[SUSPENDED_START] = "suspended-start",
		[SUSPENDED_YIELD] = "suspended-yield",
		[EXECUTING] = "executing",
		[DRAINING_QUEUE] = "draining-queue",
		[COMPLETED] = "completed",
	};

	return names[state];
}

/* take: only the first ones, and then the stream has ended. */
#include "streams/operators.h"

struct take_options {
	int64_t count;
};

struct take_kept {
	uint64_t taken;
};

static bool
take_is_over(const struct operator *self)
{
	const struct take_options *options = self->options;
	const struct take_kept *kept = self->kept;

	return kept->taken >= (uint64_t)options->count;
}

static const struct event *
take_pass(struct operator *self)
{
	struct take_kept *kept = self->kept;
	const struct event *event = operator_event(self);

	if (event->kind == EVENT_VALUE)
		kept->taken++;
	return event;
}

static enum step
take_body(struct coroutine *co, void *frame)
{
	struct operator *self = frame;

	BEGIN(co);
	while (!take_is_over(self)) {
		AWAIT_NEXT(self->upstream, &self->request);
		if (operator_event(self) == NULL)
			break;
		YIELD(take_pass(self));
	}
	FINALLY;
	CLOSE(self->upstream, &self->request);
	END;
}

static const struct option take_options[] = {
	{ "count", OPTION_INTEGER(struct take_options, count), .min = "0", .required = true,
	    .help = "How many values to pass, counted from the stream's beginning, over "
		    "restarts." },
	{ 0 },
};

const struct operator_ops take_operator = {
	.name = "take",
	.help = "Passes the first values; then the source is closed and the stream has ended.",
	.options = take_options,
	.options_size = sizeof(struct take_options),
	.size = sizeof(struct operator),
	.kept_size = sizeof(struct take_kept),
	.run = take_body,
};

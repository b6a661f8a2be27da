/* drop: without the first ones. */
#include "streams/operators.h"

struct drop_options {
	int64_t count;
};

struct drop_kept {
	uint64_t dropped;
};

static const struct event *
drop_apply(struct operator *self, const struct event *event)
{
	const struct drop_options *options = self->options;
	struct drop_kept *kept = self->kept;

	if (kept->dropped >= (uint64_t)options->count)
		return event;
	kept->dropped++;
	return NULL;
}

static const struct option drop_options[] = {
	{ "count", OPTION_INTEGER(struct drop_options, count), .min = "0", .required = true,
	    .help = "How many values to drop, counted from the stream's beginning, over "
		    "restarts." },
	{ 0 },
};

const struct operator_ops drop_operator = {
	.name = "drop",
	.help = "Drops the first values and passes the rest.",
	.options = drop_options,
	.options_size = sizeof(struct drop_options),
	.size = sizeof(struct operator),
	.kept_size = sizeof(struct drop_kept),
	.apply = drop_apply,
};

/* scale: value * factor + offset. */
#include <math.h>

#include "streams/operators.h"

struct scale_options {
	double factor, offset;
	int64_t round;
	bool has_round;
};

static const struct event *
scale_apply(struct operator *self, const struct event *event)
{
	const struct scale_options *options = self->options;
	double number;

	if (!json_value_number(&event->value, &number)) {
		operator_reject(self, "scale: the value is no number");
		return NULL;
	}
	number = json_number_scale(number, options->factor) + options->offset;
	if (options->has_round)
		number = json_number_round(number, (int)options->round);
	if (!isfinite(number)) {
		operator_reject(self, "scale: the result is too large for a number");
		return NULL;
	}
	operator_copy(self, event)->value = (struct json_value){
		.kind = JSON_KIND_DOUBLE, .number = number,
	};
	return &self->event;
}

static const struct option scale_options[] = {
	{ "factor", OPTION_DOUBLE(struct scale_options, factor), .value = "1",
	    .help = "What each value is multiplied by." },
	{ "offset", OPTION_DOUBLE(struct scale_options, offset), .value = "0",
	    .help = "What is then added." },
	{ "round", OPTION_INTEGER(struct scale_options, round), .min = "0", .max = "15",
	    .given = offsetof(struct scale_options, has_round),
	    .help = "How many digits behind the decimal point to round to; without it, all." },
	{ 0 },
};

const struct operator_ops scale_operator = {
	.name = "scale",
	.help = "Multiplies numbers by a factor and adds an offset.  Values that are no numbers "
		"are dropped, counted and logged at a limited rate.",
	.options = scale_options,
	.options_size = sizeof(struct scale_options),
	.size = sizeof(struct operator),
	.apply = scale_apply,
};

/* map: from a JSON value to one of its members. */
#include <stdio.h>

#include "streams/operators.h"

struct map_options {
	const char *field;
	int missing;                 /* enum map_missing */
};

enum map_missing { MAP_DROP, MAP_NULL };

static const char *const map_missing_names[] = { "drop", "null", NULL };

static const struct event *
map_missing(struct operator *self, const struct event *event)
{
	const struct map_options *options = self->options;
	char message[120];

	if (options->missing == MAP_NULL) {
		operator_copy(self, event)->value.kind = JSON_KIND_NULL;
		return &self->event;
	}
	snprintf(message, sizeof message, "map: the value has no member \"%s\"", options->field);
	operator_reject(self, message);
	return NULL;
}

static const struct event *
map_apply(struct operator *self, const struct event *event)
{
	const struct map_options *options = self->options;
	struct json_value value;

	if (!json_value_member(&event->value, options->field, &value))
		return map_missing(self, event);
	operator_copy(self, event)->value = value;
	return &self->event;
}

static const struct option map_options[] = {
	{ "field", OPTION_FIELD_PATH(struct map_options, field), .required = true,
	    .help = "The member that takes the value's place: names and array indices with dots "
		    "between them, \"accel.x\", or a JSON pointer, \"/accel/x\"." },
	{ "missing", OPTION_ENUM(struct map_options, missing, map_missing_names), .value = "drop",
	    .help = "What becomes of a value that has no such member: it is dropped, counted and "
		    "logged at a limited rate, or null takes its place." },
	{ 0 },
};

const struct operator_ops map_operator = {
	.name = "map",
	.help = "Takes one member out of JSON values.",
	.options = map_options,
	.options_size = sizeof(struct map_options),
	.size = sizeof(struct operator),
	.apply = map_apply,
};

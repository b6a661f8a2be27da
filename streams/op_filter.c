/* filter: only values for which every given condition holds. */
#include <regex.h>
#include <stdlib.h>

#include "streams/operators.h"

struct filter_options {
	const char *field, *matches;
	double above, below, min, max;
	bool has_above, has_below, has_min, has_max;
	struct option_json equals, not;
};

struct filter {
	struct operator op;
	regex_t regex;
	bool has_regex;
	char *scratch;
	size_t scratch_size;
};

static int
filter_begin(struct operator *op)
{
	struct filter *self = (struct filter *)op;
	const struct filter_options *options = op->options;

	if (options->matches == NULL)
		return 0;
	if (regcomp(&self->regex, options->matches, REG_EXTENDED) != 0)
		return -ENOMEM;         /* the validator has compiled it before */
	self->has_regex = true;
	return 0;
}

static void
filter_end(struct operator *op)
{
	struct filter *self = (struct filter *)op;

	if (self->has_regex)
		regfree(&self->regex);
	free(self->scratch);
}

static bool
filter_matches(struct filter *self, const struct json_value *value)
{
	regmatch_t match = { .rm_so = 0 };
	const char *text;
	size_t length;

	if (json_value_string(value, &self->scratch, &self->scratch_size, &text, &length) < 0)
		return false;
	match.rm_eo = (regoff_t)length;
	return regexec(&self->regex, text, 0, &match, REG_STARTEND) == 0;
}

static bool
filter_has_bounds(const struct filter_options *options)
{
	return options->has_above || options->has_below || options->has_min || options->has_max;
}

static bool
filter_within(const struct filter_options *options, const struct json_value *value)
{
	double number;

	if (!json_value_number(value, &number))
		return false;
	return (!options->has_above || number > options->above)
	    && (!options->has_below || number < options->below)
	    && (!options->has_min || number >= options->min)
	    && (!options->has_max || number <= options->max);
}

static bool
filter_holds(struct filter *self, const struct json_value *value)
{
	const struct filter_options *options = self->op.options;

	if (filter_has_bounds(options) && !filter_within(options, value))
		return false;
	if (options->equals.text != NULL
	    && !json_value_equal(value, options->equals.text, options->equals.length))
		return false;
	if (options->not.text != NULL
	    && json_value_equal(value, options->not.text, options->not.length))
		return false;
	return !self->has_regex || filter_matches(self, value);
}

static const struct event *
filter_apply(struct operator *op, const struct event *event)
{
	const struct filter_options *options = op->options;
	struct json_value value;

	if (!json_value_member(&event->value, options->field, &value)
	    || !filter_holds((struct filter *)op, &value))
		return NULL;
	return event;
}

static const struct option filter_options[] = {
	{ "field", OPTION_FIELD_PATH(struct filter_options, field),
	    .help = "The member of a JSON value to look at, \"accel.x\" or \"/accel/x\"; without "
		    "it, the value itself.  A value without this member does not pass." },
	{ "above", OPTION_DOUBLE(struct filter_options, above),
	    .given = offsetof(struct filter_options, has_above),
	    .help = "Passes numbers greater than this." },
	{ "below", OPTION_DOUBLE(struct filter_options, below),
	    .given = offsetof(struct filter_options, has_below),
	    .help = "Passes numbers less than this." },
	{ "min", OPTION_DOUBLE(struct filter_options, min),
	    .given = offsetof(struct filter_options, has_min),
	    .help = "Passes numbers not less than this; with \"max\", a range." },
	{ "max", OPTION_DOUBLE(struct filter_options, max),
	    .given = offsetof(struct filter_options, has_max),
	    .help = "Passes numbers not greater than this." },
	{ "equals", OPTION_JSON(struct filter_options, equals),
	    .help = "Passes just this value." },
	{ "not", OPTION_JSON(struct filter_options, not),
	    .help = "Passes anything but this value." },
	{ "matches", OPTION_REGEX(struct filter_options, matches),
	    .help = "Passes strings in which this POSIX extended regular expression is found." },
	{ 0 },
};

static void
filter_check(const void *options, struct option_report *report)
{
	const struct filter_options *self = options;

	if (!filter_has_bounds(self) && self->equals.text == NULL && self->not.text == NULL
	    && self->matches == NULL)
		option_error(report, "", "has no condition: give at least one of \"above\", "
		    "\"below\", \"min\", \"max\", \"equals\", \"not\" and \"matches\"");
	if (self->has_min && self->has_max && self->max < self->min)
		option_error(report, "max", "is less than \"min\" (%g)", self->min);
	if (self->has_above && self->has_below && self->below <= self->above)
		option_error(report, "below",
		    "is not greater than \"above\" (%g): nothing would pass", self->above);
}

const struct operator_ops filter_operator = {
	.name = "filter",
	.help = "Passes the values for which all of its conditions hold.",
	.options = filter_options,
	.options_size = sizeof(struct filter_options),
	.check = filter_check,
	.size = sizeof(struct filter),
	.begin = filter_begin,
	.end = filter_end,
	.apply = filter_apply,
};

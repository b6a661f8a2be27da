/* deadband: only what has moved. */
#include <math.h>

#include "base/json.h"
#include "streams/operators.h"

struct deadband_options {
	double by, percent;
	int64_t max_interval;
	bool has_by, has_percent;
};

enum deadband_last { LAST_NONE, LAST_NUMBER, LAST_TEXT };

/* The last value that passed. */
struct deadband_kept {
	double number;
	uint64_t hash;               /* of what is no number */
	uint64_t mono_ns;
	uint64_t kind;               /* enum deadband_last */
};

/* FNV-1a.  Two texts of one hash count as the same: once in 2^64. */
static uint64_t
hash_bytes(uint64_t hash, const char *data, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t
hash_value(const struct json_value *value)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) + (uint64_t)value->kind;

	switch (value->kind) {
	case JSON_KIND_STRING:
	case JSON_KIND_BASE64:
	case JSON_KIND_TEXT:
		return hash_bytes(hash, value->text.data, value->text.length);
	case JSON_KIND_BOOL:
		return hash ^ value->boolean;
	case JSON_KIND_NULL:
	case JSON_KIND_INTEGER:
	case JSON_KIND_UNSIGNED:
	case JSON_KIND_DOUBLE:
		break;
	}
	return hash;
}

static bool
deadband_moved(const struct deadband_options *options, double from, double to)
{
	double by = fabs(to - from);

	return (options->has_by && by >= options->by && by > 0)
	    || (options->has_percent && by >= fabs(from) * options->percent / 100 && by > 0);
}

static bool
deadband_is_due(const struct deadband_options *options, const struct deadband_kept *last,
    const struct event *event)
{
	return options->max_interval > 0 && event->time.mono_ns >= last->mono_ns
	    && event->time.mono_ns - last->mono_ns >= (uint64_t)options->max_interval;
}

static bool
deadband_passes(const struct deadband_options *options, const struct deadband_kept *last,
    const struct deadband_kept *now)
{
	if (last->kind != now->kind)
		return true;
	if (now->kind == LAST_TEXT)
		return last->hash != now->hash;
	return deadband_moved(options, last->number, now->number);
}

static const struct event *
deadband_apply(struct operator *self, const struct event *event)
{
	const struct deadband_options *options = self->options;
	struct deadband_kept *last = self->kept;
	struct deadband_kept now = { .kind = LAST_NUMBER, .mono_ns = event->time.mono_ns };

	if (!json_value_number(&event->value, &now.number)) {
		now.kind = LAST_TEXT;
		now.hash = hash_value(&event->value);
	}
	if (!deadband_passes(options, last, &now) && !deadband_is_due(options, last, event))
		return NULL;
	*last = now;
	return event;
}

static const struct option deadband_options[] = {
	{ "by", OPTION_DOUBLE(struct deadband_options, by), .min = "0",
	    .given = offsetof(struct deadband_options, has_by),
	    .help = "A number passes when it is at least this far from the last one that passed." },
	{ "percent", OPTION_DOUBLE(struct deadband_options, percent), .min = "0",
	    .given = offsetof(struct deadband_options, has_percent),
	    .help = "The same as a part of the last one that passed; with \"by\", one of the two "
		    "is enough." },
	{ "max_interval", OPTION_DURATION(struct deadband_options, max_interval), .above = "0s",
	    .help = "The first value this long behind the last one that passed passes however near "
		    "it is: a sign of life." },
	{ 0 },
};

static void
deadband_check(const void *options, struct option_report *report)
{
	const struct deadband_options *self = options;

	if (!self->has_by && !self->has_percent)
		option_error(report, "", "needs \"by\", \"percent\" or both: how far a number has "
		    "to move to pass");
}

const struct operator_ops deadband_operator = {
	.name = "deadband",
	.help = "Passes a value only when it has moved away from the last one that passed.  What "
		"is no number passes when it is another.",
	.options = deadband_options,
	.options_size = sizeof(struct deadband_options),
	.check = deadband_check,
	.size = sizeof(struct operator),
	.kept_size = sizeof(struct deadband_kept),
	.apply = deadband_apply,
};

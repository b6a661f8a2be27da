#include "config-fixture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "none", "rising", "falling", "both", NULL };

static const struct option nested_options[] = {
	{ "depth", OPTION_INTEGER(struct every_nested, depth), .value = "3", .min = "0",
	    .max = "10",
	    .given = offsetof(struct every_nested, has_depth), .help = "A number in an object." },
	{ "text", OPTION_STRING(struct every_nested, text), .max = "4", .help = "A text in it." },
	{ 0 },
};

static const struct option point_options[] = {
	{ "x", OPTION_DOUBLE(struct every_point, x), .required = true, .help = "To the right." },
	{ "y", OPTION_DOUBLE(struct every_point, y), .value = "-0.5", .help = "Up." },
	{ 0 },
};

static const struct option every_options[] = {
	{ "flag", OPTION_BOOL(struct every_options, flag), .value = "true", .help = "A boolean." },
	{ "integer", OPTION_INTEGER(struct every_options, integer), .value = "7", .min = "-5",
	    .max = "10", .given = offsetof(struct every_options, has_integer),
	    .help = "An integer." },
	{ "number", OPTION_DOUBLE(struct every_options, number), .value = "0.25", .min = "-1",
	    .max = "1.5", .help = "A number." },
	{ "positive", OPTION_DOUBLE(struct every_options, positive), .value = "1", .above = "0",
	    .help = "Above zero." },
	{ "size", OPTION_SIZE(struct every_options, size), .value = "64KiB", .min = "1KiB",
	    .max = "1GiB", .help = "A size." },
	{ "duration", OPTION_DURATION(struct every_options, duration), .value = "1s", .min = "1us",
	    .max = "1d", .help = "A duration." },
	{ "patience", OPTION_DURATION(struct every_options, patience), .value = "never",
	    .never = true, .help = "A duration or never." },
	{ "string", OPTION_STRING(struct every_options, string), .value = "hello", .min = "2",
	    .max = "8", .help = "A string." },
	{ "blank", OPTION_STRING(struct every_options, blank), .empty = true,
	    .help = "A string, maybe empty." },
	{ "path", OPTION_PATH(struct every_options, path), .max = "20", .help = "A path." },
	{ "name", OPTION_NAME(struct every_options, name), .help = "A name." },
	{ "regex", OPTION_REGEX(struct every_options, regex), .help = "A regular expression." },
	{ "unit", OPTION_UNIT(struct every_options, unit), .help = "A unit." },
	{ "field", OPTION_FIELD_PATH(struct every_options, field), .help = "A path into a value." },
	{ "word", OPTION_ENUM(struct every_options, word, words), .value = "both",
	    .help = "A word." },
	{ "mode", OPTION_MODE(struct every_options, mode), .value = "0660", .help = "A mode." },
	{ "user", OPTION_USER(struct every_options, user), .help = "A user." },
	{ "group", OPTION_GROUP(struct every_options, group), .help = "A group." },
	{ "either", OPTION_EITHER(struct every_options, either), .value = "4", .min = "0",
	    .max = "63", .help = "A name or a number." },
	{ "json", OPTION_JSON(struct every_options, json), .help = "Any JSON." },
	{ "strings", OPTION_STRINGS(struct every_options, strings), .min = "1", .max = "3",
	    .help = "Strings." },
	{ "users", OPTION_USERS(struct every_options, users), .help = "Users." },
	{ "groups", OPTION_GROUPS(struct every_options, groups), .help = "Groups." },
	{ "nested", OPTION_OBJECT(struct every_options, nested, nested_options),
	    .shorthand = "depth", .help = "An object." },
	{ "points", OPTION_OBJECTS(struct every_options, points, point_options, struct every_point),
	    .max = "2", .help = "Objects." },
	{ 0 },
};

static const struct option timer_options[] = {
	{ "from", OPTION_INTEGER(struct timer_options, from), .value = "1", .help = "First." },
	{ "to", OPTION_INTEGER(struct timer_options, to),
	    .given = offsetof(struct timer_options, has_to), .help = "Last." },
	{ "interval", OPTION_DURATION(struct timer_options, interval), .value = "1s", .min = "1ms",
	    .max = "365d", .help = "Between two." },
	{ 0 },
};

static void
timer_check(const void *options, struct option_report *report)
{
	const struct timer_options *self = options;

	if (self->has_to && self->to < self->from)
		option_error(report, "to", "is less than \"from\" (%" PRId64 ")", self->from);
}

static const struct option gpio_options[] = {
	{ "chip", OPTION_STRING(struct gpio_options, chip), .required = true, .help = "The chip." },
	{ "line", OPTION_EITHER(struct gpio_options, line), .required = true, .help = "The line." },
	{ "edge", OPTION_ENUM(struct gpio_options, edge, words), .value = "both",
	    .help = "Edges." },
	{ "debounce", OPTION_DURATION(struct gpio_options, debounce), .value = "0s", .max = "10s",
	    .help = "Shorter changes are none." },
	{ 0 },
};

static const struct option deadband_options[] = {
	{ "by", OPTION_DOUBLE(struct deadband_options, by), .required = true, .above = "0",
	    .help = "How far." },
	{ "max_interval", OPTION_DURATION(struct deadband_options, max_interval), .min = "1ms",
	    .help = "At least so often." },
	{ 0 },
};

static const struct option none[] = { { 0 } };

static const struct option unix_options[] = {
	{ "path", OPTION_PATH(struct unix_options, path), .value = "/run/awaitd/awaitd.sock",
	    .help = "The socket." },
	{ "mode", OPTION_MODE(struct unix_options, mode), .value = "0660", .help = "Its mode." },
	{ "group", OPTION_GROUP(struct unix_options, group), .help = "Its group." },
	{ "block", OPTION_BOOL(struct unix_options, block), .value = "false", .help = "Blocking." },
	{ 0 },
};

static const struct option_type sources[] = {
	{ "every", "An option of each kind.", every_options, sizeof(struct every_options), NULL,
	    &sources[0] },
	{ "timer", "Counts.", timer_options, sizeof(struct timer_options), timer_check,
	    &sources[1] },
	{ "gpio", "Edges.", gpio_options, sizeof(struct gpio_options), NULL, &sources[2] },
};

static const struct option_type operators[] = {
	{ "deadband", "Small changes are none.", deadband_options, sizeof(struct deadband_options),
	    NULL, &operators[0] },
	{ "count", "Counts.", none, 0, NULL, &operators[1] },
};

static const struct option_type sinks[] = {
	{ "unix", "A socket.", unix_options, sizeof(struct unix_options), NULL, &sinks[0] },
};

#define ROW(table) \
	static bool table##_row(size_t index, struct option_type *ret) \
	{ \
		if (index >= sizeof table / sizeof *table) \
			return false; \
		*ret = table[index]; \
		return true; \
	}

ROW(sources)
ROW(operators)
ROW(sinks)

const struct config_tables fixture_tables = {
	.source = sources_row, .operator = operators_row, .sink = sinks_row,
};

static struct config *
load(const char *text, char **ret_text)
{
	struct config *config = NULL;
	struct config_errors *errors = NULL;

	*ret_text = NULL;
	if (config_load_text(&fixture_tables, "f", text, strlen(text), &config, &errors) < 0) {
		*ret_text = errors == NULL ? strdup("no memory") : config_errors_text(errors);
		config_errors_free(errors);
		return NULL;
	}
	return config;
}

struct config *
fixture_load_source(const char *source, char **ret_text)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);
	struct config *config;

	fprintf(to, "{\"streams\":{\"s\":{\"source\":%s}}}", source);
	fclose(to);
	config = load(text, ret_text);
	free(text);
	return config;
}

struct config *
fixture_load(const char *text)
{
	char *errors;
	struct config *config = load(text, &errors);

	if (config == NULL)
		fprintf(stderr, "%s", errors);
	free(errors);
	return config;
}

char *
fixture_errors(const char *text)
{
	char *errors;
	struct config *config = load(text, &errors);

	config_free(config);
	return errors;
}

/* describe.c - options and values in words, for messages. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/fill.h"
#include "config/quantity.h"

static const char *const nouns[] = {
	[OPTION_KIND_BOOL] = "true or false",
	[OPTION_KIND_INTEGER] = "an integer",
	[OPTION_KIND_DOUBLE] = "a number",
	[OPTION_KIND_SIZE] = "a size in bytes such as 4096 or \"64KiB\"",
	[OPTION_KIND_DURATION] = "a duration such as \"5ms\", \"1.5s\" or \"2m\"",
	[OPTION_KIND_STRING] = "a string",
	[OPTION_KIND_PATH] = "an absolute path",
	[OPTION_KIND_NAME] = "a name: a letter or digit, then at most 63 letters, digits, dots, "
	                     "underscores and hyphens",
	[OPTION_KIND_REGEX] = "a POSIX extended regular expression",
	[OPTION_KIND_UNIT] = "a unit of the SenML registry such as \"Cel\", \"%RH\" or \"V\"",
	[OPTION_KIND_MODE] = "a file mode in octal such as \"0660\"",
	[OPTION_KIND_USER] = "the name or number of a user",
	[OPTION_KIND_GROUP] = "the name or number of a group",
	[OPTION_KIND_EITHER] = "a name or a number",
	[OPTION_KIND_JSON] = "any JSON value",
	[OPTION_KIND_FIELD] = "a path into a value such as \"accel.x\" or \"/accel/x\"",
	[OPTION_KIND_STRINGS] = "an array of strings",
	[OPTION_KIND_USERS] = "an array of names or numbers of users",
	[OPTION_KIND_GROUPS] = "an array of names or numbers of groups",
	[OPTION_KIND_OBJECT] = "an object",
	[OPTION_KIND_OBJECTS] = "an array of objects",
	[OPTION_KIND_TYPED] = "an object",
	[OPTION_KIND_TYPED_LIST] = "an array of objects",
};

static const char *const words[] = {
	[OPTION_KIND_BOOL] = "boolean",
	[OPTION_KIND_INTEGER] = "integer",
	[OPTION_KIND_DOUBLE] = "number",
	[OPTION_KIND_SIZE] = "size",
	[OPTION_KIND_DURATION] = "duration",
	[OPTION_KIND_STRING] = "string",
	[OPTION_KIND_PATH] = "path",
	[OPTION_KIND_NAME] = "name",
	[OPTION_KIND_REGEX] = "regular expression",
	[OPTION_KIND_UNIT] = "unit",
	[OPTION_KIND_ENUM] = "word",
	[OPTION_KIND_MODE] = "file mode",
	[OPTION_KIND_USER] = "user",
	[OPTION_KIND_GROUP] = "group",
	[OPTION_KIND_EITHER] = "name or number",
	[OPTION_KIND_JSON] = "any JSON",
	[OPTION_KIND_FIELD] = "path into a value",
	[OPTION_KIND_STRINGS] = "array of strings",
	[OPTION_KIND_USERS] = "array of users",
	[OPTION_KIND_GROUPS] = "array of groups",
	[OPTION_KIND_OBJECT] = "object",
	[OPTION_KIND_OBJECTS] = "array of objects",
	[OPTION_KIND_TYPED] = "object",
	[OPTION_KIND_TYPED_LIST] = "array of objects",
};

const char *
option_kind_word(enum option_kind kind)
{
	return words[kind];
}

static const char *
describe_names(const struct option *option, struct pool *pool)
{
	const char *text = "";

	for (size_t i = 0; text != NULL && option->names[i] != NULL; i++) {
		const char *between = i == 0 ? "" : option->names[i + 1] != NULL ? ", " : " or ";

		text = pool_printf(pool, "%s%s\"%s\"", text, between, option->names[i]);
	}
	return text;
}

const char *
option_counted(enum option_kind kind)
{
	switch (kind) {
	case OPTION_KIND_STRING:
	case OPTION_KIND_PATH:
	case OPTION_KIND_NAME:
	case OPTION_KIND_REGEX:
	case OPTION_KIND_FIELD:
		return " bytes";
	case OPTION_KIND_STRINGS:
	case OPTION_KIND_USERS:
	case OPTION_KIND_GROUPS:
	case OPTION_KIND_OBJECTS:
	case OPTION_KIND_TYPED_LIST:
		return " items";
	default:
		return "";
	}
}

static const char *
describe_bounds(const struct option *option, struct pool *pool)
{
	const char *unit = option_counted(option->kind), *of = unit[0] != '\0' ? " of" : ",";
	bool examples = option->kind == OPTION_KIND_SIZE || option->kind == OPTION_KIND_DURATION;
	const char *comma = examples ? "," : "";

	if (option->above != NULL && option->max != NULL)
		return pool_printf(pool, ", above %s and at most %s", option->above, option->max);
	if (option->above != NULL)
		return pool_printf(pool, ", above %s", option->above);
	if (option->min != NULL && option->max != NULL && unit[0] != '\0')
		return pool_printf(pool, " of %s to %s%s", option->min, option->max, unit);
	if (option->min != NULL && option->max != NULL)
		return pool_printf(pool, "%s from %s to %s", comma, option->min, option->max);
	if (option->min != NULL)
		return pool_printf(pool, "%s at least %s%s", of, option->min, unit);
	if (option->max != NULL)
		return pool_printf(pool, "%s at most %s%s", of, option->max, unit);
	return "";
}

static const struct option *
shorthand_option(const struct option *option)
{
	const struct option *inner = option->options;

	while (inner->name != NULL && strcmp(inner->name, option->shorthand) != 0)
		inner++;
	return inner;
}

const char *
option_describe(const struct option *option, struct pool *pool)
{
	const char *noun = option->kind == OPTION_KIND_ENUM ? describe_names(option, pool)
	                                                    : nouns[option->kind];
	const char *bounds = describe_bounds(option, pool), *inner;

	if (noun == NULL || bounds == NULL)
		return NULL;
	if (option->shorthand != NULL) {
		inner = option_describe(shorthand_option(option), pool);
		return inner == NULL ? NULL : pool_printf(pool, "%s or %s", inner, noun);
	}
	return pool_printf(pool, "%s%s%s%s", noun, bounds, option->never ? ", or \"never\"" : "",
	    option->empty ? ", which may be empty" : "");
}

const char *
value_describe(json_t *value, struct pool *pool)
{
	char *text;
	const char *ret;

	if (json_is_object(value))
		return "an object";
	if (json_is_array(value))
		return "an array";
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (text == NULL)
		return NULL;
	ret = pool_printf(pool, "%.60s%s", text, strlen(text) > 60 ? "..." : "");
	free(text);
	return ret;
}

int
bound_integer(const struct option *option, const char *text, int64_t *ret)
{
	uint64_t size;
	char *end;
	int r;

	if (option->kind == OPTION_KIND_DURATION)
		return duration_parse(text, ret);
	if (option->kind == OPTION_KIND_SIZE) {
		r = size_parse(text, &size);
		if (r == 0)
			*ret = (int64_t)size;
		return r;
	}
	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (errno != 0)
		return -errno;
	return end == text || *end != '\0' ? -EINVAL : 0;
}

int
bound_double(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end == text || *end != '\0' ? -EINVAL : 0;
}

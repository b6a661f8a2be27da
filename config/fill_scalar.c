/* fill_scalar.c - the kinds that hold one value. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <math.h>
#include <pwd.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/fill.h"
#include "config/quantity.h"
#include "config/suggest.h"
#include "config/unit.h"

typedef bool (*scalar)(const struct fill *fill, const struct place *place,
    const struct option *option, json_t *value, void *field);

bool
fill_no_memory(const struct fill *fill)
{
	fill->report->no_memory = true;
	return false;
}

bool
fill_wrong(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value)
{
	struct pool *pool = &fill->report->pool;
	const char *is = value_describe(value, pool), *must = option_describe(option, pool);

	if (is == NULL || must == NULL)
		return fill_no_memory(fill);
	report_add(fill->report, place, REPORT_AT_VALUE, "is %s, but must be %s", is, must);
	return false;
}

bool
fill_text(const struct fill *fill, const char *text, const char **ret)
{
	*ret = pool_text(fill->pool, text, strlen(text));
	return *ret != NULL || fill_no_memory(fill);
}

static bool
within(const struct option *option, int64_t value)
{
	int64_t bound;

	if (option->min != NULL && bound_integer(option, option->min, &bound) == 0 && value < bound)
		return false;
	return option->max == NULL || bound_integer(option, option->max, &bound) < 0 ||
	    value <= bound;
}

static bool
fill_bool(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	if (!json_is_boolean(value))
		return fill_wrong(fill, place, option, value);
	*(bool *)field = json_is_true(value);
	return true;
}

/* An integer, or a real that is one, as JSON Schema has it: 1.0. */
static bool
integer_of(json_t *value, int64_t *ret)
{
	double real = json_real_value(value);

	if (json_is_integer(value)) {
		*ret = json_integer_value(value);
		return true;
	}
	if (!json_is_real(value) || real != floor(real) || fabs(real) > 0x1p53)
		return false;
	*ret = (int64_t)real;
	return true;
}

static bool
fill_integer(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	int64_t integer;

	if (!integer_of(value, &integer) || !within(option, integer))
		return fill_wrong(fill, place, option, value);
	*(int64_t *)field = integer;
	return true;
}

static bool
fill_double(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	double number = json_number_value(value), bound;

	if (!json_is_number(value) ||
	    (option->min != NULL && bound_double(option->min, &bound) == 0 && number < bound) ||
	    (option->max != NULL && bound_double(option->max, &bound) == 0 && number > bound) ||
	    (option->above != NULL && bound_double(option->above, &bound) == 0 && number <= bound))
		return fill_wrong(fill, place, option, value);
	*(double *)field = number;
	return true;
}

static bool
fill_size(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	int64_t integer;
	uint64_t size;

	if (integer_of(value, &integer) && integer >= 0)
		size = (uint64_t)integer;
	else if (!json_is_string(value) || size_parse(json_string_value(value), &size) < 0)
		return fill_wrong(fill, place, option, value);
	if (!within(option, (int64_t)size))
		return fill_wrong(fill, place, option, value);
	*(uint64_t *)field = size;
	return true;
}

static bool
fill_duration(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	const char *text = json_string_value(value);
	int64_t duration;

	if (option->never && text != NULL && strcmp(text, "never") == 0) {
		*(int64_t *)field = DURATION_NEVER;
		return true;
	}
	if (text == NULL || duration_parse(text, &duration) < 0 || !within(option, duration))
		return fill_wrong(fill, place, option, value);
	*(int64_t *)field = duration;
	return true;
}

static bool
string_fits(const struct option *option, json_t *value)
{
	size_t length = json_string_length(value);

	return json_is_string(value) && (length > 0 || option->empty) &&
	    within(option, (int64_t)length);
}

static bool
fill_string(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	if (json_is_string(value) && json_string_length(value) == 0 && !option->empty) {
		report_add(fill->report, place, REPORT_AT_VALUE,
		    "is empty, but must not be; leave the member out for none");
		return false;
	}
	if (!string_fits(option, value))
		return fill_wrong(fill, place, option, value);
	return fill_text(fill, json_string_value(value), field);
}

static bool
fill_path(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	const char *text = json_string_value(value);

	if (text == NULL || text[0] != '/' || json_string_length(value) >= PATH_MAX ||
	    !string_fits(option, value))
		return fill_wrong(fill, place, option, value);
	return fill_text(fill, text, field);
}

static bool
name_valid(const char *name)
{
	static const char alphanumeric[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strlen(name);

	return length >= 1 && length <= 64 && strspn(name, alphanumeric) == length &&
	    strchr("._-", name[0]) == NULL;
}

static bool
fill_name(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	if (!json_is_string(value) || !name_valid(json_string_value(value)))
		return fill_wrong(fill, place, option, value);
	return fill_text(fill, json_string_value(value), field);
}

static bool
fill_regex(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	char message[200];
	regex_t regex;
	int r;

	if (!string_fits(option, value))
		return fill_wrong(fill, place, option, value);
	r = regcomp(&regex, json_string_value(value), REG_EXTENDED);
	if (r == REG_ESPACE)
		return fill_no_memory(fill);
	if (r != 0) {
		regerror(r, &regex, message, sizeof message);
		report_add(fill->report, place, REPORT_AT_VALUE,
		    "is no POSIX extended regular expression: %s", message);
		return false;
	}
	regfree(&regex);
	return fill_text(fill, json_string_value(value), field);
}

static bool
fill_unit(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	const char *text = json_string_value(value), *suggestion;

	if (text == NULL || text[0] == '\0')
		return fill_wrong(fill, place, option, value);
	if (unit_known(text))
		return fill_text(fill, text, field);
	suggestion = unit_suggest(text);
	if (suggestion != NULL)
		report_add(fill->report, place, REPORT_AT_VALUE,
		    "\"%.60s\" is no unit of the SenML registry, did you mean \"%s\"?", text,
		    suggestion);
	else
		report_add(fill->report, place, REPORT_AT_VALUE,
		    "\"%.60s\" is no unit of the SenML registry (RFC 8428, RFC 8798); leave it out "
		    "if there is none",
		    text);
	return false;
}

static bool
wrong_word(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value)
{
	struct suggestion suggestion = suggestion_begin(json_string_value(value));
	const char *must = option_describe(option, &fill->report->pool);

	for (int i = 0; option->names[i] != NULL; i++)
		suggestion_try(&suggestion, option->names[i]);
	if (suggestion.best == NULL)
		return fill_wrong(fill, place, option, value);
	if (must == NULL)
		return fill_no_memory(fill);
	report_add(fill->report, place, REPORT_AT_VALUE,
	    "is \"%.60s\", but must be %s, did you mean \"%s\"?", suggestion.wrong, must,
	    suggestion.best);
	return false;
}

static bool
fill_enum(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return fill_wrong(fill, place, option, value);
	for (int i = 0; option->names[i] != NULL; i++) {
		if (strcmp(option->names[i], text) == 0) {
			*(int *)field = i;
			return true;
		}
	}
	return wrong_word(fill, place, option, value);
}

static bool
fill_mode(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	const char *text = json_string_value(value);
	size_t length = json_string_length(value);

	if (text == NULL || length < 3 || length > 4 || strspn(text, "01234567") != length)
		return fill_wrong(fill, place, option, value);
	*(uint32_t *)field = (uint32_t)strtoul(text, NULL, 8);
	return true;
}

static bool
id_by_name(bool user, const char *name, uint32_t *ret)
{
	const struct passwd *passwd;
	const struct group *group;

	if (user) {
		passwd = getpwnam(name);
		if (passwd != NULL)
			*ret = passwd->pw_uid;
		return passwd != NULL;
	}
	group = getgrnam(name);
	if (group != NULL)
		*ret = group->gr_gid;
	return group != NULL;
}

bool
fill_id(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, uint32_t *ret)
{
	bool user = option->kind == OPTION_KIND_USER || option->kind == OPTION_KIND_USERS;
	const char *text = json_string_value(value);
	struct option one = { .kind = user ? OPTION_KIND_USER : OPTION_KIND_GROUP };
	int64_t number = -1;

	if (text != NULL && text[0] != '\0' && strspn(text, "0123456789") == strlen(text)) {
		if (bound_integer(&one, text, &number) < 0)
			number = -1;
	} else if (text != NULL && text[0] != '\0') {
		if (id_by_name(user, text, ret))
			return true;
		report_add(fill->report, place, REPORT_AT_VALUE,
		    "there is no %s \"%.60s\" on this machine",
		    user ? "user" : "group", text);
		return false;
	} else {
		integer_of(value, &number);
	}
	if (number < 0 || number >= OPTION_ID_NONE)
		return fill_wrong(fill, place, &one, value);
	*ret = (uint32_t)number;
	return true;
}

static bool
fill_one_id(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	return fill_id(fill, place, option, value, field);
}

static bool
fill_either(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	struct option_either *either = field;
	int64_t number;

	if (integer_of(value, &number) && within(option, number)) {
		either->number = number;
		return true;
	}
	if (!json_is_string(value) || json_string_length(value) == 0)
		return fill_wrong(fill, place, option, value);
	return fill_text(fill, json_string_value(value), &either->name);
}

static bool
fill_json(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	struct option_json *json = field;
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	bool ok;

	(void)place;
	(void)option;
	if (text == NULL)
		return fill_no_memory(fill);
	ok = fill_text(fill, text, &json->text);
	json->length = strlen(text);
	free(text);
	return ok;
}

static bool
fill_field(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	const char *text = json_string_value(value), *wrong;

	if (!string_fits(option, value))
		return fill_wrong(fill, place, option, value);
	wrong = json_path_invalid(text);
	if (wrong == NULL)
		return fill_text(fill, text, field);
	report_add(fill->report, place, REPORT_AT_VALUE,
	    "%s; right are paths such as \"accel.x\" or \"/accel/x\"", wrong);
	return false;
}

bool
fill_scalar(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	static const scalar scalars[] = {
		[OPTION_KIND_BOOL] = fill_bool,
		[OPTION_KIND_INTEGER] = fill_integer,
		[OPTION_KIND_DOUBLE] = fill_double,
		[OPTION_KIND_SIZE] = fill_size,
		[OPTION_KIND_DURATION] = fill_duration,
		[OPTION_KIND_STRING] = fill_string,
		[OPTION_KIND_PATH] = fill_path,
		[OPTION_KIND_NAME] = fill_name,
		[OPTION_KIND_REGEX] = fill_regex,
		[OPTION_KIND_UNIT] = fill_unit,
		[OPTION_KIND_ENUM] = fill_enum,
		[OPTION_KIND_MODE] = fill_mode,
		[OPTION_KIND_USER] = fill_one_id,
		[OPTION_KIND_GROUP] = fill_one_id,
		[OPTION_KIND_EITHER] = fill_either,
		[OPTION_KIND_JSON] = fill_json,
		[OPTION_KIND_FIELD] = fill_field,
	};

	return scalars[option->kind](fill, place, option, value, field);
}

static json_t *
default_number(const struct option *option)
{
	json_t *value = json_loads(option->value, JSON_DECODE_ANY, NULL);

	if (value == NULL && option->kind == OPTION_KIND_EITHER)
		return json_string(option->value);
	return value;
}

json_t *
fill_default_value(const struct option *option)
{
	switch (option->kind) {
	case OPTION_KIND_BOOL:
	case OPTION_KIND_INTEGER:
	case OPTION_KIND_DOUBLE:
	case OPTION_KIND_EITHER:
	case OPTION_KIND_JSON:
	case OPTION_KIND_STRINGS:
	case OPTION_KIND_USERS:
	case OPTION_KIND_GROUPS:
		return default_number(option);
	default:
		return json_string(option->value);
	}
}

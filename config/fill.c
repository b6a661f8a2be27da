#include "config/fill.h"

#include <string.h>

#include "config/suggest.h"

static const struct option *
option_find(const struct option *options, const char *name)
{
	while (options->name != NULL && strcmp(options->name, name) != 0)
		options++;
	return options->name == NULL ? NULL : options;
}

/* "a, b and c" of an object's members. */
static const char *
known_members(const struct option *options, const char *discriminator, struct pool *pool)
{
	const char *known = discriminator == NULL ? "" : pool_printf(pool, "\"%s\"", discriminator);

	for (; known != NULL && options->name != NULL; options++) {
		bool first = known[0] == '\0', last = options[1].name == NULL;
		const char *between = first ? "" : last ? " and " : ", ";

		known = pool_printf(pool, "%s%s\"%s\"", known, between, options->name);
	}
	return known;
}

static void
unknown_member(const struct fill *fill, const struct place *place, const struct option *options,
    const char *discriminator)
{
	struct suggestion suggestion = suggestion_begin(place->name);
	const char *known;

	for (const struct option *option = options; option->name != NULL; option++)
		suggestion_try(&suggestion, option->name);
	if (discriminator != NULL)
		suggestion_try(&suggestion, discriminator);
	if (place->name[0] == '$') {
		suggestion_try(&suggestion, "$comment");
		suggestion_try(&suggestion, "$schema");
	}
	if (suggestion.best != NULL) {
		report_add(fill->report, place, REPORT_AT_KEY,
		    "unknown member \"%.60s\", did you mean \"%s\"?", place->name, suggestion.best);
		return;
	}
	known = known_members(options, discriminator, &fill->report->pool);
	if (known == NULL)
		fill_no_memory(fill);
	else
		report_add(fill->report, place, REPORT_AT_KEY,
		    "unknown member \"%.60s\", known here: %s",
		    place->name, known[0] == '\0' ? "none" : known);
}

static bool
fill_member(const struct fill *fill, const struct place *place, json_t *value,
    const struct option *option, void *to)
{
	if (option->given != 0)
		*(bool *)((char *)to + option->given) = true;
	return fill_value(fill, place, option, value, (char *)to + option->offset);
}

static bool
fill_default(const struct fill *fill, const struct place *place, const struct option *option,
    void *to)
{
	void *field = (char *)to + option->offset;
	json_t *value;
	bool ok;

	if (option->kind == OPTION_KIND_USER || option->kind == OPTION_KIND_GROUP)
		*(uint32_t *)field = OPTION_ID_NONE;
	if (option->kind == OPTION_KIND_OBJECT && option->value == NULL)
		return fill_defaults(fill, place, option->options, field);
	if (option->value == NULL)
		return true;
	value = fill_default_value(option);
	if (value == NULL)
		return fill_no_memory(fill);
	ok = fill_value(fill, place, option, value, field);
	json_decref(value);
	return ok;
}

bool
fill_defaults(const struct fill *fill, const struct place *place, const struct option *options,
    void *to)
{
	bool ok = true;

	for (; options->name != NULL; options++) {
		struct place member = { place, options->name, 0 };

		if (!fill_default(fill, &member, options, to))
			ok = false;
	}
	return ok;
}

static bool
missing_member(const struct fill *fill, const struct place *place, const struct option *option)
{
	const char *must = option_describe(option, &fill->report->pool);

	if (must == NULL)
		return fill_no_memory(fill);
	report_add(fill->report, place, REPORT_AT_VALUE, "member \"%s\" is missing: %s",
	    option->name,
	    must);
	return false;
}

/* What is not there: a default, or an error. */
static bool
fill_absent(const struct fill *fill, const struct place *place, json_t *object,
    const struct option *options, void *to)
{
	bool ok = true;

	for (; options->name != NULL; options++) {
		struct place member = { place, options->name, 0 };

		if (json_object_get(object, options->name) != NULL)
			continue;
		if (options->required ? !missing_member(fill, place, options)
		                      : !fill_default(fill, &member, options, to))
			ok = false;
	}
	return ok;
}

struct option_report {
	struct report *report;
	const struct place *place;
	bool wrong;
};

void
option_error(struct option_report *report, const char *member, const char *format, ...)
{
	va_list args;

	report->wrong = true;
	va_start(args, format);
	report_add_member(report->report, report->place, member, format, args);
	va_end(args);
}

/* A member that nobody knows is wrong, but keeps no other from being checked. */
bool
fill_object(const struct fill *fill, const struct place *place, json_t *object,
    const struct option *options, const char *discriminator, option_check check, void *to)
{
	const struct option itself = { .kind = OPTION_KIND_OBJECT };
	struct option_report report = { fill->report, place, false };
	bool ok = true, unknown = false;
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return fill_wrong(fill, place, &itself, object);
	json_object_foreach(object, name, value) {
		const struct option *option = option_find(options, name);
		struct place member = { place, name, 0 };

		if (option != NULL && !fill_member(fill, &member, value, option, to))
			ok = false;
		if (option != NULL || (discriminator != NULL && strcmp(name, discriminator) == 0))
			continue;
		unknown_member(fill, &member, options, discriminator);
		unknown = true;
	}
	if (!fill_absent(fill, place, object, options, to))
		ok = false;
	if (ok && check != NULL)
		check(to, &report);
	return ok && !unknown && !report.wrong;
}

/* What is no object stands for one member of it. */
static bool
fill_shorthand(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	const struct option *member = option_find(option->options, option->shorthand);

	if (!json_is_string(value) && !json_is_number(value))
		return fill_wrong(fill, place, option, value);
	if (!fill_defaults(fill, place, option->options, field))
		return false;
	if (member->given != 0)
		*(bool *)((char *)field + member->given) = true;
	return fill_value(fill, place, member, value, (char *)field + member->offset);
}

bool
fill_value(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field)
{
	switch (option->kind) {
	case OPTION_KIND_STRINGS:
		return fill_strings(fill, place, option, value, field);
	case OPTION_KIND_USERS:
	case OPTION_KIND_GROUPS:
		return fill_ids(fill, place, option, value, field);
	case OPTION_KIND_OBJECTS:
		return fill_objects(fill, place, option, value, field);
	case OPTION_KIND_TYPED:
		return fill_typed(fill, place, (enum config_table)option->table, value, field);
	case OPTION_KIND_TYPED_LIST:
		return fill_typed_list(fill, place, option, value, field);
	case OPTION_KIND_OBJECT:
		if (option->shorthand != NULL && !json_is_object(value))
			return fill_shorthand(fill, place, option, value, field);
		return fill_object(fill, place, value, option->options, NULL, NULL, field);
	default:
		return fill_scalar(fill, place, option, value, field);
	}
}

static bool
unknown_type(const struct fill *fill, const struct place *place, enum config_table table,
    const char *name)
{
	config_row row = table_row(fill->tables, table);
	struct suggestion suggestion = suggestion_begin(name);
	struct option_type type;
	const char *names = table_names(fill->tables, table, &fill->report->pool);

	for (size_t i = 0; row(i, &type); i++)
		suggestion_try(&suggestion, type.name);
	if (names == NULL)
		return fill_no_memory(fill);
	if (suggestion.best != NULL)
		report_add(fill->report, place, REPORT_AT_VALUE,
		    "unknown %s \"%.60s\", did you mean \"%s\"?", table_what(table), name,
		    suggestion.best);
	else
		report_add(fill->report, place, REPORT_AT_VALUE, "unknown %s \"%.60s\", must be %s",
		    table_what(table), name, names);
	return false;
}

static bool
no_type(const struct fill *fill, const struct place *place, enum config_table table, json_t *value)
{
	const char *names = table_names(fill->tables, table, &fill->report->pool);
	const char *is = value == NULL ? "" : value_describe(value, &fill->report->pool);
	struct place member = { place, table_member(table), 0 };

	if (names == NULL || is == NULL)
		return fill_no_memory(fill);
	if (value == NULL)
		report_add(fill->report, place, REPORT_AT_VALUE, "member \"%s\" is missing: %s",
		    table_member(table), names);
	else
		report_add(fill->report, &member, REPORT_AT_VALUE, "is %s, but must be %s", is,
		    names);
	return false;
}

bool
fill_typed(const struct fill *fill, const struct place *place, enum config_table table,
    json_t *value, struct option_typed *ret)
{
	const struct option itself = { .kind = OPTION_KIND_TYPED };
	struct place member = { place, table_member(table), 0 };
	json_t *name = json_object_get(value, member.name);
	struct option_type type;
	void *options;

	if (!json_is_object(value))
		return fill_wrong(fill, place, &itself, value);
	if (!json_is_string(name))
		return no_type(fill, place, table, name);
	if (!table_find(fill->tables, table, json_string_value(name), &type))
		return unknown_type(fill, &member, table, json_string_value(name));
	options = pool_alloc(fill->pool, type.size);
	if (options == NULL)
		return fill_no_memory(fill);
	*ret = (struct option_typed){ type.name, type.ops, options };
	return fill_object(fill, place, value, type.options, member.name, type.check, options);
}

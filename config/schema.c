/* schema.c - JSON Schema (draft 2020-12) of a config file, out of the option arrays.
 *
 * It describes a whole config: a drop-in, which may say less and remove by null, is checked by
 * awaitd --check only. What a schema cannot say (bounds of durations and sizes written as
 * strings, checks across options) it leaves out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/stream.h"
#include "config/unit.h"

#define NAME_PATTERN "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
#define IGNORED_PATTERN "^\\$(schema|comment)$"

/* A member of a schema under construction; everything goes on with NULL where there is no memory,
 * and ends as NULL. */
static json_t *
with(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *
append(json_t *array, json_t *item)
{
	if (json_array_append_new(array, item) == 0)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *
of_type(const char *type)
{
	return with(json_object(), "type", json_string(type));
}

static json_t *
with_pattern(const char *pattern)
{
	return with(of_type("string"), "pattern", json_string(pattern));
}

static json_t *
any_of(json_t *first, json_t *second)
{
	return with(json_object(), "anyOf", append(append(json_array(), first), second));
}

static json_t *
string_list(const char *const *names)
{
	json_t *list = json_array();

	for (; *names != NULL; names++)
		list = append(list, json_string(*names));
	return list;
}

static json_t *
with_bound(json_t *schema, const char *keyword, const struct option *option, const char *bound)
{
	int64_t integer;
	double number;

	if (bound == NULL)
		return schema;
	if (option->kind == OPTION_KIND_DOUBLE && bound_double(bound, &number) == 0)
		return with(schema, keyword, json_real(number));
	if (option->kind != OPTION_KIND_DOUBLE && bound_integer(option, bound, &integer) == 0)
		return with(schema, keyword, json_integer(integer));
	return schema;
}

static json_t *
with_bounds(json_t *schema, const char *minimum, const char *maximum, const struct option *option)
{
	schema = with_bound(schema, minimum, option, option->min);
	schema = with_bound(schema, maximum, option, option->max);
	return with_bound(schema, "exclusiveMinimum", option, option->above);
}

static json_t *
with_lengths(json_t *schema, const struct option *option)
{
	if (!option->empty && option->min == NULL)
		schema = with(schema, "minLength", json_integer(1));
	/* a bound in bytes is one in characters from above only */
	return with_bound(schema, "maxLength", option, option->max);
}

static json_t *
array_of(json_t *items, const struct option *option)
{
	json_t *schema = with(of_type("array"), "items", items);

	return with_bounds(schema, "minItems", "maxItems", option);
}

static json_t *
size_schema(const struct option *option)
{
	json_t *number = with_bounds(of_type("integer"), "minimum", "maximum", option);

	return any_of(number, with_pattern("^[0-9]+(B|[kK]B|MB|GB|TB|KiB|MiB|GiB|TiB)?$"));
}

static json_t *
reference_to(const char *name)
{
	return with(json_object(), "$ref", json_sprintf("#/$defs/%s", name));
}

static json_t *object_schema(const struct option *options, const char *member, const char *type);

static json_t *
nested_schema(const struct option *option)
{
	json_t *object = object_schema(option->options, NULL, NULL);
	const struct option *inner = option->options;

	if (option->shorthand == NULL)
		return object;
	while (strcmp(inner->name, option->shorthand) != 0)
		inner++;
	return any_of(size_schema(inner), object);
}

static json_t *
id_schema(void)
{
	static const char *const types[] = { "string", "integer", NULL };

	return with(json_object(), "type", string_list(types));
}

static json_t *
kind_schema(const struct option *option)
{
	switch (option->kind) {
	case OPTION_KIND_BOOL:
		return of_type("boolean");
	case OPTION_KIND_INTEGER:
		return with_bounds(of_type("integer"), "minimum", "maximum", option);
	case OPTION_KIND_DOUBLE:
		return with_bounds(of_type("number"), "minimum", "maximum", option);
	case OPTION_KIND_SIZE:
		return size_schema(option);
	case OPTION_KIND_DURATION:
		return with_pattern(option->never ? "^([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d)|never)$"
		                                  : "^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d)$");
	case OPTION_KIND_PATH:
		return with_pattern("^/");
	case OPTION_KIND_NAME:
		return with_pattern(NAME_PATTERN);
	case OPTION_KIND_UNIT:
		return reference_to("unit");
	case OPTION_KIND_ENUM:
		return with(json_object(), "enum", string_list(option->names));
	case OPTION_KIND_MODE:
		return with_pattern("^[0-7]{3,4}$");
	case OPTION_KIND_USER:
	case OPTION_KIND_GROUP:
		return id_schema();
	case OPTION_KIND_EITHER:
		return with_bounds(id_schema(), "minimum", "maximum", option);
	case OPTION_KIND_JSON:
		return json_object();
	case OPTION_KIND_STRINGS:
		return array_of(of_type("string"), option);
	case OPTION_KIND_USERS:
	case OPTION_KIND_GROUPS:
		return array_of(id_schema(), option);
	case OPTION_KIND_OBJECT:
		return nested_schema(option);
	case OPTION_KIND_OBJECTS:
		return array_of(object_schema(option->options, NULL, NULL), option);
	case OPTION_KIND_TYPED:
		return reference_to(table_what((enum config_table)option->table));
	case OPTION_KIND_TYPED_LIST:
		return array_of(reference_to(table_what((enum config_table)option->table)), option);
	default:
		return with_lengths(of_type("string"), option);
	}
}

static json_t *
option_schema(const struct option *option)
{
	json_t *schema = kind_schema(option);

	schema = with(schema, "description", json_string(option->help));
	if (option->value != NULL)
		schema = with(schema, "default", fill_default_value(option));
	return schema;
}

/* Which members there are and must be; the rest is an error, as it is for awaitd. */
static json_t *
closed_object(json_t *properties, json_t *required)
{
	json_t *schema = with(of_type("object"), "properties", properties);

	if (required == NULL || json_array_size(required) > 0)
		schema = with(schema, "required", required);
	else
		json_decref(required);
	schema = with(schema, "patternProperties",
	    with(json_object(), IGNORED_PATTERN, json_object()));
	return with(schema, "additionalProperties", json_false());
}

/* member and type: of a typed object, what says which it is; else NULL. */
static json_t *
object_schema(const struct option *options, const char *member, const char *type)
{
	json_t *properties = json_object(), *required = json_array();

	if (member != NULL) {
		properties = with(properties, member,
		    with(json_object(), "const", json_string(type)));
		required = append(required, json_string(member));
	}
	for (; options->name != NULL; options++) {
		properties = with(properties, options->name, option_schema(options));
		if (options->required)
			required = append(required, json_string(options->name));
	}
	return closed_object(properties, required);
}

/* The rows of a table as definitions "source.gpio", and "source" as one of them. */
static json_t *
with_table(json_t *definitions, const struct config_tables *tables, enum config_table table)
{
	config_row row = table_row(tables, table);
	json_t *one_of = json_array(), *schema;
	struct option_type type;
	char name[100];

	for (size_t i = 0; row(i, &type); i++) {
		snprintf(name, sizeof name, "%s.%s", table_what(table), type.name);
		schema = object_schema(type.options, table_member(table), type.name);
		schema = with(schema, "description", json_string(type.help));
		definitions = with(definitions, name, schema);
		one_of = append(one_of, reference_to(name));
	}
	return with(definitions, table_what(table), with(json_object(), "oneOf", one_of));
}

static json_t *
map_of(const char *definition, const char *description)
{
	json_t *patterns = with(json_object(), NAME_PATTERN, reference_to(definition));
	json_t *schema = with(of_type("object"), "description", json_string(description));

	patterns = with(patterns, IGNORED_PATTERN, json_object());
	schema = with(schema, "patternProperties", patterns);
	return with(schema, "additionalProperties", json_false());
}

static json_t *
config_schema(const struct config_tables *tables)
{
	json_t *definitions = json_object(), *properties = json_object(), *schema;

	definitions = with(definitions, "stream", object_schema(config_stream_options, NULL, NULL));
	for (int table = CONFIG_SOURCES; table <= CONFIG_SINKS; table++)
		definitions = with_table(definitions, tables, (enum config_table)table);
	definitions = with(definitions, "unit",
	    with(json_object(), "enum", string_list(unit_names)));
	properties = with(properties, "streams", map_of("stream", "The streams by their names."));
	properties = with(properties, "sinks", map_of("sink", "The sinks by their names."));
	properties = with(properties, "daemon", object_schema(config_daemon_options, NULL, NULL));
	schema = with(json_object(), "$schema",
	    json_string("https://json-schema.org/draft/2020-12/schema"));
	schema = with(schema, "title", json_string("awaitd.json"));
	properties = closed_object(properties, json_array());
	if (json_object_update(schema, properties) < 0) {
		json_decref(schema);
		schema = NULL;
	}
	json_decref(properties);
	return with(schema, "$defs", definitions);
}

int
config_schema_write(const struct config_tables *tables, FILE *to)
{
	json_t *schema = config_schema(tables);
	const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(15);
	char *text = schema == NULL ? NULL : json_dumps(schema, flags);
	int r = 0;

	json_decref(schema);
	if (text == NULL)
		return -ENOMEM;
	if (fputs(text, to) == EOF || fputc('\n', to) == EOF)
		r = -EIO;
	free(text);
	return r;
}

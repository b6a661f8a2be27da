/* mistake.c - checks the option arrays themselves, so that a wrong default is found by a test,
 * not by a user. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/stream.h"

struct checking {
	const struct config_tables *tables;
	const char *what;            /* "source gpio" */
	char *mistake;               /* the first */
};

static void found(struct checking *checking, const struct option *option, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
found(struct checking *checking, const struct option *option, const char *format, ...)
{
	struct pool pool = { 0 };
	const char *text;
	va_list args;

	if (checking->mistake != NULL)
		return;
	va_start(args, format);
	text = pool_vprintf(&pool, format, args);
	va_end(args);
	if (text != NULL)
		text = pool_printf(&pool, "%s: %s: %s", checking->what, option->name, text);
	checking->mistake = strdup(text == NULL ? "no memory" : text);
	pool_free(&pool);
}

static void
check_bound(struct checking *checking, const struct option *option, const char *bound)
{
	int64_t integer;
	double number;

	if (bound == NULL)
		return;
	if (option->kind == OPTION_KIND_DOUBLE ? bound_double(bound, &number) < 0
	                                       : bound_integer(option, bound, &integer) < 0)
		found(checking, option, "bound \"%s\" cannot be read", bound);
}

static void
check_default(struct checking *checking, const struct option *option)
{
	struct report report = { 0 };
	struct pool pool = { 0 };
	struct fill fill = { checking->tables, &report, &pool };
	struct option_typed room = { 0 };   /* as large as a field gets */
	json_t *value;

	if (option->value == NULL || option->kind == OPTION_KIND_OBJECT)
		return;
	value = fill_default_value(option);
	if (value == NULL || !fill_value(&fill, NULL, option, value, &room))
		found(checking, option, "default \"%s\" %s", option->value,
		    report.count > 0 ? report.entries[0].message : "cannot be read");
	json_decref(value);
	pool_free(&pool);
	report_free(&report);
}

static bool
is_repeated(const struct option *options, const struct option *option)
{
	for (; options < option; options++) {
		if (strcmp(options->name, option->name) == 0)
			return true;
	}
	return false;
}

static void check_options(struct checking *checking, const struct option *options);

static void
check_option(struct checking *checking, const struct option *option)
{
	bool nested = option->kind == OPTION_KIND_OBJECT || option->kind == OPTION_KIND_OBJECTS;

	if (option->kind == OPTION_KIND_NONE || option->kind > OPTION_KIND_TYPED_LIST)
		found(checking, option, "has no kind");
	else if (option->help == NULL || option->help[0] == '\0')
		found(checking, option, "has no help");
	else if (option->required && option->value != NULL)
		found(checking, option, "is required and has a default");
	else if (option->kind == OPTION_KIND_ENUM &&
	    (option->names == NULL || option->names[0] == NULL))
		found(checking, option, "has no names");
	else if (nested && option->options == NULL)
		found(checking, option, "has no options");
	if (checking->mistake != NULL)
		return;
	check_bound(checking, option, option->min);
	check_bound(checking, option, option->max);
	check_bound(checking, option, option->above);
	check_default(checking, option);
	if (nested)
		check_options(checking, option->options);
}

static void
check_options(struct checking *checking, const struct option *options)
{
	for (const struct option *option = options; option->name != NULL; option++) {
		if (is_repeated(options, option))
			found(checking, option, "is there twice");
		check_option(checking, option);
	}
}

static void
check_table(struct checking *checking, enum config_table table)
{
	config_row row = table_row(checking->tables, table);
	struct pool pool = { 0 };
	struct option_type type, first;

	for (size_t i = 0; checking->mistake == NULL && row(i, &type); i++) {
		const struct option itself = { .name = "itself" };

		checking->what = pool_printf(&pool, "%s %s", table_what(table), type.name);
		if (checking->what == NULL)
			checking->what = type.name;
		if (type.help == NULL || type.help[0] == '\0')
			found(checking, &itself, "has no help");
		if (!table_find(checking->tables, table, type.name, &first) ||
		    first.ops != type.ops)
			found(checking, &itself, "is there twice");
		check_options(checking, type.options);
	}
	pool_free(&pool);
}

char *
config_tables_mistake(const struct config_tables *tables)
{
	struct checking checking = { .tables = tables, .what = "stream" };

	check_options(&checking, config_stream_options);
	for (int table = CONFIG_SOURCES; table <= CONFIG_SINKS; table++)
		check_table(&checking, (enum config_table)table);
	return checking.mistake;
}

/* table.c - the tables that config is given. */
#include <string.h>

#include "config/fill.h"

config_row
table_row(const struct config_tables *tables, enum config_table table)
{
	switch (table) {
	case CONFIG_SOURCES:
		return tables->source;
	case CONFIG_OPERATORS:
		return tables->operator;
	case CONFIG_SINKS:
		break;
	}
	return tables->sink;
}

const char *
table_member(enum config_table table)
{
	return table == CONFIG_OPERATORS ? "op" : "type";
}

const char *
table_what(enum config_table table)
{
	static const char *const what[] = { "source", "operator", "sink" };

	return what[table];
}

bool
table_find(const struct config_tables *tables, enum config_table table, const char *name,
    struct option_type *ret)
{
	config_row row = table_row(tables, table);
	struct option_type type;

	for (size_t i = 0; row(i, &type); i++) {
		if (strcmp(type.name, name) == 0) {
			*ret = type;
			return true;
		}
	}
	return false;
}

const char *
table_names(const struct config_tables *tables, enum config_table table, struct pool *pool)
{
	config_row row = table_row(tables, table);
	struct option_type type, next;
	const char *names = "";

	for (size_t i = 0; names != NULL && row(i, &type); i++) {
		const char *between = i == 0 ? "" : row(i + 1, &next) ? ", " : " or ";

		names = pool_printf(pool, "%s%s\"%s\"", names, between, type.name);
	}
	return names;
}

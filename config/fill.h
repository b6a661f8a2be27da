/* fill.h - the one validator: checks a JSON object against an option array and fills a struct by
 * it. */
#ifndef CONFIG_FILL_H
#define CONFIG_FILL_H

#include <jansson.h>

#include "config/config.h"
#include "config/pool.h"
#include "config/report.h"

enum config_table {
	CONFIG_SOURCES,
	CONFIG_OPERATORS,
	CONFIG_SINKS,
};

struct fill {
	const struct config_tables *tables;
	struct report *report;
	struct pool *pool;           /* for what the struct points to */
};

/* Tells all that is wrong; true: nothing.  discriminator: a member that is not an option, as
 * "type" is of typed objects; or NULL.  `to` is a zeroed struct; a check (or NULL) is called with
 * it if nothing is wrong yet. */
bool fill_object(const struct fill *fill, const struct place *place, json_t *object,
    const struct option *options, const char *discriminator, option_check check, void *to);

/* One value. */
bool fill_value(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field);

/* The defaults of all options, as fill_object() sets them for an empty object that may be empty. */
bool fill_defaults(const struct fill *fill, const struct place *place,
    const struct option *options, void *to);

/* An object whose options are those of a row of a table. */
bool fill_typed(const struct fill *fill, const struct place *place, enum config_table table,
    json_t *value, struct option_typed *ret);

/* ------------------------------------------------- config/fill_scalar.c */

/* Fills a field of a kind that is no list and no object; false: it was told what is wrong. */
bool fill_scalar(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, void *field);

/* What is there, and what must be: "is 5, but must be a duration ...".  False. */
bool fill_wrong(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value);

/* Notes that there is no memory.  False. */
bool fill_no_memory(const struct fill *fill);

/* A name or number of a user or group. */
bool fill_id(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, uint32_t *ret);

bool fill_text(const struct fill *fill, const char *text, const char **ret);

/* A default as the JSON value that it stands for; NULL: no memory, or no such value. */
json_t *fill_default_value(const struct option *option);

/* --------------------------------------------------- config/fill_list.c */

bool fill_strings(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, struct option_strings *ret);
bool fill_ids(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, struct option_ids *ret);
bool fill_objects(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, struct option_objects *ret);
bool fill_typed_list(const struct fill *fill, const struct place *place,
    const struct option *option, json_t *value, struct option_typed_list *ret);

/* ------------------------------------------------------- config/table.c */

config_row table_row(const struct config_tables *tables, enum config_table table);
const char *table_member(enum config_table table);   /* "type", "op" */
const char *table_what(enum config_table table);     /* "source", ... */

bool table_find(const struct config_tables *tables, enum config_table table, const char *name,
    struct option_type *ret);

/* "a, b or c" */
const char *table_names(const struct config_tables *tables, enum config_table table,
    struct pool *pool);

/* ---------------------------------------------------- config/describe.c */

/* "a duration such as "5ms", from 1ms to 1d"; NULL: no memory. */
const char *option_describe(const struct option *option, struct pool *pool);

/* The short word for it in the man page: "duration". */
const char *option_kind_word(enum option_kind kind);

/* What its min and max count: " bytes", " items"; "": they are bounds of the value itself. */
const char *option_counted(enum option_kind kind);

/* A JSON value in few characters: "\"abc\"", "an object". */
const char *value_describe(json_t *value, struct pool *pool);

/* Texts of bounds, by the option's kind.  0 or -errno. */
int bound_integer(const struct option *option, const char *text, int64_t *ret);
int bound_double(const char *text, double *ret);

#endif

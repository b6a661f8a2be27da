/* What is generated from the option arrays: the schema, the man page; and mistakes in the arrays
 * themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "config-fixture.h"
#include "config/suggest.h"
#include "config/unit.h"

static char *
generated(int (*write)(const struct config_tables *tables, FILE *to))
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	assert_non_null(to);
	assert_int_equal(write(&fixture_tables, to), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

/* The value at names with spaces between. */
static json_t *
at(json_t *value, const char *path)
{
	char copy[200], *rest = copy;

	snprintf(copy, sizeof copy, "%s", path);
	for (char *name; (name = strsep(&rest, " ")) != NULL;)
		value = json_object_get(value, name);
	if (value == NULL)
		fail_msg("the schema has no %s", path);
	return value;
}

static void
says(json_t *schema, const char *path, const char *expected)
{
	char *text = json_dumps(at(schema, path), JSON_COMPACT | JSON_ENCODE_ANY |
	    JSON_REAL_PRECISION(15));

	if (strcmp(text, expected) != 0)
		fail_msg("%s is %s, expected %s", path, text, expected);
	free(text);
}

static json_t *
fixture_schema(void)
{
	char *text = generated(config_schema_write);
	json_t *schema = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	free(text);
	assert_non_null(schema);
	return schema;
}

static void
the_schema_says_each_kind(void **state)
{
	json_t *schema = fixture_schema();
	json_t *every = at(schema, "$defs source.every properties");

	(void)state;
	says(schema, "$schema", "\"https://json-schema.org/draft/2020-12/schema\"");
	says(every, "type", "{\"const\":\"every\"}");
	says(every, "flag",
	    "{\"type\":\"boolean\",\"description\":\"A boolean.\",\"default\":true}");
	says(every, "integer minimum", "-5");
	says(every, "integer maximum", "10");
	says(every, "number maximum", "1.5");
	says(every, "positive exclusiveMinimum", "0.0");
	says(every, "duration default", "\"1s\"");
	says(every, "string maxLength", "8");
	says(every, "word enum", "[\"none\",\"rising\",\"falling\",\"both\"]");
	says(every, "word default", "\"both\"");
	says(every, "unit $ref", "\"#/$defs/unit\"");
	says(every, "either type", "[\"string\",\"integer\"]");
	says(every, "strings minItems", "1");
	says(every, "points items required", "[\"x\"]");
	says(schema, "$defs source.gpio required", "[\"type\",\"chip\",\"line\"]");
	says(schema, "$defs operator.deadband required", "[\"op\",\"by\"]");
	says(schema, "$defs source.gpio additionalProperties", "false");
	json_decref(schema);
}

static void
the_schema_knows_every_type(void **state)
{
	json_t *schema = fixture_schema();

	(void)state;
	says(schema, "$defs source oneOf",
	    "[{\"$ref\":\"#/$defs/source.every\"},{\"$ref\":\"#/$defs/source.timer\"},"
	    "{\"$ref\":\"#/$defs/source.gpio\"}]");
	says(schema, "$defs sink oneOf", "[{\"$ref\":\"#/$defs/sink.unix\"}]");
	says(schema, "$defs stream required", "[\"source\"]");
	says(schema, "additionalProperties", "false");
	json_decref(schema);
}

/* Every $ref leads somewhere. */
static void
refs_exist(json_t *schema, json_t *value)
{
	const char *name, *ref = json_string_value(json_object_get(value, "$ref"));
	json_t *inner;
	size_t i;

	if (ref != NULL && json_object_get(json_object_get(schema, "$defs"),
	    ref + strlen("#/$defs/")) == NULL)
		fail_msg("%s leads nowhere", ref);
	json_object_foreach(value, name, inner)
		refs_exist(schema, inner);
	json_array_foreach(value, i, inner)
		refs_exist(schema, inner);
}

static void
every_reference_of_the_schema_leads_somewhere(void **state)
{
	json_t *schema = fixture_schema();

	(void)state;
	refs_exist(schema, schema);
	json_decref(schema);
}

static void
the_man_page_lists_each_option_once(void **state)
{
	char *text = generated(config_man_write);

	(void)state;
	assert_non_null(strstr(text, ".SH SOURCES\n.SS every\n"));
	assert_non_null(strstr(text,
	    "\n.TP\n\\fBduration\\fR (duration, 1us to 1d; default \\fB1s\\fR)\nA duration.\n"));
	assert_non_null(strstr(text, "\\fBword\\fR (word: \\fBnone\\fR, \\fBrising\\fR, "
	    "\\fBfalling\\fR, \\fBboth\\fR; default \\fBboth\\fR)"));
	assert_non_null(strstr(text, "\\fBchip\\fR (string; required)"));
	assert_non_null(strstr(text, "\\fBpositive\\fR (number, above 0; default \\fB1\\fR)"));
	assert_non_null(strstr(text,
	    "\\fBstring\\fR (string, 2 to 8 bytes; default \\fBhello\\fR)"));
	assert_non_null(strstr(text, "\\fBhistory\\fR (object, or just its size)"));
	assert_non_null(strstr(text,
	    ".RS\n.TP\n\\fBsize\\fR (size, 16KiB to 64GiB; default \\fB1MiB\\fR)"));
	assert_non_null(strstr(text,
	    "\\fBopen\\fR (word: \\fBalways\\fR, \\fBon\\-demand\\fR; default"));
	free(text);
}

static void
the_tables_have_no_mistake(void **state)
{
	char *mistake = config_tables_mistake(&fixture_tables);

	(void)state;
	if (mistake != NULL)
		fail_msg("%s", mistake);
}

/* ------------------------------------------------ tables with one mistake */

struct one {
	int64_t number;
	int word;
	bool given;
};

static const char *const no_names[] = { NULL };
static struct option rows[3];
static struct option_type type = { "t", "Help.", rows, sizeof(struct one), NULL, rows };

static bool
one_row(size_t index, struct option_type *ret)
{
	if (index > 0)
		return false;
	*ret = type;
	return true;
}

static bool
no_row(size_t index, struct option_type *ret)
{
	(void)index;
	(void)ret;
	return false;
}

static const struct config_tables one_table = {
	.source = one_row, .operator = no_row, .sink = no_row,
};

static void
mistaken(struct option first, struct option second, const char *expected)
{
	char *mistake;

	rows[0] = first;
	rows[1] = second;
	mistake = config_tables_mistake(&one_table);
	if (mistake == NULL || strstr(mistake, expected) == NULL)
		fail_msg("found %s, expected %s", mistake, expected);
	free(mistake);
}

#define NUMBER OPTION_INTEGER(struct one, number)

static void
mistakes_of_options_are_found(void **state)
{
	const struct option none = { 0 };

	(void)state;
	mistaken((struct option){ "n", NUMBER }, none, "source t: n: has no help");
	mistaken((struct option){ "n", .help = "h" }, none, "has no kind");
	mistaken((struct option){ "n", NUMBER, .help = "h", .value = "x" }, none,
	    "default \"x\" cannot be read");
	mistaken((struct option){ "n", NUMBER, .help = "h", .value = "5", .max = "4" }, none,
	    "default \"5\" is 5, but must be an integer, at most 4");
	mistaken((struct option){ "n", NUMBER, .help = "h", .min = "1s" }, none,
	    "bound \"1s\" cannot be read");
	mistaken((struct option){ "n", NUMBER, .help = "h", .value = "1", .required = true }, none,
	    "is required and has a default");
	mistaken((struct option){ "n", NUMBER, .help = "h" }, (struct option){ "n", NUMBER,
	    .help = "h" },
	    "is there twice");
	mistaken((struct option){ "w", OPTION_ENUM(struct one, word, no_names), .help = "h" }, none,
	    "has no names");
}

/* -------------------------------------------------------------- suggestions */

static void
distance_counts_letters_and_swaps(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("interval", "interval"), 0);
	assert_int_equal(suggest_distance("interval", "INTERVAL"), 0);
	assert_int_equal(suggest_distance("intervall", "interval"), 1);
	assert_int_equal(suggest_distance("intrval", "interval"), 1);
	assert_int_equal(suggest_distance("intervol", "interval"), 1);
	assert_int_equal(suggest_distance("inetrval", "interval"), 1);
	assert_int_equal(suggest_distance("", "abc"), 3);
	assert_int_equal(suggest_distance("ca", "abc"), 3);
	assert_int_equal(suggest_distance("kitten", "sitting"), 3);
}

static void
only_what_is_near_is_suggested(void **state)
{
	struct suggestion suggestion = suggestion_begin("tpye");

	(void)state;
	suggestion_try(&suggestion, "unit");
	assert_null(suggestion.best);
	suggestion_try(&suggestion, "tape");
	suggestion_try(&suggestion, "type");
	assert_string_equal(suggestion.best, "type");
	suggestion = suggestion_begin("to");
	suggestion_try(&suggestion, "op");
	suggestion_try(&suggestion, "by");
	assert_null(suggestion.best);
}

static void
units_are_known_once_and_suggestions_are_units(void **state)
{
	static const char *const wrong[] = { "\xe2\x84\x83", "degC", "lux", "rpm", "mbar", "volts",
	    "KMH", "RH" };

	(void)state;
	for (size_t i = 0; unit_names[i] != NULL; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(unit_names[i], unit_names[j]);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_false(unit_known(wrong[i]));
		assert_true(unit_known(unit_suggest(wrong[i])));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schema_says_each_kind),
		cmocka_unit_test(the_schema_knows_every_type),
		cmocka_unit_test(every_reference_of_the_schema_leads_somewhere),
		cmocka_unit_test(the_man_page_lists_each_option_once),
		cmocka_unit_test(the_tables_have_no_mistake),
		cmocka_unit_test(mistakes_of_options_are_found),
		cmocka_unit_test(distance_counts_letters_and_swaps),
		cmocka_unit_test(only_what_is_near_is_suggested),
		cmocka_unit_test(units_are_known_once_and_suggestions_are_units),
	};

	return cmocka_run_group_tests_name("config-generated", tests, NULL, NULL);
}

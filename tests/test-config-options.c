/* Each kind of option: what it takes, at its bounds and beyond, and what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "config-fixture.h"

static struct config *loaded;

/* The options of a source {"type":"every", MEMBERS}, which must be right; valid until the next
 * call. */
static const struct every_options *
every(const char *members)
{
	char source[1000], *errors;

	config_free(loaded);
	snprintf(source, sizeof source, "{\"type\":\"every\"%s%s}", members[0] == '\0' ? "" : ",",
	    members);
	loaded = fixture_load_source(source, &errors);
	if (loaded == NULL)
		fail_msg("%s", errors);
	return loaded->streams[0]->source.options;
}

/* It must be wrong, with this (part of a) message and nothing else. */
static void
wrong(const char *members, const char *message)
{
	char source[1000], *errors;
	struct config *config;

	snprintf(source, sizeof source, "{\"type\":\"every\",%s}", members);
	config = fixture_load_source(source, &errors);
	assert_null(config);
	assert_non_null(errors);
	if (strstr(errors, message) == NULL || strchr(errors, '\n') != errors + strlen(errors) - 1)
		fail_msg("%s:\n%s, expected %s", members, errors, message);
	free(errors);
}

static int
free_loaded(void **state)
{
	(void)state;
	config_free(loaded);
	loaded = NULL;
	return 0;
}

static void
defaults_fill_what_is_absent(void **state)
{
	const struct every_options *o = every("");

	(void)state;
	assert_true(o->flag);
	assert_int_equal(o->integer, 7);
	assert_false(o->has_integer);
	assert_true(o->number == 0.25);
	assert_int_equal(o->size, 65536);
	assert_int_equal(o->duration, 1000000000);
	assert_true(o->patience == DURATION_NEVER);
	assert_string_equal(o->string, "hello");
	assert_null(o->blank);
	assert_null(o->path);
	assert_int_equal(o->word, 3);
	assert_int_equal(o->mode, 0660);
	assert_true(o->user == OPTION_ID_NONE && o->group == OPTION_ID_NONE);
	assert_null(o->either.name);
	assert_int_equal(o->either.number, 4);
	assert_null(o->json.text);
	assert_int_equal(o->strings.count, 0);
	assert_int_equal(o->nested.depth, 3);
	assert_false(o->nested.has_depth);
	assert_int_equal(o->points.count, 0);
}

static void
a_bool_is_true_or_false(void **state)
{
	(void)state;
	assert_false(every("\"flag\":false")->flag);
	wrong("\"flag\":1", "/streams/s/source/flag: is 1, but must be true or false");
	wrong("\"flag\":\"true\"", "is \"true\", but must be true or false");
}

static void
an_integer_ends_at_its_bounds(void **state)
{
	(void)state;
	assert_int_equal(every("\"integer\":-5")->integer, -5);
	assert_int_equal(every("\"integer\":10")->integer, 10);
	assert_true(every("\"integer\":10")->has_integer);
	assert_int_equal(every("\"integer\":3.0")->integer, 3);
	wrong("\"integer\":-6", "is -6, but must be an integer from -5 to 10");
	wrong("\"integer\":11", "is 11, but must be an integer from -5 to 10");
	wrong("\"integer\":2.5", "is 2.5, but must be an integer from -5 to 10");
	wrong("\"integer\":1e300", "but must be an integer");
	wrong("\"integer\":\"3\"", "is \"3\", but must be an integer");
	wrong("\"integer\":{}", "is an object, but must be an integer");
	wrong("\"integer\":[3]", "is an array, but must be an integer");
}

static void
a_double_ends_at_its_bounds(void **state)
{
	(void)state;
	assert_true(every("\"number\":-1")->number == -1);
	assert_true(every("\"number\":1.5")->number == 1.5);
	assert_true(every("\"positive\":1e-300")->positive == 1e-300);
	wrong("\"number\":1.5000001", "is 1.5000001, but must be a number from -1 to 1.5");
	wrong("\"number\":\"1\"", "is \"1\", but must be a number");
	wrong("\"positive\":0", "is 0, but must be a number, above 0");
}

static void
a_size_is_bytes_or_has_a_unit(void **state)
{
	(void)state;
	assert_int_equal(every("\"size\":1024")->size, 1024);
	assert_int_equal(every("\"size\":\"2048\"")->size, 2048);
	assert_int_equal(every("\"size\":\"2048B\"")->size, 2048);
	assert_int_equal(every("\"size\":\"1KiB\"")->size, 1024);
	assert_int_equal(every("\"size\":\"2kB\"")->size, 2000);
	assert_int_equal(every("\"size\":\"3MB\"")->size, 3000000);
	assert_int_equal(every("\"size\":\"3MiB\"")->size, 3 << 20);
	assert_int_equal(every("\"size\":\"1GiB\"")->size, 1 << 30);
	wrong("\"size\":1023",
	    "is 1023, but must be a size in bytes such as 4096 or \"64KiB\", from 1KiB to 1GiB");
	wrong("\"size\":\"1073741825\"", "from 1KiB to 1GiB");
	wrong("\"size\":\"64 KiB\"", "is \"64 KiB\", but must be a size");
	wrong("\"size\":\"64K\"", "is \"64K\", but must be a size");
	wrong("\"size\":\"1.5MiB\"", "is \"1.5MiB\", but must be a size");
	wrong("\"size\":\"99999999999TiB\"", "but must be a size");
	wrong("\"size\":\"99999999999999999999\"", "but must be a size");
	wrong("\"size\":-4096", "is -4096, but must be a size");
	wrong("\"size\":\"\"", "but must be a size");
}

static void
a_duration_has_a_unit(void **state)
{
	(void)state;
	assert_int_equal(every("\"duration\":\"1000ns\"")->duration, 1000);
	assert_int_equal(every("\"duration\":\"10us\"")->duration, 10000);
	assert_int_equal(every("\"duration\":\"5ms\"")->duration, 5000000);
	assert_int_equal(every("\"duration\":\"1.5s\"")->duration, 1500000000);
	assert_int_equal(every("\"duration\":\"0.25ms\"")->duration, 250000);
	assert_int_equal(every("\"duration\":\"2m\"")->duration, 120000000000);
	assert_int_equal(every("\"duration\":\"1h\"")->duration, 3600000000000);
	assert_int_equal(every("\"duration\":\"1d\"")->duration, 86400000000000);
	assert_int_equal(every("\"patience\":\"0s\"")->patience, 0);
	assert_true(every("\"patience\":\"never\"")->patience == DURATION_NEVER);
	wrong("\"duration\":5",
	    "is 5, but must be a duration such as \"5ms\", \"1.5s\" or \"2m\", from 1us to 1d");
	wrong("\"duration\":\"5\"", "is \"5\", but must be a duration");
	wrong("\"duration\":\"5 ms\"", "but must be a duration");
	wrong("\"duration\":\"1.s\"", "but must be a duration");
	wrong("\"duration\":\".5s\"", "but must be a duration");
	wrong("\"duration\":\"-1s\"", "but must be a duration");
	wrong("\"duration\":\"999ns\"", "from 1us to 1d");
	wrong("\"duration\":\"24.1h\"", "from 1us to 1d");
	wrong("\"duration\":\"never\"", "is \"never\", but must be a duration");
	wrong("\"patience\":\"300000d\"", "or \"never\"");
}

static void
a_string_has_its_length(void **state)
{
	(void)state;
	assert_string_equal(every("\"string\":\"ab\"")->string, "ab");
	assert_string_equal(every("\"string\":\"12345678\"")->string, "12345678");
	assert_string_equal(every("\"blank\":\"\"")->blank, "");
	wrong("\"string\":\"a\"", "is \"a\", but must be a string of 2 to 8 bytes");
	wrong("\"string\":\"123456789\"", "of 2 to 8 bytes");
	wrong("\"string\":\"\"", "is empty, but must not be");
	wrong("\"string\":5", "is 5, but must be a string");
	wrong("\"blank\":7", "but must be a string, which may be empty");
}

static void
a_path_is_absolute(void **state)
{
	(void)state;
	assert_string_equal(every("\"path\":\"/sys/*/temp\"")->path, "/sys/*/temp");
	wrong("\"path\":\"sys/temp\"", "is \"sys/temp\", but must be an absolute path");
	wrong("\"path\":\"\"", "but must be an absolute path");
	wrong("\"path\":\"/a/path/too/long/here\"", "an absolute path of at most 20 bytes");
}

static void
a_name_is_a_streams_name(void **state)
{
	(void)state;
	assert_string_equal(every("\"name\":\"a-1._B\"")->name, "a-1._B");
	(void)every("\"name\":\"0123456789012345678901234567890123456789012345678901234567890123\"");
	wrong("\"name\":\"01234567890123456789012345678901234567890123456789012345678901234\"",
	    "but must be a name: a letter or digit");
	wrong("\"name\":\"-a\"", "is \"-a\", but must be a name");
	wrong("\"name\":\".\"", "but must be a name");
	wrong("\"name\":\"a b\"", "but must be a name");
	wrong("\"name\":\"\xc3\xa4\"", "but must be a name");
	wrong("\"name\":\"\"", "but must be a name");
}

static void
a_regular_expression_compiles(void **state)
{
	(void)state;
	assert_string_equal(every("\"regex\":\"^([0-9]+) kB$\"")->regex, "^([0-9]+) kB$");
	wrong("\"regex\":\"(a\"", "is no POSIX extended regular expression: Unmatched ( or \\(");
	wrong("\"regex\":\"\"", "but must be a POSIX extended regular expression");
}

static void
a_unit_is_in_the_registry(void **state)
{
	(void)state;
	assert_string_equal(every("\"unit\":\"Cel\"")->unit, "Cel");
	assert_string_equal(every("\"unit\":\"%RH\"")->unit, "%RH");
	assert_string_equal(every("\"unit\":\"km/h\"")->unit, "km/h");
	wrong("\"unit\":\"\xc2\xb0" "C\"",
	    "is no unit of the SenML registry, did you mean \"Cel\"?");
	wrong("\"unit\":\"celsius\"", "did you mean \"Cel\"?");
	wrong("\"unit\":\"cel\"", "did you mean \"Cel\"?");
	wrong("\"unit\":\"rpm\"", "did you mean \"1/min\"?");
	wrong("\"unit\":\"furlong\"",
	    "\"furlong\" is no unit of the SenML registry (RFC 8428, RFC 8798)");
	wrong("\"unit\":\"\"", "but must be a unit");
	wrong("\"unit\":1", "but must be a unit");
}

static void
a_path_into_a_value_can_be_found(void **state)
{
	(void)state;
	assert_string_equal(every("\"field\":\"accel.x\"")->field, "accel.x");
	assert_string_equal(every("\"field\":\"/accel/0\"")->field, "/accel/0");
	wrong("\"field\":\"a..b\"", "has an empty name between dots; right are paths such as");
	wrong("\"field\":\"/a~\"", "has a ~ that is not ~0");
}

static void
a_word_is_one_of_its_names(void **state)
{
	(void)state;
	assert_int_equal(every("\"word\":\"none\"")->word, 0);
	assert_int_equal(every("\"word\":\"rising\"")->word, 1);
	wrong("\"word\":\"risng\"",
	    "is \"risng\", but must be \"none\", \"rising\", \"falling\" or \"both\", did you mean "
	    "\"rising\"?");
	wrong("\"word\":\"RISING\"", "did you mean \"rising\"?");
	wrong("\"word\":\"xyz\"",
	    "is \"xyz\", but must be \"none\", \"rising\", \"falling\" or \"both\"\n");
	wrong("\"word\":1", "is 1, but must be \"none\"");
}

static void
a_mode_is_octal(void **state)
{
	(void)state;
	assert_int_equal(every("\"mode\":\"0600\"")->mode, 0600);
	assert_int_equal(every("\"mode\":\"666\"")->mode, 0666);
	wrong("\"mode\":660", "is 660, but must be a file mode in octal such as \"0660\"");
	wrong("\"mode\":\"0680\"", "but must be a file mode");
	wrong("\"mode\":\"06600\"", "but must be a file mode");
	wrong("\"mode\":\"rw-\"", "but must be a file mode");
}

static void
users_and_groups_exist_or_are_numbers(void **state)
{
	const struct every_options *o;

	(void)state;
	assert_int_equal(every("\"user\":\"root\"")->user, 0);
	assert_int_equal(every("\"user\":4321")->user, 4321);
	assert_int_equal(every("\"user\":\"4321\"")->user, 4321);
	assert_int_equal(every("\"group\":\"root\"")->group, 0);
	o = every("\"users\":[\"root\",17],\"groups\":[]");
	assert_int_equal(o->users.count, 2);
	assert_int_equal(o->users.items[1], 17);
	assert_int_equal(o->groups.count, 0);
	wrong("\"user\":\"no such user\"", "there is no user \"no such user\" on this machine");
	wrong("\"group\":\"no such group\"", "there is no group \"no such group\" on this machine");
	wrong("\"user\":-1", "is -1, but must be the name or number of a user");
	wrong("\"group\":4294967295", "but must be the name or number of a group");
	wrong("\"user\":\"\"", "but must be the name or number of a user");
	wrong("\"users\":[0,\"no such user\"]", "/streams/s/source/users/1: there is no user");
	wrong("\"users\":\"root\"",
	    "is \"root\", but must be an array of names or numbers of users");
}

static void
either_is_a_number_or_a_name(void **state)
{
	(void)state;
	assert_int_equal(every("\"either\":63")->either.number, 63);
	assert_string_equal(every("\"either\":\"DOOR\"")->either.name, "DOOR");
	assert_string_equal(every("\"either\":\"5\"")->either.name, "5");
	wrong("\"either\":64", "is 64, but must be a name or a number from 0 to 63");
	wrong("\"either\":\"\"", "but must be a name or a number");
	wrong("\"either\":true", "is true, but must be a name or a number");
}

static void
any_json_comes_as_compact_text(void **state)
{
	const struct every_options *o = every("\"json\" : { \"b\" : [ 1, null ], \"a\" : true }");

	(void)state;
	assert_string_equal(o->json.text, "{\"a\":true,\"b\":[1,null]}");
	assert_int_equal(o->json.length, strlen(o->json.text));
	assert_string_equal(every("\"json\":\"on\"")->json.text, "\"on\"");
	assert_string_equal(every("\"json\":false")->json.text, "false");
}

static void
lists_have_their_count(void **state)
{
	const struct every_options *o = every("\"strings\":[\"a\",\"b\",\"c\"]");

	(void)state;
	assert_int_equal(o->strings.count, 3);
	assert_string_equal(o->strings.items[2], "c");
	wrong("\"strings\":[]", "is an array, but must be an array of strings of 1 to 3 items");
	wrong("\"strings\":[\"a\",\"b\",\"c\",\"d\"]", "of 1 to 3 items");
	wrong("\"strings\":[\"a\",7]", "/streams/s/source/strings/1: is 7, but must be a string");
	wrong("\"strings\":\"a\"", "is \"a\", but must be an array of strings");
}

static void
objects_nest_and_have_a_shorthand(void **state)
{
	const struct every_options *o = every("\"nested\":{\"text\":\"abc\"}");

	(void)state;
	assert_int_equal(o->nested.depth, 3);
	assert_string_equal(o->nested.text, "abc");
	o = every("\"nested\":9");
	assert_int_equal(o->nested.depth, 9);
	assert_true(o->nested.has_depth);
	assert_null(o->nested.text);
	wrong("\"nested\":11",
	    "/streams/s/source/nested: is 11, but must be an integer from 0 to 10");
	wrong("\"nested\":true", "is true, but must be an integer from 0 to 10 or an object");
	wrong("\"nested\":{\"depth\":-1}", "/streams/s/source/nested/depth: is -1");
	wrong("\"nested\":{\"dept\":1}", "unknown member \"dept\", did you mean \"depth\"?");
}

static void
arrays_of_objects_fill_arrays_of_structs(void **state)
{
	const struct every_options *o = every("\"points\":[{\"x\":1,\"y\":2},{\"x\":3}]");
	const struct every_point *points = o->points.items;

	(void)state;
	assert_int_equal(o->points.count, 2);
	assert_true(points[0].x == 1 && points[0].y == 2 && points[1].x == 3 &&
	    points[1].y == -0.5);
	wrong("\"points\":[{\"x\":1},{}]",
	    "/streams/s/source/points/1: member \"x\" is missing: a number");
	wrong("\"points\":[{\"x\":1},{\"x\":1},{\"x\":1}]",
	    "an array of objects of at most 2 items");
	wrong("\"points\":[1]", "/streams/s/source/points/0: is 1, but must be an object");
}

static void
unknown_members_are_named_with_what_is_near(void **state)
{
	(void)state;
	wrong("\"duratoin\":\"1s\"", "unknown member \"duratoin\", did you mean \"duration\"?");
	wrong("\"Flag\":true", "did you mean \"flag\"?");
	wrong("\"$coment\":1", "did you mean \"$comment\"?");
	wrong("\"quite different\":1",
	    "unknown member \"quite different\", known here: \"type\", \"flag\", \"integer\",");
}

static void
a_check_across_options_has_a_position(void **state)
{
	char *errors;

	(void)state;
	assert_null(fixture_load_source("{\"type\":\"timer\",\n\"from\":5,\n  \"to\":3}", &errors));
	assert_string_equal(errors, "f:3:8: /streams/s/source/to: is less than \"from\" (5)\n");
	free(errors);
}

static void
no_check_runs_on_what_is_wrong_already(void **state)
{
	char *errors;

	(void)state;
	assert_null(fixture_load_source("{\"type\":\"timer\",\"from\":true,\"to\":-3}", &errors));
	assert_null(strstr(errors, "less than"));
	free(errors);
}

static void
strings_are_copies_of_their_own(void **state)
{
	char *errors, text[] = "{\"type\":\"every\",\"string\":\"abc\"}";
	struct config *config = fixture_load_source(text, &errors);
	const struct every_options *o;

	(void)state;
	assert_non_null(config);
	memset(text, 'x', sizeof text - 1);
	o = config->streams[0]->source.options;
	assert_string_equal(o->string, "abc");
	config_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_what_is_absent),
		cmocka_unit_test(a_bool_is_true_or_false),
		cmocka_unit_test(an_integer_ends_at_its_bounds),
		cmocka_unit_test(a_double_ends_at_its_bounds),
		cmocka_unit_test(a_size_is_bytes_or_has_a_unit),
		cmocka_unit_test(a_duration_has_a_unit),
		cmocka_unit_test(a_string_has_its_length),
		cmocka_unit_test(a_path_is_absolute),
		cmocka_unit_test(a_name_is_a_streams_name),
		cmocka_unit_test(a_regular_expression_compiles),
		cmocka_unit_test(a_unit_is_in_the_registry),
		cmocka_unit_test(a_path_into_a_value_can_be_found),
		cmocka_unit_test(a_word_is_one_of_its_names),
		cmocka_unit_test(a_mode_is_octal),
		cmocka_unit_test(users_and_groups_exist_or_are_numbers),
		cmocka_unit_test(either_is_a_number_or_a_name),
		cmocka_unit_test(any_json_comes_as_compact_text),
		cmocka_unit_test(lists_have_their_count),
		cmocka_unit_test(objects_nest_and_have_a_shorthand),
		cmocka_unit_test(arrays_of_objects_fill_arrays_of_structs),
		cmocka_unit_test(unknown_members_are_named_with_what_is_near),
		cmocka_unit_test(a_check_across_options_has_a_position),
		cmocka_unit_test(no_check_runs_on_what_is_wrong_already),
		cmocka_unit_test(strings_are_copies_of_their_own),
	};

	return cmocka_run_group_tests_name("config-options", tests, NULL, free_loaded);
}

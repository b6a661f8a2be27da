/* What the JSON checker lets through, what it refuses, and where it says the fault is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* In memory of just its size, so that the sanitizers see what reads beyond. */
static enum json_fault
check_bytes(const char *text, size_t length, bool line, struct json_checked *ret)
{
	char *copy = malloc(length + (length == 0));
	enum json_fault fault;

	assert_non_null(copy);
	memcpy(copy, text, length);
	fault = line ? json_check_line(copy, length, ret) : json_check(copy, length, ret);
	free(copy);
	return fault;
}

/* As a line with its LF. */
static enum json_fault
check_ended(const char *text, struct json_checked *ret)
{
	char line[300];

	snprintf(line, sizeof line, "%s\n", text);
	return check_bytes(line, strlen(line), true, ret);
}

static void
accepts(const char *text)
{
	struct json_checked checked;
	enum json_fault fault = check_bytes(text, strlen(text), false, &checked);

	if (fault != JSON_FAULT_NONE)
		fail_msg("refused: %s: %s at %zu", text, json_fault_message(fault), checked.stop);
	assert_int_equal(checked.stop, strlen(text));
	assert_int_equal(check_bytes(text, strlen(text), true, &checked), JSON_FAULT_NONE);
	assert_int_equal(check_ended(text, &checked), JSON_FAULT_NONE);
	assert_int_equal(checked.stop, strlen(text));
}

static void
refuses(const char *text, enum json_fault expected, size_t offset)
{
	struct json_checked checked;
	enum json_fault fault = check_bytes(text, strlen(text), true, &checked);

	if (fault != expected || checked.stop != offset)
		fail_msg("%s: %s at %zu, expected %s at %zu", text, json_fault_message(fault),
		    checked.stop, json_fault_message(expected), offset);
	assert_int_equal(check_bytes(text, strlen(text), false, &checked), expected);
	assert_int_equal(checked.stop, offset);
	assert_int_equal(check_ended(text, &checked), expected);
	assert_int_equal(checked.stop, offset);
}

static void
values_of_every_kind_pass(void **state)
{
	(void)state;
	accepts("null");
	accepts("true");
	accepts("false");
	accepts("\"\"");
	accepts("{}");
	accepts("[]");
	accepts(" [ 1 , { \"a\" : [ ] , \"b\" : null } , \"x\" ] ");
	accepts("{\"a\":{\"b\":{\"c\":[[],[{}]]}},\"d\":-1}");
	accepts("{\"\":1}");
	accepts("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\uDE00\\u0000\"]");
	accepts("\"Gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x98\x80 and more than eight "
	    "bytes\"");
	accepts("{\"a\":1,\"a\":2}");
}

static void
numbers_pass_as_the_grammar_says(void **state)
{
	static const char *const right[] = { "0", "-0", "10", "-1.5", "0.25", "1e3", "1E+3", "1e-3",
		"-0.0e0", "123456789012345678901234567890", "1e999", NULL };

	(void)state;
	for (const char *const *number = right; *number != NULL; number++)
		accepts(*number);
	refuses("01", JSON_FAULT_NUMBER_ZERO, 0);
	refuses("-012", JSON_FAULT_NUMBER_ZERO, 1);
	refuses("1.", JSON_FAULT_END, 2);
	refuses("[1.]", JSON_FAULT_NUMBER, 3);
	refuses("[1e]", JSON_FAULT_NUMBER, 3);
	refuses("[1e+]", JSON_FAULT_NUMBER, 4);
	refuses("[-]", JSON_FAULT_NUMBER, 2);
	refuses("-", JSON_FAULT_END, 1);
	refuses("[.5]", JSON_FAULT_NUMBER, 1);
	refuses("[+5]", JSON_FAULT_NUMBER, 1);
	refuses("[1x]", JSON_FAULT_COMMA, 2);
	refuses("0x10", JSON_FAULT_BEHIND, 1);
	refuses("[NaN]", JSON_FAULT_WORD, 1);
}

static void
faults_are_named_and_located(void **state)
{
	(void)state;
	refuses("", JSON_FAULT_EMPTY, 0);
	refuses(" \t\r", JSON_FAULT_EMPTY, 3);
	refuses("{", JSON_FAULT_END, 1);
	refuses("[1,", JSON_FAULT_END, 3);
	refuses("{\"a\"", JSON_FAULT_END, 4);
	refuses("{\"a\":", JSON_FAULT_END, 5);
	refuses("\"abc", JSON_FAULT_END, 4);
	refuses("tru", JSON_FAULT_END, 3);
	refuses("[trux]", JSON_FAULT_WORD, 1);
	refuses("[nul]", JSON_FAULT_WORD, 1);
	refuses("[#]", JSON_FAULT_VALUE, 1);
	refuses("{a:1}", JSON_FAULT_MEMBER, 1);
	refuses("{1:1}", JSON_FAULT_MEMBER, 1);
	refuses("{\"a\" 1}", JSON_FAULT_COLON, 5);
	refuses("{\"a\":1 \"b\":2}", JSON_FAULT_COMMA, 7);
	refuses("[1 2]", JSON_FAULT_COMMA, 3);
	refuses("[1,]", JSON_FAULT_TRAILING_COMMA, 3);
	refuses("{\"a\":1,}", JSON_FAULT_TRAILING_COMMA, 7);
	refuses("[,1]", JSON_FAULT_VALUE, 1);
	refuses("[1}", JSON_FAULT_BRACKET, 2);
	refuses("{\"a\":1]", JSON_FAULT_BRACKET, 6);
	refuses("1 2", JSON_FAULT_BEHIND, 2);
	refuses("{}}", JSON_FAULT_BEHIND, 2);
	refuses("{ // why\n}", JSON_FAULT_COMMENT, 2);
	refuses("[1, /* why */ 2]", JSON_FAULT_COMMENT, 4);
	refuses("['a']", JSON_FAULT_QUOTE, 1);
	refuses("{'a':1}", JSON_FAULT_QUOTE, 1);
	refuses("\xef\xbb\xbf{}", JSON_FAULT_BOM, 0);
}

static void
faults_in_strings_are_located(void **state)
{
	(void)state;
	refuses("\"tab\there\"", JSON_FAULT_CONTROL, 4);
	refuses("\"a long enough string with \x01 in it\"", JSON_FAULT_CONTROL, 27);
	refuses("\"\\x41\"", JSON_FAULT_ESCAPE, 2);
	refuses("\"\\u12g4\"", JSON_FAULT_ESCAPE, 2);
	refuses("\"\\u12", JSON_FAULT_ESCAPE, 2);
	refuses("\"\\", JSON_FAULT_END, 2);
	refuses("\"\\ud800\"", JSON_FAULT_SURROGATE, 2);
	refuses("\"\\udc00\"", JSON_FAULT_SURROGATE, 2);
	refuses("\"\\ud800\\ud800\"", JSON_FAULT_SURROGATE, 2);
	refuses("\"\\ud800\\u12\"", JSON_FAULT_SURROGATE, 2);
}

static void
utf8_is_strict(void **state)
{
	static const char *const wrong[] = {
		"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3\x28", "\xe2\x82",
		"\xe2\x28\xac",
		"\xe0\x80\xaf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\xaf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x9f\x98", "\xff",
		NULL,
	};
	static const char *const right[] = { "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", NULL };
	char text[40];

	(void)state;
	for (const char *const *bytes = wrong; *bytes != NULL; bytes++) {
		snprintf(text, sizeof text, "\"ab%s\"", *bytes);
		refuses(text, JSON_FAULT_UTF8, 3);
		assert_int_equal(utf8_valid_length(*bytes, strlen(*bytes)), 0);
	}
	for (const char *const *bytes = right; *bytes != NULL; bytes++) {
		snprintf(text, sizeof text, "\"ab%s\"", *bytes);
		accepts(text);
		assert_int_equal(utf8_valid_length(*bytes, strlen(*bytes)), strlen(*bytes));
	}
}

static void
depth_ends_at_its_limit(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 4];

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	text[2 * JSON_DEPTH_MAX] = '\0';
	accepts(text);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	refuses(text, JSON_FAULT_DEPTH, JSON_DEPTH_MAX);
}

static void
a_million_brackets_need_no_stack(void **state)
{
	size_t length = 1000000;
	char *text = malloc(length);
	struct json_checked checked;

	(void)state;
	assert_non_null(text);
	memset(text, '[', length);
	assert_int_equal(json_check_line(text, length, &checked), JSON_FAULT_DEPTH);
	free(text);
}

static void
a_line_ends_at_its_lf(void **state)
{
	static const char text[] = "  {\"a\":[1,2]} \r\n17\nrest";
	struct json_checked checked;

	(void)state;
	assert_int_equal(json_check_line(text, sizeof text - 1, &checked), JSON_FAULT_NONE);
	assert_int_equal(checked.begin, 2);
	assert_int_equal(checked.end, 13);
	assert_int_equal(text[checked.stop], '\n');
	assert_int_equal(json_check_line(text + 16, 3, &checked), JSON_FAULT_NONE);
	assert_int_equal(checked.begin, 0);
	assert_int_equal(checked.end, 2);
	assert_int_equal(checked.stop, 2);
}

static void
a_line_break_within_a_value_ends_the_line_too_early(void **state)
{
	struct json_checked checked;

	(void)state;
	assert_int_equal(json_check_line("[1,\n2]", 6, &checked), JSON_FAULT_END);
	assert_int_equal(checked.stop, 3);
	assert_int_equal(json_check_line("{\n}", 3, &checked), JSON_FAULT_END);
	assert_int_equal(json_check_line("tr\n", 3, &checked), JSON_FAULT_END);
	assert_int_equal(json_check_line("\"a\n\"", 4, &checked), JSON_FAULT_END);
	assert_int_equal(json_check_line("\n", 1, &checked), JSON_FAULT_EMPTY);
	assert_int_equal(checked.stop, 0);
	assert_int_equal(json_check("[1,\n2]\n", 7, &checked), JSON_FAULT_NONE);
}

static void
nothing_is_read_beyond_the_length(void **state)
{
	static const char text[] = "{\"key\":[\"value \\u00e9 \xc3\xa9 longer than "
	    "eight\",-12.5e+3,true]}";
	struct json_checked checked;

	(void)state;
	for (size_t length = 0; length < sizeof text - 1; length++)
		assert_int_not_equal(check_bytes(text, length, true, &checked), JSON_FAULT_NONE);
	assert_int_equal(check_bytes(text, sizeof text - 1, true, &checked), JSON_FAULT_NONE);
}

static void
every_fault_has_a_message(void **state)
{
	(void)state;
	for (int fault = 0; fault < JSON_FAULT_COUNT_; fault++)
		assert_true(strlen(json_fault_message((enum json_fault)fault)) > 5);
}

static void
lines_and_columns_count_characters(void **state)
{
	static const char text[] = "a\n\xc3\xa4\tb\n\nc";
	unsigned int line, column;

	(void)state;
	json_line_column(text, 0, &line, &column);
	assert_true(line == 1 && column == 1);
	json_line_column(text, 2, &line, &column);
	assert_true(line == 2 && column == 1);
	json_line_column(text, 5, &line, &column);   /* b, behind a letter of two bytes and a tab */
	assert_true(line == 2 && column == 3);
	json_line_column(text, 8, &line, &column);
	assert_true(line == 4 && column == 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_every_kind_pass),
		cmocka_unit_test(numbers_pass_as_the_grammar_says),
		cmocka_unit_test(faults_are_named_and_located),
		cmocka_unit_test(faults_in_strings_are_located),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(depth_ends_at_its_limit),
		cmocka_unit_test(a_million_brackets_need_no_stack),
		cmocka_unit_test(a_line_ends_at_its_lf),
		cmocka_unit_test(a_line_break_within_a_value_ends_the_line_too_early),
		cmocka_unit_test(nothing_is_read_beyond_the_length),
		cmocka_unit_test(every_fault_has_a_message),
		cmocka_unit_test(lines_and_columns_count_characters),
	};

	return cmocka_run_group_tests_name("json-check", tests, NULL, NULL);
}

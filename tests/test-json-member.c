/* Finding values in a checked text, and reading them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const char sample[] =
    " {\"accel\" : {\"x\": 1.5, \"y\" :-2, \"\":\"empty\"},\n"
    "  \"axes\":[10, [20, 21], {\"z\":30}, \"}]\\\"\"], \"a.b\":1, \"a/b\":2, \"m~n\":3,\n"
    "  \"gr\\u00f6\\u00dfe\":4, \"on\":true, \"none\":null} ";

static void
finds(const char *path, const char *expected)
{
	struct json_span span;

	if (!json_member(sample, sizeof sample - 1, path, &span))
		fail_msg("\"%s\" was not found", path);
	if (span.length != strlen(expected) || memcmp(span.text, expected, span.length) != 0)
		fail_msg("\"%s\" is %.*s, expected %s", path, (int)span.length, span.text,
		    expected);
}

static void
finds_not(const char *path)
{
	struct json_span span = { sample, 7 };

	assert_false(json_member(sample, sizeof sample - 1, path, &span));
	assert_ptr_equal(span.text, sample);
}

static void
dotted_paths_find_members_and_elements(void **state)
{
	(void)state;
	finds("accel.x", "1.5");
	finds("accel.y", "-2");
	finds("accel", "{\"x\": 1.5, \"y\" :-2, \"\":\"empty\"}");
	finds("axes.0", "10");
	finds("axes.1.1", "21");
	finds("axes.2.z", "30");
	finds("axes.3", "\"}]\\\"\"");
	finds("on", "true");
	finds("none", "null");
	finds("gr\xc3\xb6\xc3\x9f" "e", "4");
	finds_not("accel.z");
	finds_not("accel.x.y");
	finds_not("axes.4");
	finds_not("axes.01");
	finds_not("axes.-1");
	finds_not("axes.x");
	finds_not("axes.9999999999");
	finds_not("a.b");
	finds_not("on.0");
}

static void
json_pointers_find_what_dots_cannot(void **state)
{
	(void)state;
	finds("/a.b", "1");
	finds("/a~1b", "2");
	finds("/m~0n", "3");
	finds("/accel/", "\"empty\"");
	finds("/axes/2/z", "30");
	finds_not("/");
	finds_not("/a/b");
}

static void
the_empty_path_is_the_value_itself(void **state)
{
	struct json_span span;

	(void)state;
	assert_true(json_member(" 17 ", 4, "", &span));
	assert_int_equal(span.length, 2);
	assert_memory_equal(span.text, "17", 2);
	assert_false(json_member("17", 2, "a", &span));
	assert_false(json_member("", 0, "", &span));
}

static void
paths_that_cannot_be_found_are_told(void **state)
{
	char longest[400];

	(void)state;
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_null(json_path_invalid("a.b.0"));
	assert_null(json_path_invalid("/a~0b/c~1d/"));
	assert_null(json_path_invalid(""));
	assert_non_null(json_path_invalid("a..b"));
	assert_non_null(json_path_invalid(".a"));
	assert_non_null(json_path_invalid("/a~2"));
	assert_non_null(json_path_invalid("/a~"));
	assert_non_null(json_path_invalid(longest));
}

static void
a_walk_gives_each_token_once(void **state)
{
	static const enum json_token_kind expected[] = { JSON_TOKEN_OBJECT, JSON_TOKEN_KEY,
		JSON_TOKEN_ARRAY, JSON_TOKEN_STRING, JSON_TOKEN_NUMBER, JSON_TOKEN_ARRAY_END,
		    JSON_TOKEN_KEY,
		JSON_TOKEN_STRING, JSON_TOKEN_KEY, JSON_TOKEN_TRUE, JSON_TOKEN_KEY,
		    JSON_TOKEN_OBJECT,
		JSON_TOKEN_OBJECT_END, JSON_TOKEN_KEY, JSON_TOKEN_FALSE, JSON_TOKEN_OBJECT_END,
		JSON_TOKEN_END, JSON_TOKEN_END };
	static const char text[] = "{\"a\":[\"s\",1e3],\"b\":\"t\",\"c\":true,\"d\":{},"
	    "\"e\":false}";
	struct json_walk walk;

	(void)state;
	json_walk_begin(&walk, text, sizeof text - 1);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_int_equal(json_walk_next(&walk).kind, expected[i]);
}

static void
doubles_are_correctly_rounded(void **state)
{
	static const char *const numbers[] = { "0", "-0", "1", "21.4375", "0.1", "-0.1", "1e22",
	    "1e23",
		"1.7976931348623157e308", "5e-324", "4.9e-324", "2.2250738585072011e-308",
		"9007199254740993",
		"9007199254740992", "123456789012345678", "0.30000000000000004", "1e-22",
		"3.14159265358979323846",
		"18446744073709551616", "99999999999999999999", "1e-400",
		"0.000000000000000000000000000001",
		"179769313486231570000000000000000000000", "8.5E+05",
		"100000000000000000000000e-23", NULL };

	(void)state;
	for (const char *const *number = numbers; *number != NULL; number++) {
		double value = 42, expected = strtod(*number, NULL);

		assert_int_equal(json_span_double((struct json_span){ *number, strlen(*number) },
		    &value), 0);
		if (memcmp(&value, &expected, sizeof value) != 0)
			fail_msg("%s: %a, expected %a", *number, value, expected);
	}
}

static void
random_doubles_are_correctly_rounded(void **state)
{
	char text[64];

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		double value, expected = ldexp((double)rand() * 2147483648.0 + rand(),
		    rand() % 200 - 140);
		int length = snprintf(text, sizeof text, "%.*g", 1 + rand() % 19, expected);

		expected = strtod(text, NULL);
		assert_int_equal(json_span_double((struct json_span){ text, (size_t)length },
		    &value), 0);
		if (memcmp(&value, &expected, sizeof value) != 0)
			fail_msg("%s: %a, expected %a", text, value, expected);
	}
}

static int
double_of(const char *text)
{
	double value;

	return json_span_double((struct json_span){ text, strlen(text) }, &value);
}

static void
what_is_no_finite_double_is_refused(void **state)
{
	char longest[1200];

	(void)state;
	memset(longest, '1', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(double_of("1e999"), -ERANGE);
	assert_int_equal(double_of("-1e99999999999"), -ERANGE);
	assert_int_equal(double_of(longest), -ERANGE);
	assert_int_equal(double_of("\"1\""), -EINVAL);
	assert_int_equal(double_of("true"), -EINVAL);
	assert_int_equal(double_of(""), -EINVAL);
}

static int
int64_of(const char *text, int64_t *ret)
{
	return json_span_int64((struct json_span){ text, strlen(text) }, ret);
}

static void
integers_are_exact_or_refused(void **state)
{
	int64_t value = 0;

	(void)state;
	assert_int_equal(int64_of("9223372036854775807", &value), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(int64_of("-9223372036854775808", &value), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(int64_of("-0", &value), 0);
	assert_true(value == 0);
	assert_int_equal(int64_of("9223372036854775808", &value), -ERANGE);
	assert_int_equal(int64_of("-9223372036854775809", &value), -ERANGE);
	assert_int_equal(int64_of("18446744073709551616", &value), -ERANGE);
	assert_int_equal(int64_of("100000000000000000000", &value), -ERANGE);
	assert_int_equal(int64_of("1.0", &value), -EINVAL);
	assert_int_equal(int64_of("1e3", &value), -EINVAL);
	assert_int_equal(int64_of("null", &value), -EINVAL);
	assert_true(value == 0);
}

static void
strings_are_unescaped(void **state)
{
	static const char text[] = "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\uD83D\\ude00z\"";
	static const char expected[] = "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	struct json_span span = { text, sizeof text - 1 };
	char buffer[sizeof expected];

	(void)state;
	assert_int_equal(json_string_copy(span, buffer, sizeof buffer), sizeof expected - 1);
	assert_string_equal(buffer, expected);
	assert_int_equal(json_string_copy(span, buffer, sizeof buffer - 1), -ENOSPC);
	assert_int_equal(json_string_copy(span, buffer, 0), -ENOSPC);
	assert_int_equal(json_string_copy((struct json_span){ "17", 2 }, buffer, 9), -EINVAL);
	assert_true(json_string_equal(span, expected, sizeof expected - 1));
	assert_false(json_string_equal(span, expected, sizeof expected - 2));
	assert_false(json_string_equal(span, "a\"\\/\b\f\n\r\tB", 10));
	assert_false(json_string_equal((struct json_span){ "17", 2 }, "", 0));
	assert_true(json_string_equal((struct json_span){ "\"\"", 2 }, "", 0));
}

static void
spans_tell_their_kind(void **state)
{
	(void)state;
	assert_int_equal(json_span_kind((struct json_span){ "{}", 2 }), JSON_TOKEN_OBJECT);
	assert_int_equal(json_span_kind((struct json_span){ "[]", 2 }), JSON_TOKEN_ARRAY);
	assert_int_equal(json_span_kind((struct json_span){ "\"\"", 2 }), JSON_TOKEN_STRING);
	assert_int_equal(json_span_kind((struct json_span){ "-1", 2 }), JSON_TOKEN_NUMBER);
	assert_int_equal(json_span_kind((struct json_span){ "true", 4 }), JSON_TOKEN_TRUE);
	assert_int_equal(json_span_kind((struct json_span){ "false", 5 }), JSON_TOKEN_FALSE);
	assert_int_equal(json_span_kind((struct json_span){ "null", 4 }), JSON_TOKEN_NULL);
	assert_int_equal(json_span_kind((struct json_span){ "", 0 }), JSON_TOKEN_END);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dotted_paths_find_members_and_elements),
		cmocka_unit_test(json_pointers_find_what_dots_cannot),
		cmocka_unit_test(the_empty_path_is_the_value_itself),
		cmocka_unit_test(paths_that_cannot_be_found_are_told),
		cmocka_unit_test(a_walk_gives_each_token_once),
		cmocka_unit_test(doubles_are_correctly_rounded),
		cmocka_unit_test(random_doubles_are_correctly_rounded),
		cmocka_unit_test(what_is_no_finite_double_is_refused),
		cmocka_unit_test(integers_are_exact_or_refused),
		cmocka_unit_test(strings_are_unescaped),
		cmocka_unit_test(spans_tell_their_kind),
	};

	return cmocka_run_group_tests_name("json-member", tests, NULL, NULL);
}

/* The parts of awaitctl that look into JSON, show text and keep positions. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/buffer.h"
#include "clients/duration.h"
#include "clients/message.h"
#include "clients/position.h"
#include "clients/text.h"
#include "clients/view.h"

static struct view
parsed(const char *text)
{
	struct view view = { NULL, 0 };

	assert_int_equal(view_parse(&view, text, strlen(text)), 0);
	return view;
}

static void
assert_view(struct view view, const char *text)
{
	assert_int_equal(view.length, strlen(text));
	assert_memory_equal(view.text, text, view.length);
}

static const char line[] = "{\"stream\":\"door\",\"seq\":1043, \"value\" : {\"a\":[1,{},[],\"\\\"]}\"],"
			   "\"b\":-0.5e+3},\"edge\":\"\\u00e9\\ud83d\\ude00\",\"unit\":null,\"t\":true}";

static void
valid_values_are_taken_whole(void **state)
{
	static const char *const valid[] = { "0", "-0", "10.25", "1e400", "-1E-2", "\"\"", "true",
		"false", "null", "[]", "{}", "[[[]]]", "[1,2]", " {\"a\" : [ ] } ", "{\"a\":1,\"a\":2}",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u12aF\"", line };

	(void)state;
	for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
		parsed(valid[i]);
}

static void
invalid_values_are_refused(void **state)
{
	static const char *const invalid[] = { "", " ", "01", "1.", ".5", "+1", "1e", "-", "tru",
		"truex", "nul", "\"", "\"\\", "\"\\x\"", "\"\\u12g4\"", "\"\t\"", "[", "]", "[1", "[1,]",
		"[1 2]", "[,]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\":1]",
		"[1}", "1 2", "{}{}" };
	struct view view = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
		assert_int_equal(view_parse(&view, invalid[i], strlen(invalid[i])), -EBADMSG);
	assert_int_equal(view_parse(&view, "\"\\\0\"", 4), -EBADMSG);
	assert_null(view.text);
}

static void
a_line_cut_off_anywhere_is_refused(void **state)
{
	struct view view;

	(void)state;
	for (size_t length = 0; length < strlen(line); length++) {
		char *copy = malloc(length + 1);

		assert_non_null(copy);
		memcpy(copy, line, length);
		assert_int_equal(view_parse(&view, copy, length), -EBADMSG);
		free(copy);
	}
}

static int
parse_nested(size_t brackets)
{
	char *text = malloc(2 * brackets);
	struct view view;
	int error;

	assert_non_null(text);
	memset(text, '[', brackets);
	memset(text + brackets, ']', brackets);
	error = view_parse(&view, text, 2 * brackets);
	free(text);
	return error;
}

static void
nesting_has_an_end(void **state)
{
	(void)state;
	assert_int_equal(parse_nested(65536), 0);
	assert_int_equal(parse_nested(65538), -EBADMSG);
}

static void
members_are_found_as_they_are_written(void **state)
{
	struct view object = parsed(line);

	(void)state;
	assert_view(view_member(object, "stream"), "\"door\"");
	assert_view(view_member(object, "seq"), "1043");
	assert_view(view_member(view_member(object, "value"), "b"), "-0.5e+3");
	assert_view(view_member(view_member(object, "value"), "a"), "[1,{},[],\"\\\"]}\"]");
	assert_view(view_member(object, "t"), "true");
	assert_int_equal(view_member(object, "strea").length, 0);
	assert_int_equal(view_member(view_member(object, "seq"), "x").length, 0);
	assert_int_equal(view_member(view_member(object, "none"), "x").length, 0);
}

static void
types_are_told_by_the_first_byte(void **state)
{
	struct view object = parsed(line);

	(void)state;
	assert_int_equal(view_type(object), VIEW_OBJECT);
	assert_int_equal(view_type(view_member(object, "stream")), VIEW_STRING);
	assert_int_equal(view_type(view_member(object, "seq")), VIEW_NUMBER);
	assert_int_equal(view_type(view_member(object, "unit")), VIEW_NULL);
	assert_int_equal(view_type(view_member(object, "t")), VIEW_BOOL);
	assert_int_equal(view_type(parsed("[1]")), VIEW_ARRAY);
	assert_int_equal(view_type(view_member(object, "none")), VIEW_ABSENT);
}

static void
a_walk_meets_every_element(void **state)
{
	struct view_walk walk = view_walk(parsed(" [ 1 , \"two\",[3,4] ,{\"5\":6}] "));
	static const char *const expected[] = { "1", "\"two\"", "[3,4]", "{\"5\":6}" };
	struct view value;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(view_next(&walk, NULL, &value));
		assert_view(value, expected[i]);
	}
	assert_false(view_next(&walk, NULL, &value));
	walk = view_walk(parsed("12"));
	assert_false(view_next(&walk, NULL, &value));
}

static void
whole_numbers_are_read_to_the_last_bit(void **state)
{
	uint64_t number = 7;

	(void)state;
	assert_true(view_u64(parsed("18446744073709551615"), &number));
	assert_true(number == UINT64_MAX);
	assert_false(view_u64(parsed("18446744073709551616"), &number));
	assert_false(view_u64(parsed("-1"), &number));
	assert_false(view_u64(parsed("1.0"), &number));
	assert_false(view_u64(parsed("\"1\""), &number));
	assert_true(number == UINT64_MAX);
}

static void
assert_shown(const char *json, const char *text)
{
	struct buffer buffer = { 0 };

	text_show(&buffer, parsed(json));
	assert_int_equal(buffer.length, strlen(text));
	assert_memory_equal(buffer.data, text, buffer.length);
	buffer_free(&buffer);
}

static void
strings_are_shown_without_quotes_and_escapes(void **state)
{
	(void)state;
	assert_shown("\"a\\\"\\\\\\/b\"", "a\"\\/b");
	assert_shown("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_shown("{\"a\":\"\\u0041\"}", "{\"a\":\"\\u0041\"}");
	assert_shown("0.10", "0.10");
}

static void
what_steers_a_terminal_is_shown_as_its_code(void **state)
{
	(void)state;
	assert_shown("\"\\u001b[31m\\n\\u0000\\u007f\"", "\\u001b[31m\\u000a\\u0000\\u007f");
	assert_shown("\"\xc2\x9b" "2J\xe2\x80\xae\"", "\\u009b2J\\u202e");
	assert_shown("\"\\ud800x\\udc00\"", "\\ud800x\\udc00");
	assert_shown("\"\xff\xc3\"", "\xef\xbf\xbd\xef\xbf\xbd");
}

static void
columns_are_those_of_a_terminal(void **state)
{
	static const char wide[] = "\033[1ma\xc3\xa9\xe4\xb8\xad\033[0m";
	struct buffer lines = { 0 }, cut = { 0 };

	(void)state;
	assert_int_equal(text_columns(wide, strlen(wide)), 4);
	buffer_text(&lines, "abcdef\nabc\n\xe4\xb8\xad\xe4\xb8\xad\n");
	text_append_fitting(&cut, &lines, 3);
	buffer_append(&cut, "", 1);
	assert_string_equal(cut.data, "ab\xe2\x80\xa6\nabc\n\xe4\xb8\xad\xe2\x80\xa6\n");
	buffer_free(&lines);
	buffer_free(&cut);
}

static void
durations_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} right[] = { { "250ms", 250000000 }, { "1.5s", 1500000000 }, { "2m", 120000000000 },
		{ "3", 3000000000 }, { "1h", 3600000000000 }, { "7us", 7000 }, { "0s", 0 } };
	static const char *const wrong[] = { "", "s", "-1s", "1 s", "1x", "0x10", "inf", "1e3s", "99999d" };
	uint64_t ns = 1;

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		assert_int_equal(duration_parse(right[i].text, &ns), 0);
		assert_true(ns == right[i].ns);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(duration_parse(wrong[i], &ns), -EINVAL);
	assert_true(ns == 0);
}

static void
note(struct positions *positions, const char *text)
{
	struct message message;

	assert_int_equal(message_parse(&message, (struct view) { text, strlen(text) }), 0);
	positions_note(positions, &message);
}

static void
assert_position(struct positions *positions, const char *expected)
{
	struct buffer written = { 0 };

	positions_write(positions, 0, positions->count, &written);
	buffer_append(&written, "", 1);
	assert_string_equal(written.data, expected);
	buffer_free(&written);
}

static void
a_position_follows_every_kind_of_entry(void **state)
{
	struct positions positions = { 0 };

	(void)state;
	note(&positions, "{\"subscribed\":\"a\",\"next\":1,\"epoch\":\"e\",\"is\":\"up\"}");
	assert_position(&positions, "{\"a\":{\"epoch\":\"e\",\"seq\":0}}");
	note(&positions, "{\"stream\":\"a\",\"seq\":1,\"value\":1}");
	note(&positions, "{\"gap\":\"a\",\"seq\":2,\"lost\":9,\"stage\":\"kernel\"}");
	assert_position(&positions, "{\"a\":{\"epoch\":\"e\",\"seq\":2}}");
	note(&positions, "{\"gap\":\"a\",\"from\":3,\"to\":7,\"lost\":5,\"stage\":\"queue\"}");
	assert_position(&positions, "{\"a\":{\"epoch\":\"e\",\"seq\":7}}");
	note(&positions, "{\"state\":\"a\",\"is\":\"down\",\"seq\":8}");
	note(&positions, "{\"ready\":\"a\",\"seq\":4}");
	assert_position(&positions, "{\"a\":{\"epoch\":\"e\",\"seq\":8}}");
	positions_free(&positions);
}

static void
an_end_counts_only_at_the_head(void **state)
{
	struct positions positions = { 0 };

	(void)state;
	assert_false(positions_ended(&positions));
	note(&positions, "{\"subscribed\":\"a\",\"next\":5,\"epoch\":\"e\",\"is\":\"ended\"}");
	assert_false(positions_ended(&positions));
	note(&positions, "{\"ready\":\"a\",\"seq\":4}");
	assert_true(positions_ended(&positions));
	note(&positions, "{\"state\":\"a\",\"is\":\"changed\",\"seq\":5}");
	assert_false(positions_ended(&positions));
	note(&positions, "{\"subscribed\":\"b\",\"next\":1,\"epoch\":\"f\",\"is\":\"up\"}");
	note(&positions, "{\"state\":\"a\",\"is\":\"ended\",\"seq\":6}");
	assert_false(positions_ended(&positions));
	positions_forget(&positions, (struct view) { "b", 1 });
	assert_true(positions_ended(&positions));
	positions_forget(&positions, (struct view) { "c", 1 });
	assert_position(&positions, "{\"a\":{\"epoch\":\"e\",\"seq\":6}}");
	positions_free(&positions);
}

static void
a_line_is_of_one_kind(void **state)
{
	struct message message;

	(void)state;
	assert_int_equal(message_parse(&message, parsed("{\"id\":7,\"reply\":\"list\",\"count\":1}")), 0);
	assert_int_equal(message.kind, MESSAGE_REPLY);
	assert_view(message.subject, "\"list\"");
	assert_int_equal(message_parse(&message, parsed("{\"newer\":1}")), 0);
	assert_int_equal(message.kind, MESSAGE_UNKNOWN);
	assert_int_equal(message_parse(&message, parsed("[1]")), -EBADMSG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_values_are_taken_whole),
		cmocka_unit_test(invalid_values_are_refused),
		cmocka_unit_test(a_line_cut_off_anywhere_is_refused),
		cmocka_unit_test(nesting_has_an_end),
		cmocka_unit_test(members_are_found_as_they_are_written),
		cmocka_unit_test(types_are_told_by_the_first_byte),
		cmocka_unit_test(a_walk_meets_every_element),
		cmocka_unit_test(whole_numbers_are_read_to_the_last_bit),
		cmocka_unit_test(strings_are_shown_without_quotes_and_escapes),
		cmocka_unit_test(what_steers_a_terminal_is_shown_as_its_code),
		cmocka_unit_test(columns_are_those_of_a_terminal),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(a_position_follows_every_kind_of_entry),
		cmocka_unit_test(an_end_counts_only_at_the_head),
		cmocka_unit_test(a_line_is_of_one_kind),
	};

	return cmocka_run_group_tests_name("awaitctl's parts", tests, NULL, NULL);
}

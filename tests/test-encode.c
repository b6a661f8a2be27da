/* Events as lines: the examples of the wire, escapes, extremes, and what does not fit. */
#include "tests/streams-test.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "streams/encode_string.h"

#define TIME "2026-11-20T11:15:59.123456789Z"
#define NAME64 "a123456789.123456789-123456789_123456789A123456789Z1234567891234"

static struct encoder
encoder_of(const char *name, const char *unit)
{
	struct encoder encoder;

	assert_int_equal(encoder_init(&encoder, name), 0);
	assert_int_equal(encoder_set_unit(&encoder, unit), 0);
	return encoder;
}

/* The line without its LF, with what is true of all lines looked at. */
static const char *
line_of(struct encoder *encoder, const struct event *event, uint64_t seq)
{
	static char line[100000];
	const struct encoder another = encoder_of("another", NULL);
	size_t room = encoder_bound(encoder, event), length;
	struct json_checked checked;

	assert_true(room < sizeof line);
	memset(line, '#', sizeof line);
	length = encoder_line(encoder, event, seq, line, room);
	assert_true(length > ENCODER_LINE_SHORTEST && length <= room);
	for (size_t i = room; i < sizeof line; i++)
		assert_int_equal(line[i], '#');
	assert_int_equal(line[length - 1], '\n');
	assert_true(encoder_owns_line(encoder, line, length, seq));
	assert_false(encoder_owns_line(encoder, line, length, seq / 10));
	assert_false(encoder_owns_line(encoder, line, length - 1, seq));
	assert_false(encoder_owns_line(&another, line, length, seq));
	line[length - 1] = '\0';
	assert_int_equal(json_check(line, length - 1, &checked), JSON_FAULT_NONE);
	assert_int_equal(line_kind(line), event->kind);
	return line;
}

static void
assert_line(struct encoder encoder, const struct event *event, uint64_t seq, const char *line)
{
	assert_string_equal(line_of(&encoder, event, seq), line);
}

/* What stands between "value": and the end. */
static void
assert_value(struct json_value value, const char *text)
{
	struct encoder encoder = encoder_of("a", NULL);
	const struct event event = test_event(value);
	char line[8192];

	snprintf(line, sizeof line,
	    "{\"stream\":\"a\",\"seq\":1,\"time\":\"" TIME
	    "\",\"mono_ns\":8123456789012,\"value\":%s}", text);
	assert_string_equal(line_of(&encoder, &event, 1), line);
}

static void
assert_string(const char *bytes, size_t length, const char *text)
{
	assert_value((struct json_value){ .kind = JSON_KIND_STRING, .text = { bytes, length } }, text);
}
#define ASSERT_STRING(literal, text) assert_string((literal), sizeof(literal) - 1, (text))

/* ------------------------------------------------------------ the wire's examples */

static void
an_event_with_an_edge(void **state)
{
	struct event event = test_integer(1);

	(void)state;
	event.members[0] = (struct event_member){ "edge",
		{ .kind = JSON_KIND_STRING, .text = { "rising", 6 } } };
	event.member_count = 1;
	assert_line(encoder_of("door", NULL), &event, 1043,
	    "{\"stream\":\"door\",\"seq\":1043,\"time\":\"2026-11-20T11:15:59.123456789Z\","
	    "\"mono_ns\":8123456789012,\"value\":1,\"edge\":\"rising\"}");
}

static void
the_unit_stands_behind_the_value(void **state)
{
	struct event event = test_event((struct json_value){ .kind = JSON_KIND_DOUBLE, .number = 41.5 });

	(void)state;
	event.members[0] = (struct event_member){ "min", { .kind = JSON_KIND_INTEGER, .integer = -3 } };
	event.members[1] = (struct event_member){ "ok", { .kind = JSON_KIND_BOOL, .boolean = true } };
	event.member_count = 2;
	assert_line(encoder_of("board", "Cel"), &event, 1,
	    "{\"stream\":\"board\",\"seq\":1,\"time\":\"" TIME "\",\"mono_ns\":8123456789012,"
	    "\"value\":41.5,\"unit\":\"Cel\",\"min\":-3,\"ok\":true}");
}

static void
a_gap_of_the_kernel(void **state)
{
	struct event gap = test_gap(16);

	(void)state;
	assert_line(encoder_of("door", NULL), &gap, 1060,
	    "{\"gap\":\"door\",\"seq\":1060,\"lost\":16,\"stage\":\"kernel\",\"time\":\"" TIME "\"}");
	gap.stage = GAP_SOURCE;
	gap.lost = LOST_UNKNOWN;
	assert_line(encoder_of("door", "V"), &gap, 1061,
	    "{\"gap\":\"door\",\"seq\":1061,\"lost\":null,\"stage\":\"source\",\"time\":\"" TIME "\"}");
}

static void
a_state_says_what_it_knows(void **state)
{
	struct event event = test_state(STATE_DOWN);

	(void)state;
	event.error = -ENODEV;
	event.message = "gone \"for now\"";
	event.retry_ns = UINT64_C(2000000000);
	assert_line(encoder_of("imu", NULL), &event, 78,
	    "{\"state\":\"imu\",\"is\":\"down\",\"seq\":78,\"cause\":\"ENODEV\","
	    "\"message\":\"gone \\\"for now\\\"\",\"retry_ms\":2000,\"time\":\"" TIME "\"}");
	event = test_state(STATE_UP);
	assert_line(encoder_of("imu", NULL), &event, 79,
	    "{\"state\":\"imu\",\"is\":\"up\",\"seq\":79,\"time\":\"" TIME "\"}");
}

static void
each_state_has_its_name(void **state)
{
	static const char *const names[] = { "up", "down", "stale", "changed", "ended" };

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		struct encoder encoder = encoder_of("a", NULL);
		const struct event event = test_state((enum stream_state)(STATE_UP + i));
		char line[128];

		snprintf(line, sizeof line,
		    "{\"state\":\"a\",\"is\":\"%s\",\"seq\":1,\"time\":\"" TIME "\"}", names[i]);
		assert_string_equal(line_of(&encoder, &event, 1), line);
	}
	assert_string_equal(stream_state_name(STATE_STARTING), "starting");
}

static void
an_errno_without_a_name_is_its_number(void **state)
{
	struct event event = test_state(STATE_DOWN);

	(void)state;
	event.error = -524;   /* the kernel's own ENOTSUPP */
	assert_line(encoder_of("a", NULL), &event, 1,
	    "{\"state\":\"a\",\"is\":\"down\",\"seq\":1,\"cause\":\"524\",\"time\":\"" TIME "\"}");
}

/* --------------------------------------------------------------------- values */

static void
values_of_each_kind(void **state)
{
	(void)state;
	assert_value((struct json_value){ .kind = JSON_KIND_NULL }, "null");
	assert_value((struct json_value){ .kind = JSON_KIND_BOOL, .boolean = true }, "true");
	assert_value((struct json_value){ .kind = JSON_KIND_BOOL, .boolean = false }, "false");
	assert_value((struct json_value){ .kind = JSON_KIND_INTEGER, .integer = INT64_MIN },
	    "-9223372036854775808");
	assert_value((struct json_value){ .kind = JSON_KIND_UNSIGNED, .unsigned_integer = UINT64_MAX },
	    "18446744073709551615");
	assert_value((struct json_value){ .kind = JSON_KIND_DOUBLE, .number = -DBL_MAX },
	    "-1.7976931348623157e+308");
	assert_value((struct json_value){ .kind = JSON_KIND_DOUBLE, .number = 1.0 / 0.0 }, "null");
	assert_value((struct json_value){ .kind = JSON_KIND_TEXT, .text = { "{\"x\":[1]}", 9 } },
	    "{\"x\":[1]}");
	assert_value((struct json_value){ .kind = JSON_KIND_TEXT, .text = { NULL, 0 } }, "null");
}

static void
base64_is_that_of_rfc_4648(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = { { "", "\"\"" }, { "f", "\"Zg==\"" }, { "fo", "\"Zm8=\"" },
		{ "foo", "\"Zm9v\"" }, { "foob", "\"Zm9vYg==\"" }, { "fooba", "\"Zm9vYmE=\"" },
		{ "foobar", "\"Zm9vYmFy\"" }, { "\xff\xef\xbe", "\"/+++\"" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_value((struct json_value){ .kind = JSON_KIND_BASE64,
		    .text = { cases[i].bytes, strlen(cases[i].bytes) } }, cases[i].text);
}

static void
strings_are_escaped_as_rfc_8259_asks(void **state)
{
	(void)state;
	ASSERT_STRING("", "\"\"");
	ASSERT_STRING("plain / text", "\"plain / text\"");
	ASSERT_STRING("a\"b\\c", "\"a\\\"b\\\\c\"");
	ASSERT_STRING("\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"");
	ASSERT_STRING("\0\1\x1f\x7f", "\"\\u0000\\u0001\\u001f\x7f\"");
	ASSERT_STRING("za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 \xe2\x82\xac \xf0\x9f\x98\x80",
	    "\"za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

/* Each special byte at each place of eight, and beyond. */
static void
a_special_byte_is_found_wherever_it_stands(void **state)
{
	static const char special[] = { '"', '\\', 0, 0x1f, '\n', (char)0x80, (char)0xff };

	(void)state;
	for (size_t length = 1; length < 20; length++) {
		for (size_t at = 0; at < length; at++) {
			for (size_t i = 0; i < sizeof special; i++) {
				char bytes[20], text[160], *p = text;

				memset(bytes, '!', sizeof bytes);
				bytes[at] = special[i];
				*p++ = '"';
				memset(p, '!', at);
				p += at;
				if (special[i] == '"' || special[i] == '\\')
					p += sprintf(p, "\\%c", special[i]);
				else if (special[i] == '\n')
					p += sprintf(p, "\\n");
				else if ((unsigned char)special[i] < 0x20)
					p += sprintf(p, "\\u%04x", (unsigned int)special[i]);
				else
					p += sprintf(p, "\xef\xbf\xbd");
				memset(p, '!', length - at - 1);
				p += length - at - 1;
				strcpy(p, "\"");
				assert_string(bytes, length, text);
			}
		}
	}
}

#define R "\xef\xbf\xbd"

/* Unicode 15, table 3-8 and around it. */
static void
what_is_not_utf8_becomes_replacement_characters(void **state)
{
	(void)state;
	ASSERT_STRING("\x80", "\"" R "\"");
	ASSERT_STRING("a\xff" "b", "\"a" R "b\"");
	ASSERT_STRING("\xc0\xaf", "\"" R R "\"");
	ASSERT_STRING("\xe0\x80\xaf", "\"" R R R "\"");
	ASSERT_STRING("\xf0\x80\x80\x41", "\"" R R R "A\"");
	ASSERT_STRING("\xed\xa0\x80", "\"" R R R "\"");
	ASSERT_STRING("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", "\"" R R R R R "A" R R "B\"");
	ASSERT_STRING("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "\"" R R R R "A\"");
	ASSERT_STRING("\xe2\x82", "\"" R "\"");
	ASSERT_STRING("\xf0\x9f\x98", "\"" R "\"");
	ASSERT_STRING("\xc3", "\"" R "\"");
	ASSERT_STRING("\xf5\x80\x80\x80", "\"" R R R R "\"");
}

static void
any_bytes_give_valid_json(void **state)
{
	struct encoder encoder = encoder_of("a", NULL);
	uint64_t x = 88172645463325252;
	char bytes[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t length = (size_t)(x >> 40 & 63);
		struct event event;

		for (size_t k = 0; k < length; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			bytes[k] = (char)(x >> 32 & (i & 1 ? 0xff : 0x8f));
		}
		event = test_string(bytes, length);
		(void)line_of(&encoder, &event, 1);
		x = x * 5 + 1;
	}
}

/* ----------------------------------------------------------------------- time */

static const char *
time_of(struct encoder *encoder, int64_t real_ns, uint64_t mono_ns)
{
	struct event event = test_integer(1);
	static char text[31];
	struct moment moment;
	const char *line;

	event.time = (struct moment){ .mono_ns = mono_ns, .real_ns = real_ns };
	line = line_of(encoder, &event, 1);
	assert_true(encoder_read_moment(encoder, line, strlen(line), &moment));
	assert_true(moment.real_ns == real_ns);
	assert_true(moment.mono_ns == mono_ns);
	memcpy(text, line + sizeof "{\"stream\":\"a\",\"seq\":1,\"time\":\"" - 1, 30);
	return text;
}

static void
times_are_those_of_the_calendar(void **state)
{
	struct encoder encoder = encoder_of("a", NULL);

	(void)state;
	assert_string_equal(time_of(&encoder, 0, 0), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(time_of(&encoder, 1, 7), "1970-01-01T00:00:00.000000001Z");
	assert_string_equal(time_of(&encoder, -1, 7), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(time_of(&encoder, TEST_TIME, 1), TIME);
	assert_string_equal(time_of(&encoder, TEST_TIME + 1, 1), "2026-11-20T11:15:59.123456790Z");
	assert_string_equal(time_of(&encoder, INT64_C(951782400000000000), UINT64_MAX),
	    "2000-02-29T00:00:00.000000000Z");
	assert_string_equal(time_of(&encoder, INT64_C(4107542399999999999), 1),
	    "2100-02-28T23:59:59.999999999Z");
	assert_string_equal(time_of(&encoder, INT64_C(4107542400000000000), 1),
	    "2100-03-01T00:00:00.000000000Z");
	assert_string_equal(time_of(&encoder, INT64_MAX, 1), "2262-04-11T23:47:16.854775807Z");
	assert_string_equal(time_of(&encoder, INT64_MIN + INT64_C(1000000000), 1),
	    "1677-09-21T00:12:44.145224192Z");
}

static void
days_agree_with_gmtime(void **state)
{
	struct encoder encoder = encoder_of("a", NULL);

	(void)state;
	for (int64_t day = -40000; day < 60000; day += 17) {
		time_t second = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
		char text[32];
		struct tm tm;

		gmtime_r(&second, &tm);
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000000042Z", &tm);
		assert_string_equal(
		    time_of(&encoder, second * (int64_t)NSEC_PER_SEC + 42, 1), text);
	}
}

static void
the_moment_is_read_back_of_every_kind(void **state)
{
	struct encoder encoder = encoder_of("door", NULL);
	const struct event events[] = { test_integer(1), test_gap(1), test_state(STATE_DOWN) };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *line = line_of(&encoder, &events[i], 12345);
		struct moment moment;

		assert_true(encoder_read_moment(&encoder, line, strlen(line), &moment));
		assert_true(moment.real_ns == TEST_TIME);
		assert_true(moment.mono_ns == (i == 0 ? TEST_MONO : 0));
		assert_false(encoder_read_moment(&encoder, line, 20, &moment));
	}
}

/* --------------------------------------------------------------------- limits */

static void
names_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "", "-a", ".a", "_a", "a b", "a\"", "a/b", "\xc3\xa9",
		NAME64 "x" };
	struct encoder encoder;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(encoder_init(&encoder, bad[i]), -EINVAL);
	assert_int_equal(encoder_init(&encoder, NAME64), 0);
	assert_int_equal(encoder_init(&encoder, "0"), 0);
}

static void
a_unit_too_long_is_refused(void **state)
{
	struct encoder encoder = encoder_of("a", NULL);
	char unit[ENCODER_UNIT_MAX + 1];

	(void)state;
	memset(unit, 'x', sizeof unit);
	unit[ENCODER_UNIT_MAX - 1] = '\0';
	assert_int_equal(encoder_set_unit(&encoder, unit), -EINVAL);
	unit[ENCODER_UNIT_MAX - 2] = '\0';
	assert_int_equal(encoder_set_unit(&encoder, unit), 0);
	assert_int_equal(encoder_set_unit(&encoder, ""), 0);
	assert_int_equal(encoder.unit_length, 0);
}

static void
the_longest_of_everything_fits_its_bound(void **state)
{
	char unit[ENCODER_UNIT_MAX - 1], bytes[300];
	struct encoder encoder = encoder_of(NAME64, NULL);
	struct event event = test_event((struct json_value){ .kind = JSON_KIND_DOUBLE,
	    .number = -1.2345678901234567e-308 });

	(void)state;
	memset(unit, 'x', sizeof unit);
	unit[sizeof unit - 1] = '\0';
	assert_int_equal(encoder_set_unit(&encoder, unit), 0);
	memset(bytes, 1, sizeof bytes);
	event.time = (struct moment){ .mono_ns = UINT64_MAX, .real_ns = INT64_MIN };
	for (unsigned int i = 0; i < EVENT_MEMBERS_MAX; i++)
		event.members[i] = (struct event_member){ "a_member",
			{ .kind = JSON_KIND_STRING, .text = { bytes, sizeof bytes } } };
	event.member_count = EVENT_MEMBERS_MAX;
	(void)line_of(&encoder, &event, UINT64_MAX);
	event = test_gap(UINT64_MAX - 1);
	event.time = (struct moment){ .mono_ns = UINT64_MAX, .real_ns = INT64_MIN };
	assert_true(strlen(line_of(&encoder, &event, UINT64_MAX)) < ENCODER_LINE_MIN);
	event = test_state(STATE_CHANGED);
	event.error = -ENOTRECOVERABLE;
	event.retry_ns = UINT64_MAX;
	assert_true(strlen(line_of(&encoder, &event, UINT64_MAX)) < ENCODER_LINE_MIN);
}

/* Nothing is written behind the room, whatever its size; and with 64 bytes more than its length
 * every line fits. */
static void
assert_rooms(const struct event *event)
{
	struct encoder encoder = encoder_of("door", "Cel");
	size_t whole = strlen(line_of(&encoder, event, 7)) + 1;
	static char line[8192];

	for (size_t room = ENCODER_LINE_MIN; room <= whole + ENCODER_SLACK + 8; room++) {
		size_t length;

		memset(line, '#', sizeof line);
		length = encoder_line(&encoder, event, 7, line, room);
		assert_true(length <= room);
		assert_true(length == 0 || length == whole || event->kind == EVENT_STATE);
		assert_true(length == whole || room < whole + ENCODER_SLACK
		    || event->kind == EVENT_STATE);
		for (size_t i = room; i < sizeof line; i++)
			assert_int_equal(line[i], '#');
	}
}

static void
nothing_is_written_behind_the_room(void **state)
{
	char bytes[600];
	struct event event;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7);
	event = test_string(bytes, sizeof bytes);
	assert_rooms(&event);
	event.value.kind = JSON_KIND_BASE64;
	assert_rooms(&event);
	event.members[0] = (struct event_member){ "n", { .kind = JSON_KIND_DOUBLE, .number = 0.1 + 0.2 } };
	event.members[1] = (struct event_member){ "s", event.value };
	event.member_count = 2;
	assert_rooms(&event);
	memset(bytes, '1', sizeof bytes);
	event.value.kind = JSON_KIND_TEXT;
	assert_rooms(&event);
}

static void
a_message_that_does_not_fit_is_left_out(void **state)
{
	struct encoder encoder = encoder_of("door", NULL);
	struct event event = test_state(STATE_DOWN);
	char message[1000], line[512];
	size_t length;

	(void)state;
	memset(message, 'm', sizeof message);
	message[sizeof message - 1] = '\0';
	event.message = message;
	event.error = -EIO;
	assert_rooms(&event);
	length = encoder_line(&encoder, &event, 1, line, sizeof line);
	line[length - 1] = '\0';
	assert_string_equal(line,
	    "{\"state\":\"door\",\"is\":\"down\",\"seq\":1,\"cause\":\"EIO\",\"time\":\"" TIME "\"}");
}

static void
a_string_without_room_is_not_written(void **state)
{
	char text[4] = "";

	(void)state;
	assert_null(encode_string(text, text + 1, "", 0));
	assert_non_null(encode_string(text, text + 2, "", 0));
	assert_null(encode_string(text, text + 2, "a", 1));
	assert_null(encode_string(text, text + 3, "\n", 1));
	assert_non_null(encode_string(text, text + 4, "\n", 1));
	assert_null(encode_base64(text, text + 3, "a", 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_with_an_edge),
		cmocka_unit_test(the_unit_stands_behind_the_value),
		cmocka_unit_test(a_gap_of_the_kernel),
		cmocka_unit_test(a_state_says_what_it_knows),
		cmocka_unit_test(each_state_has_its_name),
		cmocka_unit_test(an_errno_without_a_name_is_its_number),
		cmocka_unit_test(values_of_each_kind),
		cmocka_unit_test(base64_is_that_of_rfc_4648),
		cmocka_unit_test(strings_are_escaped_as_rfc_8259_asks),
		cmocka_unit_test(a_special_byte_is_found_wherever_it_stands),
		cmocka_unit_test(what_is_not_utf8_becomes_replacement_characters),
		cmocka_unit_test(any_bytes_give_valid_json),
		cmocka_unit_test(times_are_those_of_the_calendar),
		cmocka_unit_test(days_agree_with_gmtime),
		cmocka_unit_test(the_moment_is_read_back_of_every_kind),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(a_unit_too_long_is_refused),
		cmocka_unit_test(the_longest_of_everything_fits_its_bound),
		cmocka_unit_test(nothing_is_written_behind_the_room),
		cmocka_unit_test(a_message_that_does_not_fit_is_left_out),
		cmocka_unit_test(a_string_without_room_is_not_written),
	};

	return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}

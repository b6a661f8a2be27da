/* The checker against jansson, on random texts: both must say the same, but for what is documented.
 *
 * JSON_FUZZ_SEED and JSON_FUZZ_ROUNDS in the environment give another seed and more rounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static uint64_t random_state;

static size_t
pick(size_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(random_state >> 33) % below;
}

static const char *const seeds[] = {
	"{\"temperature\":21.4375,\"humidity\":48.2,\"sensor\":\"kitchen-01\",\"ok\":true}",
	"{\"a\":{\"b\":[1,2,3,{\"c\":\"text\"}],\"d\":null},\"e\":[[0.5,1.5e3],[-2,3.5E-2]]}",
	"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\uDE00\",\"Gr\xc3\xb6\xc3\x9f!\"]",
	"[\"\xe2\x82\xac\xf0\x9f\x98\x80\",\"\xc3\xa9\"]",
	" { \"x\" : [ ] , \"y\" : { } , \"z\" : [ false , \"\" , 0 ] } ",
	"-0.0e+12",
	"\"a string of more than eight bytes, and then some\"",
};

/* Pieces that are near to what may stand in JSON. */
static const char *const pieces[] = { "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d",
    "\\ude00",
	"0", "1", "-", "+", ".", "e", "E", "true", "null", "false", " ", "\n", "\r", "\t", "\xc3",
	"\xa4",
	"\xed\xa0\x80", "\xf0\x9f\x98\x80", "\x01", "\x7f", "/", "'", "{}", "[]", "\"a\":",
	"\"b\"" };

struct text {
	char bytes[1024];
	size_t length;
};

static void
splice(struct text *text, size_t at, size_t take, const char *put, size_t length)
{
	if (at > text->length || at + take > text->length ||
	    text->length - take + length > sizeof text->bytes)
		return;
	memmove(text->bytes + at + length, text->bytes + at + take, text->length - at - take);
	memcpy(text->bytes + at, put, length);
	text->length = text->length - take + length;
}

static void
mutate(struct text *text)
{
	const char *piece = pieces[pick(sizeof pieces / sizeof *pieces)];
	size_t at = pick(text->length + 1);
	char byte = (char)(pick(255) + 1);

	switch (pick(5)) {
	case 0:
		splice(text, at, 1, "", 0);
		break;
	case 1:
		splice(text, at, 0, piece, strlen(piece));
		break;
	case 2:
		splice(text, at, 1, piece, strlen(piece));
		break;
	case 3:
		splice(text, at, 1, &byte, 1);
		break;
	default:
		splice(text, at, 1 + pick(8), "", 0);
		break;
	}
}

/* Jansson refuses three things that we let through: numbers out of its range, \u0000, and a name
 * of a member that repeats only if told to; we refuse more levels than 64, and it does so beyond
 * 2048. */
static bool
differs_as_documented(enum json_fault fault, const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);

	if (fault == JSON_FAULT_NONE)
		return code == json_error_numeric_overflow || code == json_error_null_character ||
		    code == json_error_null_byte_in_key;
	return fault == JSON_FAULT_DEPTH;
}

static void
compare(const struct text *text)
{
	char *exact = malloc(text->length + 1);   /* so that the sanitizers see what reads beyond */
	struct json_checked checked;
	enum json_fault fault;
	json_error_t error = { 0 };
	json_t *value;

	assert_non_null(exact);
	exact = realloc(exact, text->length == 0 ? 1 : text->length);
	memcpy(exact, text->bytes, text->length);
	fault = json_check(exact, text->length, &checked);
	value = json_loadb(exact, text->length, JSON_DECODE_ANY, &error);
	if ((fault == JSON_FAULT_NONE) != (value != NULL) && !differs_as_documented(fault, &error))
		fail_msg("%.*s\nwe: %s at %zu; jansson: %s at %d", (int)text->length, exact,
		    json_fault_message(fault), checked.stop, value ? "right" : error.text,
		    error.position);
	assert_true(checked.stop <= text->length);
	json_decref(value);
	free(exact);
}

/* Whatever it is, walking ends and stays within. */
static void
walk(const struct text *text)
{
	struct json_walk walk;
	struct json_token token;
	struct json_span span;
	size_t tokens = 0;

	json_walk_begin(&walk, text->bytes, text->length);
	do {
		token = json_walk_next(&walk);
		assert_in_range((uintptr_t)(token.span.text - text->bytes), 0, text->length);
		assert_true(token.span.text + token.span.length <= text->bytes + text->length);
	} while (token.kind != JSON_TOKEN_END && ++tokens <= text->length);
	assert_true(tokens <= text->length);
	(void)json_member(text->bytes, text->length, "a.b.3.c", &span);
	(void)json_member(text->bytes, text->length, "/z/2", &span);
}

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void
checker_and_jansson_agree(void **state)
{
	uint64_t rounds = number_of("JSON_FUZZ_ROUNDS", 20000);

	(void)state;
	random_state = number_of("JSON_FUZZ_SEED", 20261120);
	for (uint64_t i = 0; i < rounds; i++) {
		const char *seed = seeds[pick(sizeof seeds / sizeof *seeds)];
		struct text text = { .length = strlen(seed) };

		memcpy(text.bytes, seed, text.length);
		for (size_t n = pick(4); n < 4; n++) {
			compare(&text);
			walk(&text);
			mutate(&text);
		}
	}
}

/* Line, line with its LF, and text differ in nothing else. */
static void
line_and_text_agree_but_for_the_lf(void **state)
{
	(void)state;
	random_state = number_of("JSON_FUZZ_SEED", 20261120);
	for (int i = 0; i < 20000; i++) {
		const char *seed = seeds[pick(sizeof seeds / sizeof *seeds)];
		struct text text = { .length = strlen(seed) };
		struct json_checked line, ended, whole;

		memcpy(text.bytes, seed, text.length);
		mutate(&text);
		if (memchr(text.bytes, '\n', text.length) != NULL)
			continue;
		assert_int_equal(json_check_line(text.bytes, text.length, &line),
		    json_check(text.bytes, text.length, &whole));
		assert_int_equal(line.stop, whole.stop);
		text.bytes[text.length] = '\n';
		assert_int_equal(json_check_line(text.bytes, text.length + 1, &ended),
		    json_check(text.bytes, text.length, &whole));
		assert_int_equal(ended.stop, whole.stop);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checker_and_jansson_agree),
		cmocka_unit_test(line_and_text_agree_but_for_the_lf),
	};

	return cmocka_run_group_tests_name("json-fuzz", tests, NULL, NULL);
}

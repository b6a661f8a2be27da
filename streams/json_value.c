#include "streams/json_value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct json_span
value_span(const struct json_value *value)
{
	return (struct json_span){ value->text.data, value->text.length };
}

bool
json_value_number(const struct json_value *value, double *ret)
{
	switch (value->kind) {
	case JSON_KIND_INTEGER:
		*ret = (double)value->integer;
		return true;
	case JSON_KIND_UNSIGNED:
		*ret = (double)value->unsigned_integer;
		return true;
	case JSON_KIND_DOUBLE:
		*ret = value->number;
		return true;
	case JSON_KIND_TEXT:
		return json_span_double(value_span(value), ret) == 0;
	case JSON_KIND_NULL:
	case JSON_KIND_BOOL:
	case JSON_KIND_STRING:
	case JSON_KIND_BASE64:
		break;
	}
	return false;
}

bool
json_value_member(const struct json_value *value, const char *path, struct json_value *ret)
{
	struct json_span span;

	if (path == NULL || path[0] == '\0') {
		*ret = *value;
		return true;
	}
	if (value->kind != JSON_KIND_TEXT
	    || !json_member(value->text.data, value->text.length, path, &span))
		return false;
	*ret = (struct json_value){ .kind = JSON_KIND_TEXT, .text = { span.text, span.length } };
	return true;
}

static int
scratch_grow(char **scratch, size_t *scratch_size, size_t size)
{
	char *grown;

	if (size <= *scratch_size)
		return 0;
	grown = realloc(*scratch, size);
	if (grown == NULL)
		return -ENOMEM;
	*scratch = grown;
	*scratch_size = size;
	return 0;
}

int
json_value_string(const struct json_value *value, char **scratch, size_t *scratch_size,
    const char **ret, size_t *ret_length)
{
	struct json_span span = value_span(value);
	ssize_t length;

	if (value->kind == JSON_KIND_STRING) {
		*ret = span.text;
		*ret_length = span.length;
		return 0;
	}
	if (value->kind != JSON_KIND_TEXT || json_span_kind(span) != JSON_TOKEN_STRING)
		return -EINVAL;
	if (memchr(span.text, '\\', span.length) == NULL) {
		*ret = span.text + 1;
		*ret_length = span.length - 2;
		return 0;
	}
	if (scratch_grow(scratch, scratch_size, span.length) < 0)
		return -ENOMEM;
	length = json_string_copy(span, *scratch, *scratch_size);
	if (length < 0)
		return (int)length;
	*ret = *scratch;
	*ret_length = (size_t)length;
	return 0;
}

/* ------------------------------------------------------------------ equality */

static bool
token_equal(struct json_token a, struct json_token b)
{
	double x, y;

	if (a.kind != b.kind)
		return false;
	if (a.kind == JSON_TOKEN_NUMBER)
		return json_span_double(a.span, &x) == 0 && json_span_double(b.span, &y) == 0
		    && !(x < y) && !(y < x);
	return a.span.length == b.span.length
	    && memcmp(a.span.text, b.span.text, a.span.length) == 0;
}

static bool
text_equal(struct json_span a, struct json_span b)
{
	struct json_walk walk_a, walk_b;
	struct json_token token;

	json_walk_begin(&walk_a, a.text, a.length);
	json_walk_begin(&walk_b, b.text, b.length);
	do {
		token = json_walk_next(&walk_a);
		if (!token_equal(token, json_walk_next(&walk_b)))
			return false;
	} while (token.kind != JSON_TOKEN_END);
	return true;
}

static bool
string_equal(const struct json_value *value, struct json_span text)
{
	char *scratch = NULL;
	size_t size = 0, length;
	const char *bytes;
	bool equal = false;

	if (json_value_string(value, &scratch, &size, &bytes, &length) == 0)
		equal = json_string_equal(text, bytes, length);
	free(scratch);
	return equal;
}

bool
json_value_equal(const struct json_value *value, const char *text, size_t length)
{
	struct json_span span = { text, length };
	double x, y;

	switch (json_span_kind(span)) {
	case JSON_TOKEN_NUMBER:
		return json_value_number(value, &x) && json_span_double(span, &y) == 0
		    && !(x < y) && !(y < x);
	case JSON_TOKEN_STRING:
		return string_equal(value, span);
	case JSON_TOKEN_NULL:
		if (value->kind == JSON_KIND_NULL)
			return true;
		break;
	case JSON_TOKEN_TRUE:
	case JSON_TOKEN_FALSE:
		if (value->kind == JSON_KIND_BOOL)
			return value->boolean == (json_span_kind(span) == JSON_TOKEN_TRUE);
		break;
	default:
		break;
	}
	return value->kind == JSON_KIND_TEXT && text_equal(value_span(value), span);
}

/* round(3), which is a call and, alone in all of awaitd, would have libm loaded. */
static double
number_round(double number)
{
	double size = fabs(number), whole;

	if (!(size < 0x1p52))
		return number;          /* whole already, or none */
	whole = (double)(int64_t)size;
	return copysign(size - whole < .5 ? whole : whole + 1, number);
}

double
json_number_scale(double number, double factor)
{
	double inverse = number_round(1 / factor), same = 1 / inverse;

	if (isfinite(inverse) && fabs(inverse) > 1 && !(same < factor) && !(factor < same))
		return number / inverse;
	return number * factor;
}

double
json_number_round(double number, int digits)
{
	static const double powers[] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
		1e15,
	};
	double scaled = number_round(number * powers[digits]);

	return isfinite(scaled) ? scaled / powers[digits] : number;
}

/* json_number.c - numbers out of spans, without a NUL behind them.
 *
 * A decimal of at most 19 digits below 2^53 times or by a power of ten up to 10^22 is one
 * correctly rounded operation on exact doubles (Clinger 1990, "How to read floating point numbers
 * accurately"): that is what sensors say. strtod() does the rest; awaitd keeps the C locale, so
 * its point is a point. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define NUMBER_MAX 1000

enum json_token_kind
json_span_kind(struct json_span span)
{
	switch (span.length == 0 ? '\0' : span.text[0]) {
	case '{': return JSON_TOKEN_OBJECT;
	case '[': return JSON_TOKEN_ARRAY;
	case '"': return JSON_TOKEN_STRING;
	case 't': return JSON_TOKEN_TRUE;
	case 'f': return JSON_TOKEN_FALSE;
	case 'n': return JSON_TOKEN_NULL;
	case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7':
	case '8': case '9':
		return JSON_TOKEN_NUMBER;
	default:
		return JSON_TOKEN_END;
	}
}

struct decimal {
	uint64_t digits;             /* all of them, without the point */
	int exponent;                /* of ten */
	bool negative;
	bool exact;                  /* at most 19 digits and a small exponent */
};

static const char *
decimal_digits(const char *p, const char *end, struct decimal *decimal, int *count)
{
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		decimal->digits = decimal->digits * 10 + (uint64_t)(*p - '0');
		*count += *count > 0 || *p != '0';
	}
	return p;
}

static void
decimal_read(struct json_span span, struct decimal *decimal)
{
	const char *p = span.text, *end = p + span.length, *point;
	int count = 0, power = 0;
	bool minus = false;

	decimal->negative = *p == '-';
	p = decimal_digits(p + decimal->negative, end, decimal, &count);
	if (p < end && *p == '.') {
		point = p + 1;
		p = decimal_digits(point, end, decimal, &count);
		decimal->exponent = -(int)(p - point);
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			minus = *p++ == '-';
		for (; p < end && power < 10000; p++)
			power = power * 10 + (*p - '0');
		decimal->exponent += minus ? -power : power;
	}
	decimal->exact = count <= 19;
}

static int
double_slow(struct json_span span, double *ret)
{
	char buffer[NUMBER_MAX + 1];
	double value;

	if (span.length > NUMBER_MAX)
		return -ERANGE;
	memcpy(buffer, span.text, span.length);
	buffer[span.length] = '\0';
	value = strtod(buffer, NULL);
	if (!isfinite(value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int
json_span_double(struct json_span span, double *ret)
{
	static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
		1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	struct decimal decimal = { 0 };
	double value;

	if (json_span_kind(span) != JSON_TOKEN_NUMBER)
		return -EINVAL;
	if (span.length > NUMBER_MAX)
		return -ERANGE;
	decimal_read(span, &decimal);
	if (!decimal.exact || decimal.digits > UINT64_C(1) << 53 || decimal.exponent < -22 ||
	    decimal.exponent > 22)
		return double_slow(span, ret);
	value = (double)decimal.digits;
	if (decimal.exponent < 0)
		value /= powers[-decimal.exponent];
	else
		value *= powers[decimal.exponent];
	*ret = decimal.negative ? -value : value;
	return 0;
}

int
json_span_int64(struct json_span span, int64_t *ret)
{
	struct decimal decimal = { 0 };
	size_t negative;
	int count = 0;
	const char *end = span.text + span.length;

	if (json_span_kind(span) != JSON_TOKEN_NUMBER)
		return -EINVAL;
	negative = span.text[0] == '-';
	if (decimal_digits(span.text + negative, end, &decimal, &count) != end)
		return -EINVAL;
	if (count > 19 || decimal.digits > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret = negative ? (int64_t)-decimal.digits : (int64_t)decimal.digits;
	return 0;
}

/* What is read back of a line: its kind, its seq, and its moment. */
#include <string.h>

#include "streams/encode.h"
#include "streams/number.h"

enum event_kind
line_kind(const char *line)
{
	/* {"stream" {"state" {"gap" */
	if (line[2] == 'g')
		return EVENT_GAP;
	return line[4] == 'r' ? EVENT_VALUE : EVENT_STATE;
}

/* -------------------------------------------------------------------- its seq */

static bool
begins_with(const char *line, size_t length, const char *prefix, size_t prefix_length)
{
	return length > prefix_length && memcmp(line, prefix, prefix_length) == 0;
}

/* The seq and what stands behind it: digits without a zero in front. */
static bool
seq_is(const char *p, const char *end, uint64_t seq)
{
	char digits[NUMBER_ROOM];
	size_t length = (size_t)(number_unsigned(digits, seq) - digits);

	return (size_t)(end - p) > length && memcmp(p, digits, length) == 0 && p[length] == ',';
}

/* Of a state: the word behind "is" is of letters. */
static const char *
behind_word(const char *p, const char *end)
{
	static const char behind[] = "\",\"seq\":";

	while (p < end && *p >= 'a' && *p <= 'z')
		p++;
	if ((size_t)(end - p) < sizeof behind || memcmp(p, behind, sizeof behind - 1) != 0)
		return end;
	return p + sizeof behind - 1;
}

bool
encoder_owns_line(const struct encoder *encoder, const char *line, size_t length, uint64_t seq)
{
	const char *end = line + length;

	if (length < ENCODER_LINE_SHORTEST || end[-2] != '}'
	    || memchr(line, '\n', length) != end - 1)
		return false;
	if (begins_with(line, length, encoder->event_prefix, encoder->event_length))
		return seq_is(line + encoder->event_length, end, seq);
	if (begins_with(line, length, encoder->gap_prefix, encoder->gap_length))
		return seq_is(line + encoder->gap_length, end, seq);
	return begins_with(line, length, encoder->state_prefix, encoder->state_length)
	    && seq_is(behind_word(line + encoder->state_length, end), end, seq);
}

/* ------------------------------------------------------------------ its moment */

static bool
read_digits(const char *p, unsigned int count, uint32_t *ret)
{
	uint32_t number = 0;

	for (; count > 0; count--, p++) {
		if (*p < '0' || *p > '9')
			return false;
		number = number * 10 + (uint32_t)(*p - '0');
	}
	*ret = number;
	return true;
}

/* The inverse of civil_from_days: days_from_civil, by Howard Hinnant too. */
static int64_t
days_from_date(int64_t year, uint32_t month, uint32_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	uint32_t yoe = (uint32_t)(y - era * 400);
	uint32_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	uint32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + (int64_t)doe - 719468;
}

/* 2026-11-20T11:15:59.123456789Z, as put_second() and number_nine() wrote it. */
static bool
read_time(const char *p, int64_t *ret)
{
	uint32_t year, month, day, hour, minute, second, rest;

	if (!read_digits(p, 4, &year) || !read_digits(p + 5, 2, &month)
	    || !read_digits(p + 8, 2, &day) || !read_digits(p + 11, 2, &hour)
	    || !read_digits(p + 14, 2, &minute) || !read_digits(p + 17, 2, &second)
	    || !read_digits(p + 20, 9, &rest) || month < 1 || month > 12)
		return false;
	*ret = days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return !__builtin_mul_overflow(*ret, (int64_t)NSEC_PER_SEC, ret)
	    && !__builtin_add_overflow(*ret, (int64_t)rest, ret);
}

static uint64_t
read_mono(const char *p, const char *end)
{
	static const char name[] = ",\"mono_ns\":";
	uint64_t mono = 0;

	if ((size_t)(end - p) < sizeof name || memcmp(p, name, sizeof name - 1) != 0)
		return 0;
	for (p += sizeof name - 1; p < end && *p >= '0' && *p <= '9'; p++)
		mono = mono * 10 + (uint64_t)(*p - '0');
	return mono;
}

/* In an event it stands behind the seq, else at the end of the line. */
static const char *
find_time(const struct encoder *encoder, const char *line, size_t length)
{
	static const char behind[] = "2026-11-20T11:15:59.123456789Z\"}";
	const char *p = line + encoder->event_length;
	size_t most = 20;

	if (line_kind(line) != EVENT_VALUE)
		return line + length - (sizeof behind - 1);
	while (most-- > 0 && *p >= '0' && *p <= '9')
		p++;
	return p + sizeof ",\"time\":\"" - 1;
}

bool
encoder_read_moment(const struct encoder *encoder, const char *line, size_t length,
    struct moment *ret)
{
	const size_t time = sizeof "2026-11-20T11:15:59.123456789Z" - 1;
	const char *p;
	int64_t real;

	if (length < ENCODER_LINE_SHORTEST)
		return false;
	p = find_time(encoder, line, length);
	if (p + time > line + length || !read_time(p, &real))
		return false;
	*ret = (struct moment){
		.real_ns = real,
		.mono_ns = read_mono(p + time + 1, line + length),
	};
	return true;
}

/* json_check.c - the checker, on the way of every ndjson event: one pass of branches, in the
 * order of how often they are taken.  (A table of byte classes is slower.) */
#include <endian.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/json.h"
#include "base/utf8.h"

#define COLD __attribute__((cold, noinline))
#define INLINE inline __attribute__((always_inline))

typedef const unsigned char *byte_pointer;

/* A sealed line has an LF as the last byte that was given.  No value has one in it, so whatever
 * is read stops there by itself, and need not compare with the end. */
enum mode {
	MODE_TEXT,
	MODE_LINE,
	MODE_SEALED,
};

struct scan {
	byte_pointer begin, end;
	byte_pointer wrong;          /* of the fault */
	enum json_fault fault;
};

static COLD byte_pointer
scan_fault(struct scan *scan, byte_pointer at, enum json_fault fault)
{
	scan->wrong = at;
	scan->fault = at == scan->end ? JSON_FAULT_END : fault;
	return NULL;
}

/* What stands where something else was expected: finds the words that help most. */
static COLD byte_pointer
scan_unexpected(struct scan *scan, byte_pointer at, enum json_fault fault)
{
	size_t left = (size_t)(scan->end - at);
	bool letter = left >= 1 && (at[0] | 0x20) >= 'a' && (at[0] | 0x20) <= 'z';

	if (left >= 2 && at[0] == '/' && (at[1] == '/' || at[1] == '*'))
		fault = JSON_FAULT_COMMENT;
	else if (left >= 1 && at[0] == '\'')
		fault = JSON_FAULT_QUOTE;
	else if (left >= 3 && at == scan->begin && at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf)
		fault = JSON_FAULT_BOM;
	else if (left >= 1 && fault == JSON_FAULT_VALUE && (at[0] == '.' || at[0] == '+'))
		fault = JSON_FAULT_NUMBER;
	else if (fault == JSON_FAULT_VALUE && letter)
		fault = JSON_FAULT_WORD;
	return scan_fault(scan, at, fault);
}

static INLINE bool
has(const struct scan *scan, byte_pointer p, enum mode mode)
{
	return mode == MODE_SEALED || p < scan->end;
}

/* Is there this byte? */
static INLINE bool
is(const struct scan *scan, byte_pointer p, enum mode mode, unsigned char byte)
{
	return has(scan, p, mode) && *p == byte;
}

static INLINE byte_pointer
scan_space(const struct scan *scan, byte_pointer p, enum mode mode)
{
	while (has(scan, p, mode) && *p <= ' ' &&
	    (*p == ' ' || *p == '\t' || *p == '\r' || (mode == MODE_TEXT && *p == '\n')))
		p++;
	return p;
}

/* Four hexadecimal digits, or -1. */
static int
hex4(byte_pointer p, byte_pointer end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		unsigned char c = p[i], letter = c | 0x20;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (letter >= 'a' && letter <= 'f')
			value = value << 4 | (letter - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/* Behind a backslash. */
static byte_pointer
scan_escape(struct scan *scan, byte_pointer p)
{
	int unit;

	if (p == scan->end)
		return scan_fault(scan, p, JSON_FAULT_END);
	switch (*p) {
	case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
		return p + 1;
	case 'u':
		break;
	default:
		return scan_fault(scan, p, JSON_FAULT_ESCAPE);
	}
	unit = hex4(p + 1, scan->end);
	if (unit < 0)
		return scan_fault(scan, p, JSON_FAULT_ESCAPE);
	if (unit < 0xd800 || unit > 0xdfff)
		return p + 5;
	if (unit <= 0xdbff && scan->end - p >= 7 && p[5] == '\\' && p[6] == 'u' &&
	    (hex4(p + 7, scan->end) & ~0x3ff) == 0xdc00)
		return p + 11;
	return scan_fault(scan, p, JSON_FAULT_SURROGATE);
}

/* Special is what a string cannot simply pass over: controls, quotes, backslashes and what is
 * not ASCII.
 *
 * Where in its word the first of them is, is found by branches, not counted: branches are
 * predicted (lines of a stream are alike), so that what follows need not wait for the word.
 * This keeps the compiler from making an addition of one. */
#define BRANCH(p) __asm__ volatile("" : "+r"(p))

#ifdef __SSE2__
#define WORD 16
typedef unsigned int special_mask;

/* A bit for each of sixteen bytes.  As signed numbers, controls and what is not ASCII are below
 * space. */
static INLINE special_mask
special_bytes(byte_pointer p)
{
	__m128i word = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i special = _mm_cmplt_epi8(word, _mm_set1_epi8(' '));

	special = _mm_or_si128(special, _mm_cmpeq_epi8(word, _mm_set1_epi8('"')));
	special = _mm_or_si128(special, _mm_cmpeq_epi8(word, _mm_set1_epi8('\\')));
	return (special_mask)_mm_movemask_epi8(special);
}

static INLINE byte_pointer
first_special(byte_pointer p, special_mask special)
{
	if ((special & 0xff) == 0) {
		special >>= 8;
		p += 8;
		BRANCH(p);
	}
	if ((special & 0xf) == 0) {
		special >>= 4;
		p += 4;
		BRANCH(p);
	}
	if ((special & 3) == 0) {
		special >>= 2;
		p += 2;
		BRANCH(p);
	}
	if ((special & 1) == 0) {
		p++;
		BRANCH(p);
	}
	return p;
}
#else
#define WORD 8
typedef uint64_t special_mask;

/* A bit in each of eight bytes.  Only the lowest one is sure, which is the first byte's. */
static INLINE special_mask
special_bytes(byte_pointer p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t word, quote, backslash;

	memcpy(&word, p, sizeof word);
	word = le64toh(word);
	quote = word ^ ones * '"';
	backslash = word ^ ones * '\\';
	return ((word - ones * ' ') | (quote - ones) | (backslash - ones) | word) & tops;
}

static INLINE byte_pointer
first_special(byte_pointer p, special_mask special)
{
	for (; (special & 0x80) == 0; special >>= 8) {
		p++;
		BRANCH(p);
	}
	return p;
}
#endif

/* The first byte that needs a look. */
static INLINE byte_pointer
skip_plain(byte_pointer p, byte_pointer end)
{
	for (; end - p >= WORD; p += WORD) {
		special_mask special = special_bytes(p);

		if (special == 0)
			continue;
		return first_special(p, special);
	}
	while (p < end && *p >= ' ' && *p != '"' && *p != '\\' && *p < 0x80)
		p++;
	return p;
}

/* Behind the opening quote; gives what is behind the closing one. */
static INLINE byte_pointer
scan_string(struct scan *scan, byte_pointer p)
{
	for (;;) {
		p = skip_plain(p, scan->end);
		if (p == scan->end)
			return scan_fault(scan, p, JSON_FAULT_END);
		if (*p == '"')
			return p + 1;
		if (*p >= 0x80) {
			size_t length = utf8_sequence(p, scan->end);

			if (length == 0)
				return scan_fault(scan, p, JSON_FAULT_UTF8);
			p += length;
		} else if (*p == '\\') {
			if ((p = scan_escape(scan, p + 1)) == NULL)
				return NULL;
		} else {
			return scan_fault(scan, p, JSON_FAULT_CONTROL);
		}
	}
}

/* Behind the digits; NULL: there is none. */
static INLINE byte_pointer
scan_digits(struct scan *scan, byte_pointer p, enum mode mode)
{
	byte_pointer begin = p;

	while (has(scan, p, mode) && (unsigned char)(*p - '0') <= 9)
		p++;
	return p > begin ? p : scan_fault(scan, p, JSON_FAULT_NUMBER);
}

/* At its first character; gives what is behind its last. */
static INLINE byte_pointer
scan_number(struct scan *scan, byte_pointer p, enum mode mode)
{
	byte_pointer begin = p + (*p == '-');

	if ((p = scan_digits(scan, begin, mode)) == NULL)
		return NULL;
	if (*begin == '0' && p > begin + 1)
		return scan_fault(scan, begin, JSON_FAULT_NUMBER_ZERO);
	if (is(scan, p, mode, '.') && (p = scan_digits(scan, p + 1, mode)) == NULL)
		return NULL;
	if (!has(scan, p, mode) || (*p | 0x20) != 'e')
		return p;
	p++;
	if (is(scan, p, mode, '+') || is(scan, p, mode, '-'))
		p++;
	return scan_digits(scan, p, mode);
}

/* true, false, null. */
static INLINE byte_pointer
scan_word(struct scan *scan, byte_pointer p, enum mode mode)
{
	const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : "null";
	byte_pointer begin = p;

	for (; *word != '\0'; word++, p++) {
		if (!has(scan, p, mode) || (mode != MODE_TEXT && *p == '\n'))
			return scan_fault(scan, p, JSON_FAULT_END);
		if (*p != (unsigned char)*word)
			return scan_fault(scan, begin, JSON_FAULT_WORD);
	}
	return p;
}

/* Is a comma the last thing before p but for space?  For a fault only. */
static COLD bool
is_behind_comma(const struct scan *scan, byte_pointer p)
{
	while (p > scan->begin && (p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\r' || p[-1] == '\n'))
		p--;
	return p > scan->begin && p[-1] == ',';
}

/* p is where a value, or a member's name, was expected. */
static COLD byte_pointer
scan_missing(struct scan *scan, byte_pointer p, unsigned char bracket, enum json_fault fault)
{
	bool trails = p < scan->end && *p == bracket && is_behind_comma(scan, p);

	return scan_unexpected(scan, p, trails ? JSON_FAULT_TRAILING_COMMA : fault);
}

/* A member's name, the colon, and the space behind it. */
static INLINE byte_pointer
scan_key(struct scan *scan, byte_pointer p, enum mode mode)
{
	if (!is(scan, p, mode, '"'))
		return scan_missing(scan, p, '}', JSON_FAULT_MEMBER);
	if ((p = scan_string(scan, p + 1)) == NULL)
		return NULL;
	if (!is(scan, p, mode, ':')) {
		p = scan_space(scan, p, mode);
		if (!is(scan, p, mode, ':'))
			return scan_unexpected(scan, p, JSON_FAULT_COLON);
	}
	return scan_space(scan, p + 1, mode);
}

/* A number or a word, where a value is expected that is no string and opens no bracket. */
static INLINE byte_pointer
scan_scalar(struct scan *scan, byte_pointer p, enum mode mode)
{
	if (*p == '-' || (unsigned char)(*p - '0') <= 9)
		return scan_number(scan, p, mode);
	if (*p == 't' || *p == 'f' || *p == 'n')
		return scan_word(scan, p, mode);
	return scan_missing(scan, p, ']', JSON_FAULT_VALUE);
}

/* The value that p begins; gives what is behind it.  The order is that of how often things are met.
 */
static INLINE byte_pointer
scan_value(struct scan *scan, byte_pointer p, enum mode mode)
{
	uint64_t objects = 0;        /* which levels are objects, the innermost lowest */
	unsigned int depth = 0;

value:
	if (!has(scan, p, mode))
		return scan_fault(scan, p, JSON_FAULT_END);
	if (*p == '"') {
		if ((p = scan_string(scan, p + 1)) == NULL)
			return NULL;
	} else if (*p == '{') {
		if (depth++ == JSON_DEPTH_MAX)
			return scan_fault(scan, p, JSON_FAULT_DEPTH);
		objects = objects << 1 | 1;
		p = scan_space(scan, p + 1, mode);
		if (is(scan, p, mode, '}'))
			goto close;
		goto member;
	} else if (*p == '[') {
		if (depth++ == JSON_DEPTH_MAX)
			return scan_fault(scan, p, JSON_FAULT_DEPTH);
		objects <<= 1;
		p = scan_space(scan, p + 1, mode);
		if (is(scan, p, mode, ']'))
			goto close;
		goto value;
	} else if ((p = scan_scalar(scan, p, mode)) == NULL)
		return NULL;
	if (depth == 0)
		return p;
behind:
	if (!is(scan, p, mode, ',')) {
		p = scan_space(scan, p, mode);
		if (!has(scan, p, mode))
			return scan_fault(scan, p, JSON_FAULT_END);
		if (*p == '}' || *p == ']') {
			if ((*p == '}') != (objects & 1))
				return scan_fault(scan, p, JSON_FAULT_BRACKET);
			goto close;
		}
		if (*p != ',')
			return scan_unexpected(scan, p, JSON_FAULT_COMMA);
	}
	p = scan_space(scan, p + 1, mode);
	if ((objects & 1) == 0)
		goto value;
member:
	if ((p = scan_key(scan, p, mode)) == NULL)
		return NULL;
	goto value;
close:
	p++;
	objects >>= 1;
	if (--depth == 0)
		return p;
	goto behind;
}

static INLINE enum json_fault
check(const char *text, size_t length, enum mode mode, struct json_checked *ret)
{
	const byte_pointer begin = (byte_pointer)text;
	struct scan scan = { .begin = begin, .end = begin + length };
	byte_pointer first, p;

	first = scan_space(&scan, begin, mode);
	if (!has(&scan, first, mode) || (mode != MODE_TEXT && *first == '\n')) {
		ret->stop = (size_t)(first - begin);
		return JSON_FAULT_EMPTY;
	}
	if ((p = scan_value(&scan, first, mode)) == NULL)
		goto fault;
	ret->begin = (size_t)(first - begin);
	ret->end = (size_t)(p - begin);
	p = scan_space(&scan, p, mode);
	if (has(&scan, p, mode) && !(mode != MODE_TEXT && *p == '\n')) {
		scan_unexpected(&scan, p, JSON_FAULT_BEHIND);
		goto fault;
	}
	ret->stop = (size_t)(p - begin);
	return JSON_FAULT_NONE;
fault:
	ret->stop = (size_t)(scan.wrong - begin);
	if (mode != MODE_TEXT && scan.wrong < scan.end && *scan.wrong == '\n')
		return JSON_FAULT_END;
	return scan.fault;
}

enum json_fault
json_check_line(const char *text, size_t length, struct json_checked *ret)
{
	if (length > 0 && text[length - 1] == '\n')
		return check(text, length, MODE_SEALED, ret);
	return check(text, length, MODE_LINE, ret);
}

enum json_fault
json_check(const char *text, size_t length, struct json_checked *ret)
{
	return check(text, length, MODE_TEXT, ret);
}

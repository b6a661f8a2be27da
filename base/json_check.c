/* json_check.c - the checker, on the way of every ndjson event: one pass of branches, in the order of how often
 * they are taken. (A table of byte classes is slower, and SSE2 on strings of this length too.) */
#include <endian.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

#define COLD __attribute__((cold, noinline))
#define INLINE inline __attribute__((always_inline))

typedef const unsigned char *byte_pointer;

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

	if (left >= 2 && at[0] == '/' && (at[1] == '/' || at[1] == '*'))
		fault = JSON_FAULT_COMMENT;
	else if (left >= 1 && at[0] == '\'')
		fault = JSON_FAULT_QUOTE;
	else if (left >= 3 && at == scan->begin && at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf)
		fault = JSON_FAULT_BOM;
	else if (left >= 1 && fault == JSON_FAULT_VALUE && (at[0] == '.' || at[0] == '+'))
		fault = JSON_FAULT_NUMBER;
	else if (left >= 1 && fault == JSON_FAULT_VALUE && (at[0] | 0x20) >= 'a' && (at[0] | 0x20) <= 'z')
		fault = JSON_FAULT_WORD;
	return scan_fault(scan, at, fault);
}

static INLINE byte_pointer
scan_space(byte_pointer p, byte_pointer end, bool line)
{
	while (p < end && *p <= ' ' && (*p == ' ' || *p == '\t' || *p == '\r' || (!line && *p == '\n')))
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

/* A bit in each of eight bytes that a string cannot simply pass over: controls, quotes, backslashes and what is not
 * ASCII.  Only the lowest one is sure, which is the first byte's. */
static INLINE uint64_t
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

/* The first byte that needs a look. */
static INLINE byte_pointer
skip_plain(byte_pointer p, byte_pointer end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t special = special_bytes(p);

		if (special != 0)
			return p + (__builtin_ctzll(special) >> 3);
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

static INLINE bool
is_digit(byte_pointer p, byte_pointer end)
{
	return p < end && (unsigned char)(*p - '0') <= 9;
}

/* At its first character; gives what is behind its last. */
static INLINE byte_pointer
scan_number(struct scan *scan, byte_pointer p)
{
	const byte_pointer end = scan->end;

	if (*p == '-')
		p++;
	if (p < end && *p == '0') {
		if (is_digit(++p, end))
			return scan_fault(scan, p - 1, JSON_FAULT_NUMBER_ZERO);
	} else {
		if (!is_digit(p, end))
			return scan_fault(scan, p, JSON_FAULT_NUMBER);
		while (is_digit(p, end))
			p++;
	}
	if (p < end && *p == '.') {
		if (!is_digit(++p, end))
			return scan_fault(scan, p, JSON_FAULT_NUMBER);
		while (is_digit(p, end))
			p++;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if (!is_digit(p, end))
			return scan_fault(scan, p, JSON_FAULT_NUMBER);
		while (is_digit(p, end))
			p++;
	}
	return p;
}

/* true, false, null. */
static INLINE byte_pointer
scan_word(struct scan *scan, byte_pointer p)
{
	const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : "null";
	byte_pointer begin = p;

	for (; *word != '\0'; word++, p++) {
		if (p == scan->end)
			return scan_fault(scan, p, JSON_FAULT_END);
		if (*p != (unsigned char)*word)
			return scan_fault(scan, begin, JSON_FAULT_WORD);
	}
	return p;
}

/* A member's name, the colon, and the space behind it.  `comma`: one stood in front. */
static INLINE byte_pointer
scan_key(struct scan *scan, byte_pointer p, bool line, bool comma)
{
	if (p == scan->end || *p != '"') {
		bool trailing = comma && p < scan->end && *p == '}';

		return scan_unexpected(scan, p,
		    trailing ? JSON_FAULT_TRAILING_COMMA : JSON_FAULT_MEMBER);
	}
	if ((p = scan_string(scan, p + 1)) == NULL)
		return NULL;
	p = scan_space(p, scan->end, line);
	if (p == scan->end || *p != ':')
		return scan_unexpected(scan, p, JSON_FAULT_COLON);
	return scan_space(p + 1, scan->end, line);
}

/* A string, number or word, where a value is expected. */
static INLINE byte_pointer
scan_scalar(struct scan *scan, byte_pointer p, bool comma)
{
	if (*p == '"')
		return scan_string(scan, p + 1);
	if (*p == '-' || (unsigned char)(*p - '0') <= 9)
		return scan_number(scan, p);
	if (*p == 't' || *p == 'f' || *p == 'n')
		return scan_word(scan, p);
	return scan_unexpected(scan, p,
	    comma && *p == ']' ? JSON_FAULT_TRAILING_COMMA : JSON_FAULT_VALUE);
}

/* The value that p begins; gives what is behind it.  Which levels are objects is in one word of bits, the
 * innermost lowest. */
static INLINE byte_pointer
scan_value(struct scan *scan, byte_pointer p, bool line)
{
	const byte_pointer end = scan->end;
	uint64_t objects = 0;
	unsigned int depth = 0;
	bool comma = false;

value:
	if (p == end)
		return scan_fault(scan, p, JSON_FAULT_END);
	if (*p == '{' || *p == '[') {
		bool object = *p == '{';

		if (depth++ == JSON_DEPTH_MAX)
			return scan_fault(scan, p, JSON_FAULT_DEPTH);
		objects = objects << 1 | object;
		p = scan_space(p + 1, end, line);
		if (p < end && *p == (object ? '}' : ']'))
			goto close;
		comma = false;
		goto element;
	}
	if ((p = scan_scalar(scan, p, comma)) == NULL)
		return NULL;
behind:
	if (depth == 0)
		return p;
	p = scan_space(p, end, line);
	if (p == end)
		return scan_fault(scan, p, JSON_FAULT_END);
	if (*p == ',') {
		p = scan_space(p + 1, end, line);
		comma = true;
		goto element;
	}
	if (*p != '}' && *p != ']')
		return scan_unexpected(scan, p, JSON_FAULT_COMMA);
	if ((*p == '}') != (objects & 1))
		return scan_fault(scan, p, JSON_FAULT_BRACKET);
close:
	p++;
	objects >>= 1;
	depth--;
	goto behind;
element:
	if ((objects & 1) && (p = scan_key(scan, p, line, comma)) == NULL)
		return NULL;
	if (objects & 1)
		comma = false;
	goto value;
}

static INLINE enum json_fault
check(const char *text, size_t length, bool line, struct json_checked *ret)
{
	const byte_pointer begin = (byte_pointer)text;
	struct scan scan = { .begin = begin, .end = begin + length };
	byte_pointer first, p;

	first = scan_space(begin, scan.end, line);
	if (first == scan.end || (line && *first == '\n')) {
		ret->stop = (size_t)(first - begin);
		return JSON_FAULT_EMPTY;
	}
	if ((p = scan_value(&scan, first, line)) == NULL)
		goto fault;
	ret->begin = (size_t)(first - begin);
	ret->end = (size_t)(p - begin);
	p = scan_space(p, scan.end, line);
	if (p < scan.end && !(line && *p == '\n')) {
		scan_unexpected(&scan, p, JSON_FAULT_BEHIND);
		goto fault;
	}
	ret->stop = (size_t)(p - begin);
	return JSON_FAULT_NONE;
fault:
	ret->stop = (size_t)(scan.wrong - begin);
	if (line && scan.wrong < scan.end && *scan.wrong == '\n')
		return JSON_FAULT_END;
	return scan.fault;
}

enum json_fault
json_check_line(const char *text, size_t length, struct json_checked *ret)
{
	return check(text, length, true, ret);
}

enum json_fault
json_check(const char *text, size_t length, struct json_checked *ret)
{
	return check(text, length, false, ret);
}

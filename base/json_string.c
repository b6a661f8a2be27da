/* json_string.c - what a string means, behind its escapes.  Of checked text; what is wrong in any
 * other means something wrong too, but stays within the span. */
#include <errno.h>
#include <string.h>

#include "base/json.h"

static unsigned int
hex4(const char *p)
{
	unsigned int value = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];

		value = value << 4 | ((c & 0xfu) + (c > '9' ? 9u : 0u));
	}
	return value & 0xffff;
}

static size_t
utf8_write(unsigned int c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | (c >> 18 & 7));
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* At \u: how much of the text it takes goes to *ret_taken. */
static size_t
unescape_unicode(const char *p, const char *end, char *to, size_t *ret_taken)
{
	unsigned int c, low;

	if (end - p < 6) {
		*ret_taken = (size_t)(end - p);
		return 0;
	}
	c = hex4(p + 2);
	*ret_taken = 6;
	if (c >= 0xd800 && c <= 0xdbff && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
		low = hex4(p + 8);
		c = 0x10000 + ((c - 0xd800) << 10) + (low & 0x3ff);
		*ret_taken = 12;
	}
	return utf8_write(c, to);
}

/* The bytes (at most 4) that the text at p means; *p moves behind it. */
static size_t
unescape(const char **p, const char *end, char *to)
{
	static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *name, *at = *p;
	size_t taken, length;

	if (*at != '\\' || end - at < 2) {
		to[0] = *at;
		*p = at + 1;
		return 1;
	}
	if (at[1] == 'u') {
		length = unescape_unicode(at, end, to, &taken);
		*p = at + taken;
		return length;
	}
	name = at[1] == '\0' ? NULL : strchr(names, at[1]);
	to[0] = name != NULL ? bytes[name - names] : at[1];
	*p = at + 2;
	return 1;
}

static bool
is_string(struct json_span span)
{
	return span.length >= 2 && span.text[0] == '"' && span.text[span.length - 1] == '"';
}

bool
json_string_equal(struct json_span string, const char *bytes, size_t length)
{
	const char *p = string.text + 1, *end;
	char piece[4];

	if (!is_string(string))
		return false;
	end = string.text + string.length - 1;
	if (memchr(p, '\\', (size_t)(end - p)) == NULL)
		return (size_t)(end - p) == length && memcmp(p, bytes, length) == 0;
	while (p < end) {
		size_t n = unescape(&p, end, piece);

		if (n > length || memcmp(piece, bytes, n) != 0)
			return false;
		bytes += n;
		length -= n;
	}
	return length == 0;
}

ssize_t
json_string_copy(struct json_span string, char *buffer, size_t size)
{
	const char *p = string.text + 1, *end;
	size_t used = 0;
	char piece[4];

	if (!is_string(string))
		return -EINVAL;
	end = string.text + string.length - 1;
	while (p < end) {
		size_t n = unescape(&p, end, piece);

		if (used + n >= size)
			return -ENOSPC;
		memcpy(buffer + used, piece, n);
		used += n;
	}
	if (used >= size)
		return -ENOSPC;
	buffer[used] = '\0';
	return (ssize_t)used;
}

#include "streams/encode_string.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

#define EVERY_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Has none of eight bytes to be looked at?  (The carries of a subtraction may raise a false alarm
 * in a byte above one that is to be looked at, never elsewhere.) */
static inline bool
eight_plain(uint64_t word)
{
	uint64_t below_space = word - EVERY_BYTE(0x20);
	uint64_t quote = (word ^ EVERY_BYTE('"')) - EVERY_BYTE(1);
	uint64_t backslash = (word ^ EVERY_BYTE('\\')) - EVERY_BYTE(1);

	return ((word | below_space | quote | backslash) & EVERY_BYTE(0x80)) == 0;
}

static inline bool
one_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static char *
put_bytes(char *p, const char *end, const void *bytes, size_t length)
{
	if (length > (size_t)(end - p))
		return NULL;
	memcpy(p, bytes, length);
	return p + length;
}

static char *
put_escape(char *p, const char *end, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	static const char short_names[32] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
		['\r'] = 'r' };
	char escape[6] = { '\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15] };

	if (byte == '"' || byte == '\\')
		escape[1] = (char)byte;
	else if (short_names[byte] != '\0')
		escape[1] = short_names[byte];
	return put_bytes(p, end, escape, escape[1] == 'u' ? 6 : 2);
}

/* How much of an invalid sequence one U+FFFD stands for: what could begin a valid one. */
static size_t
invalid_length(const unsigned char *s, const unsigned char *end)
{
	static const unsigned char fill[3] = { 0x80, 0x80, 0x80 };
	unsigned char sequence[4] = { s[0] };
	size_t length = 1;

	/* As long as other bytes behind would have made it valid. */
	while (length < 4 && s + length < end) {
		bool could;

		memcpy(sequence + 1, s + 1, length);
		memcpy(sequence + length + 1, fill, 3 - length);
		could = utf8_sequence(sequence, sequence + 4) > length;
		if (!could)
			break;
		length++;
	}
	return length;
}

/* A byte that is not plain, and what belongs to it. */
static char *
put_special(char *p, const char *end, const unsigned char **at, const unsigned char *behind)
{
	const unsigned char *s = *at;
	size_t length;

	if (*s < 0x80) {
		*at = s + 1;
		return put_escape(p, end, *s);
	}
	length = utf8_sequence(s, behind);
	if (length > 0) {
		*at = s + length;
		return put_bytes(p, end, s, length);
	}
	*at = s + invalid_length(s, behind);
	return put_bytes(p, end, "\xef\xbf\xbd", 3);
}

char *
encode_string(char *p, const char *end, const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *)bytes, *behind = s + length;
	uint64_t word;

	if (end - p < 2)
		return NULL;
	*p++ = '"';
	while (s < behind && p != NULL) {
		if (behind - s >= 8 && end - p >= 8) {
			memcpy(&word, s, 8);
			if (eight_plain(word)) {
				memcpy(p, &word, 8);
				p += 8;
				s += 8;
				continue;
			}
		}
		if (!one_plain(*s))
			p = put_special(p, end, &s, behind);
		else if (p < end)
			*p++ = (char)*s++;
		else
			p = NULL;
	}
	if (p == NULL || p == end)
		return NULL;
	*p++ = '"';
	return p;
}

static char *
put_base64_three(char *p, uint32_t three)
{
	static const char digits[]
	    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	*p++ = digits[three >> 18];
	*p++ = digits[three >> 12 & 63];
	*p++ = digits[three >> 6 & 63];
	*p++ = digits[three & 63];
	return p;
}

char *
encode_base64(char *p, const char *end, const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *)bytes;

	if ((length + 2) / 3 * 4 + 2 > (size_t)(end - p))
		return NULL;
	*p++ = '"';
	for (; length >= 3; length -= 3, s += 3)
		p = put_base64_three(p, (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2]);
	if (length > 0) {
		p = put_base64_three(
		    p, (uint32_t)s[0] << 16 | (length > 1 ? (uint32_t)s[1] << 8 : 0));
		p[-1] = '=';
		if (length == 1)
			p[-2] = '=';
	}
	*p++ = '"';
	return p;
}

/* utf8.h - one UTF-8 sequence (RFC 3629). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

static inline bool
utf8_continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The length, 2 to 4, of the valid sequence of a character above U+007F that p begins with; 0: it
 * is none, or does not end before `end`. */
static inline size_t
utf8_sequence(const unsigned char *p, const unsigned char *end)
{
	size_t left = (size_t)(end - p);
	unsigned char low = 0x80, high = 0xbf;

	if (p[0] < 0xe0)
		return p[0] >= 0xc2 && left >= 2 && utf8_continues(p[1]) ? 2 : 0;
	if (left < 3 || !utf8_continues(p[2]))
		return 0;
	if (p[0] == 0xe0 || p[0] == 0xf0)   /* overlong below */
		low = p[0] == 0xe0 ? 0xa0 : 0x90;
	else if (p[0] == 0xed || p[0] == 0xf4)   /* surrogates; above U+10FFFF */
		high = p[0] == 0xed ? 0x9f : 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	if (p[0] < 0xf0)
		return 3;
	return p[0] <= 0xf4 && left >= 4 && utf8_continues(p[3]) ? 4 : 0;
}

#endif

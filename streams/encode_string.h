/* encode_string.h - bytes as JSON strings. */
#ifndef STREAMS_ENCODE_STRING_H
#define STREAMS_ENCODE_STRING_H

#include <stddef.h>

/* Each writes to p, with the quotes, and returns what is behind them; NULL: not all fits before
 * `end`. */

/* Escaped as RFC 8259, 7 asks and no further; what is not UTF-8 (RFC 3629) becomes U+FFFD, one for
 * each maximal part of a sequence (Unicode 15, 3.9, "U+FFFD Substitution of Maximal Subparts"). */
char *encode_string(char *p, const char *end, const char *bytes, size_t length);

/* RFC 4648, 4, with padding. */
char *encode_base64(char *p, const char *end, const char *bytes, size_t length);

#endif

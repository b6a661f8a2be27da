/* number.h - numbers as JSON has them (RFC 8259, 6), without a NUL behind them. */
#ifndef STREAMS_NUMBER_H
#define STREAMS_NUMBER_H

#include <stdint.h>

#define NUMBER_MAX 25    /* characters: "-0.0000012345678901234567" */
#define NUMBER_ROOM 32   /* bytes that are free where one is written; some are used as scratch */

/* Each writes to p and returns what is behind the last character. */
char *number_unsigned(char *p, uint64_t number);
char *number_signed(char *p, int64_t number);

/* The shortest decimal that reads back as the same double, and of those the nearest, in the
 * notation of ECMA-262's Number::toString (6.1.6.1.20), but with the sign of -0.  What is not
 * finite is null. */
char *number_double(char *p, double number);

/* Exactly two, or nine, digits, with zeros in front. */
char *number_two(char *p, uint32_t number);
char *number_nine(char *p, uint32_t number);

#endif

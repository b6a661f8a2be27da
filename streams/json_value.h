/* json_value.h - looking into an event's value, whichever way it is held. */
#ifndef STREAMS_JSON_VALUE_H
#define STREAMS_JSON_VALUE_H

#include "base/json.h"
#include "streams/event.h"

/* A value as a number: integers, doubles, and the number that a JSON text is.  False: it is
 * none. */
bool json_value_number(const struct json_value *value, double *ret);

/* A value within a value: for a path that is NULL or "" the value itself.  False: there is none. */
bool json_value_member(const struct json_value *value, const char *path, struct json_value *ret);

/* The bytes of a string, unescaped, if need be into *scratch, which the caller frees at last and
 * which grows with the longest (scratch_size).  -EINVAL: it is no string; -ENOMEM. */
int json_value_string(const struct json_value *value, char **scratch, size_t *scratch_size,
    const char **ret, size_t *ret_length);

/* Is the value what this JSON text (compact, checked) says?  Numbers are compared as doubles,
 * strings unescaped; arrays and objects by their tokens, so that the order of members matters. */
bool json_value_equal(const struct json_value *value, const char *text, size_t length);

/* number * factor.  Where the factor was meant as a fraction (0.001, 0.0625) it divides, so that
 * what the decimals say comes out: 21437 by 0.001 is 21.437, not 21.437000000000001. */
double json_number_scale(double number, double factor);

/* To so many digits, 0 to 15, behind the decimal point, half away from zero. */
double json_number_round(double number, int digits);

#endif

/* value.h - the values of FORMAT.md in one word of the runtime:
 *	undefined               0
 *	a promise               the address of a counted struct promise
 *	an integer, a string or
 *	a thenable              the address of a box, plus 1
 *	an error of the runtime a negative errno
 * so that a promise is the same word where the runtime hands promises on (STEP_YIELD_PROMISE). */
#ifndef TRACE_VALUE_H
#define TRACE_VALUE_H

#include <stdbool.h>

#include "async/promise.h"

union value value_integer(long long integer);
union value value_string(const char *text);   /* borrowed */
union value value_thenable(union value inner);   /* its then(resolve) calls resolve(inner) */
union value value_of_thenable(union value thenable);

/* Takes the reference over, until the end of the run. */
union value value_promise(struct promise *promise);

bool value_is_promise(union value value);
bool value_is_thenable(union value value);

/* A promise or a thenable: what an await has to wait for. */
bool value_is_awaited(union value value);

/* ===: same type and same value; a promise is equal to itself. */
bool value_equal(union value a, union value b);

/* As a trace shows it; valid until the end of the run. */
const char *value_show(union value value);

/* The promise resolve function of `promise`, given the value. */
void value_resolve(struct promise *promise, union value value);

/* PromiseResolve: the promise itself or a new one.  The reference is the caller's. */
struct promise *value_to_promise(union value value);

/* The promise that stands for an awaited value in a sync iterator's result, NULL for a plain one,
 * and the value that it stands for.  The promise lives until the end of the run. */
struct promise *value_in_result(union value value);
union value value_of_result(union value value);

/* A new promise, resolved with (or rejected by) the value `ms` from now. */
struct promise *value_later(long long ms, union value value);
struct promise *error_later(long long ms, union value reason);

#endif

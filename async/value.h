/* value.h - an ECMAScript language value, as the runtime sees it: one word that it never
 * looks into.  What a word means is between the body that yields it and the loop that takes it:
 * a pointer to an event, a count, an interpreter's box.  Whether a value is a promise is said
 * beside it, where it matters (ECMA-262 asks the value itself).
 *
 * A rejection's reason is a value too; awaitd's own code uses a negative errno in `number`. */
#ifndef ASYNC_VALUE_H
#define ASYNC_VALUE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

union value {
	void *pointer;
	const void *constant;
	intptr_t number;
};

/* The runtime's own TypeError (a result that is not an object, no throw method). */
#define TYPE_ERROR (-EPROTOTYPE)

static inline union value
value_undefined(void)
{
	return (union value){ .pointer = NULL };
}

static inline union value
value_pointer(void *pointer)
{
	return (union value){ .pointer = pointer };
}

static inline union value
value_number(intptr_t number)
{
	return (union value){ .number = number };
}

/* ECMA-262 6.2.4, Completion Records: how a step of a body ended, or what a request asks for.
 * break and continue never leave a function and are not here. */
enum completion_type {
	COMPLETION_NORMAL,
	COMPLETION_THROW,
	COMPLETION_RETURN,
};

#endif

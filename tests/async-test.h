/* async-test.h - what the tests of generators share: requests that remember their answer, a diary
 * of what happened in which order, and a promise that nobody settles. */
#ifndef TESTS_ASYNC_TEST_H
#define TESTS_ASYNC_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "async/async_generator.h"

struct ask {
	struct iterator_request request;
	struct job job;
	int heard;               /* how often it was answered */
	bool rejected, done;
	union value value;
};

/* `ask` is zeroed, or has been answered. */
void ask_next(struct ask *ask, struct iterator *iterator);
void ask_return(struct ask *ask, struct iterator *iterator, intptr_t number);
void ask_return_promise(struct ask *ask, struct iterator *iterator, struct promise *promise);
void ask_throw(struct ask *ask, struct iterator *iterator, int error);
void ask_close(struct ask *ask, struct iterator *iterator);

void assert_pending(const struct ask *ask);
void assert_value(const struct ask *ask, intptr_t number);
void assert_done(const struct ask *ask, intptr_t number);
void assert_rejected(const struct ask *ask, int error);

/* Runs all jobs. */
void drain(void);

/* Adds words to the diary; asserting empties it. */
void note(const char *words);
void assert_diary(const char *words);
void assert_diary_ends(const char *words);

/* A pending promise; the reference is the caller's.  never_settles_ends(): nobody has one now. */
struct promise *never_settles(void);
void never_settles_ends(void);

size_t live_generators(void);

/* What every test ends with: no job, no generator, nothing in the diary. */
void assert_quiet(void);

#endif

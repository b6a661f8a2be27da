/* async-bodies.h - generators for the tests of cancel, which write in the diary. */
#ifndef TESTS_ASYNC_BODIES_H
#define TESTS_ASYNC_BODIES_H

#include "async-test.h"

/* "begin"; yields 1 to `yields`, then waits for what nobody settles.  FINALLY does the same `cleanups`
 * times, with "cleanup" before each; "end". */
struct iterator *waiter_new(int yields, int cleanups);

/* An operator over `of`, which it owns: passes everything on, closes, writes its name. */
struct iterator *pass_new(const char *name, struct iterator *of);

/* Eight of them, "1" next to the source. */
struct iterator *chain_new(struct iterator *source);

#endif

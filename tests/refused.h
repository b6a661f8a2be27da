/* refused.h - allocations that fail when the test says so.  Linked with --wrap= for malloc, calloc,
 * realloc, reallocarray and strdup. */
#ifndef TESTS_REFUSED_H
#define TESTS_REFUSED_H

#include <stdbool.h>

/* The test's own: asked at each allocation; true: this one fails. */
bool refused(void);

#endif

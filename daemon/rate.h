/* rate.h - how often one stream or sink may say something: RATE_BURST lines, then silence until
 * RATE_WINDOW_NS have passed since the first of them, then a line that says how many were not
 * shown.
 *
 * The table has a fixed size; names that share a place in it share its limit, too. */
#ifndef DAEMON_RATE_H
#define DAEMON_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_BURST 10
#define RATE_WINDOW_NS UINT64_C(10000000000)

/* May a line about `name` be written now?  No: it is counted. */
bool rate_allows(const char *name, uint64_t mono_ns);

/* For each name whose window is over and that was kept silent: how many lines were not shown.  It
 * begins anew then. */
void rate_each_over(uint64_t mono_ns,
    void (*each)(const char *name, uint64_t suppressed, void *context), void *context);

/* All windows begin anew. */
void rate_reset(void);

#endif

/* duration.h - "250ms", "1.5s", "2m": a number and its unit, a bare number being seconds. */
#ifndef CLIENTS_DURATION_H
#define CLIENTS_DURATION_H

#include <stdint.h>

/* Units: ns, us, ms, s, m, h, d.  -EINVAL, and the output untouched, for anything else. */
int duration_parse(const char *text, uint64_t *ret_ns);

/* "0.12 ms", "3.4 s": three digits at most that mean something. */
const char *duration_text(uint64_t ns, char text[static 32]);

/* A moment of CLOCK_MONOTONIC in ns; DEADLINE_NONE never comes. */
#define DEADLINE_NONE UINT64_MAX
uint64_t clock_now(void);
uint64_t deadline_after(uint64_t ns);

#endif

/* clock.h - the two clocks that stand on every event (clock_gettime(2)).
 *
 * CLOCK_MONOTONIC orders events and survives a step of the wall clock; CLOCK_REALTIME is what
 * people read, and is derived from the first when an event is read.  Nanoseconds throughout. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC UINT64_C(1000000000)

struct moment {
	uint64_t mono_ns;   /* CLOCK_MONOTONIC */
	int64_t real_ns;    /* CLOCK_REALTIME, since the epoch */
};

uint64_t clock_mono_ns(void);
int64_t clock_real_ns(void);

/* Both, read one after the other. */
struct moment moment_now(void);

/* A moment that the kernel stamped by CLOCK_MONOTONIC, with the wall clock's offset of now. */
struct moment moment_of_mono(uint64_t mono_ns);

#endif

/* fanout.h - what the producer and the readers of a run know. */
#ifndef BENCH_FANOUT_H
#define BENCH_FANOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "bench/dialect.h"

#define READERS_MAX 8192
#define BATCH_MAX 1024

/* Between the processes of a run. */
struct shared {
	_Atomic uint64_t delivered[READERS_MAX];   /* to each reader */
	_Atomic uint64_t wrong;                    /* deliveries out of order, repeated or lost */
	_Atomic bool ready, stop;
	struct histogram latency;                  /* the readers' */
};

struct fanout {
	const struct dialect *dialect;
	const char *in_address, *out_address;
	const char *flood_address;                 /* of another stream, flooded meanwhile; NULL: none */
	size_t readers, batch;
	size_t window;                             /* events under way beyond the slowest reader */
	double seconds;
	double rate;                               /* events a second, each stamped; 0: all that go */
	bool dead;
	struct shared *shared;
};

struct produced {
	uint64_t sent;
	uint64_t silence_ns;                       /* longest time in which the slowest reader got nothing */
	double seconds;                            /* until the last delivery */
};

/* Subscribes `readers` and, if asked for, a dead one; says ready; checks every delivery until told
 * to stop.  In a process of its own. */
_Noreturn void readers_run(const struct fanout *run);

/* Sends for `seconds` and waits until all is delivered, or nothing has been for GIVE_UP_NS. */
#define GIVE_UP_NS (20 * UINT64_C(1000000000))
void produce(const struct fanout *run, struct produced *ret);

/* Writes events to `address` as fast as they are taken.  In a process of its own. */
_Noreturn void produce_without_end(const char *address);

/* Events delivered to the reader that has got fewest. */
uint64_t fanout_slowest(const struct fanout *run);

#endif

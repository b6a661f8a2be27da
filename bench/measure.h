/* measure.h - nanoseconds per call: the best of several rounds, which is what the code costs when
 * nobody else is at work. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"

#define MEASURE_ROUNDS 9

/* Runs `calls` calls of what is measured, in one go. */
typedef void (*measured)(void *context, unsigned long calls);

static inline double
measure(measured run, void *context, unsigned long calls)
{
	double best = 0;

	for (int i = 0; i < MEASURE_ROUNDS; i++) {
		uint64_t begin = clock_mono_ns();
		double each;

		run(context, calls);
		each = (double)(clock_mono_ns() - begin) / (double)calls;
		if (i == 0 || each < best)
			best = each;
	}
	return best;
}

static inline void
measure_print(const char *what, measured run, void *context, unsigned long calls)
{
	printf("%-44s %7.1f ns\n", what, measure(run, context, calls));
}

#endif

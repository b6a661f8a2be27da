#include "base/clock.h"

#include <time.h>

static int64_t
clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * (int64_t)NSEC_PER_SEC + ts.tv_nsec;
}

uint64_t
clock_mono_ns(void)
{
	return (uint64_t)clock_ns(CLOCK_MONOTONIC);
}

int64_t
clock_real_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

struct moment
moment_now(void)
{
	return (struct moment){ .mono_ns = clock_mono_ns(), .real_ns = clock_real_ns() };
}

struct moment
moment_of_mono(uint64_t mono_ns)
{
	struct moment now = moment_now();

	return (struct moment){
		.mono_ns = mono_ns,
		.real_ns = now.real_ns - (int64_t)(now.mono_ns - mono_ns),
	};
}

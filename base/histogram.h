/* histogram.h - a log-linear histogram of u64 values (nanoseconds, bytes): 16 linear buckets to each
 * power of two, so that a quantile is known to 1/16 of itself, in constant memory, without
 * allocation.  The shape is HdrHistogram's. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_LINEAR_BITS 4
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_LINEAR_BITS + 1) << HISTOGRAM_LINEAR_BITS)

/* Zeroed is empty. */
struct histogram {
	uint64_t count, max;
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

/* Also the way to keep buckets elsewhere: the index of a value's bucket, and the largest value that
 * a bucket stands for. */
static inline unsigned int
histogram_bucket(uint64_t value)
{
	unsigned int shift;

	if (value >> HISTOGRAM_LINEAR_BITS == 0)
		return (unsigned int)value;
	shift = 63U - (unsigned int)__builtin_clzll(value) - HISTOGRAM_LINEAR_BITS;
	return ((shift + 1) << HISTOGRAM_LINEAR_BITS)
	    + (unsigned int)(value >> shift & ((1U << HISTOGRAM_LINEAR_BITS) - 1));
}

uint64_t histogram_bucket_top(unsigned int bucket);

static inline void
histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->buckets[histogram_bucket(value)]++;
	histogram->count++;
	if (value > histogram->max)
		histogram->max = value;
}

/* The value that `fraction` (0 to 1) of all are at most; 0 when empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double fraction);

#endif

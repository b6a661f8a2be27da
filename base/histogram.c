#include "base/histogram.h"

uint64_t
histogram_bucket_top(unsigned int bucket)
{
	unsigned int shift = bucket >> HISTOGRAM_LINEAR_BITS;
	uint64_t within = bucket & ((1U << HISTOGRAM_LINEAR_BITS) - 1);

	if (shift == 0)
		return within;
	shift--;
	within += UINT64_C(1) << HISTOGRAM_LINEAR_BITS;
	return (within << shift) + ((UINT64_C(1) << shift) - 1);
}

uint64_t
histogram_quantile(const struct histogram *histogram, double fraction)
{
	uint64_t wanted = (uint64_t)(fraction * (double)histogram->count), seen = 0;

	if (wanted >= histogram->count)
		return histogram->max;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t top = histogram_bucket_top(i);

		seen += histogram->buckets[i];
		if (seen > wanted)
			return top < histogram->max ? top : histogram->max;
	}
	return histogram->max;
}

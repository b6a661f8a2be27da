/* quantity.h - durations and sizes as people write them. */
#ifndef CONFIG_QUANTITY_H
#define CONFIG_QUANTITY_H

#include <stdint.h>

/* "250ns", "10us", "5ms", "1.5s", "2m", "1h", "7d", in nanoseconds.  -EINVAL: none; -ERANGE:
 * above 292 years. */
int duration_parse(const char *text, int64_t *ret);

/* "4096", "64KiB", "1MiB" (powers of 1024), "10kB", "10MB" (powers of 1000), "512B".  -EINVAL, or
 * -ERANGE: above 2^63. */
int size_parse(const char *text, uint64_t *ret);

#endif

/* gpio_slow.h - what of a line may block: requesting it and reading its value, since an expander's
 * bus is slow.  For blocking.h: all of it lies in the call's data. */
#ifndef SOURCES_GPIO_SLOW_H
#define SOURCES_GPIO_SLOW_H

#include "base/clock.h"
#include "sources/gpio_chip.h"
#include "sources/gpio_line.h"

struct gpio_line {
	char *chip, *name;
	struct gpio_request request;
	char path[GPIO_PATH_MAX];
	int fd;                      /* -1: none */
	int error, value;            /* of the last call */
	uint64_t before_ns;          /* the value is not older than this */
	struct moment time;
};

/* chip and name may be NULL.  0 or -ENOMEM; gpio_slow_fini() is called in either case. */
int gpio_slow_init(struct gpio_line *line, const char *chip, const char *name);
void gpio_slow_fini(void *data);

/* Calls: they give 0, and their errors are in line->error, so that their message can be told.
 * open: finds the chip, requests the line, and reads its value; value: reads it again. */
int gpio_slow_open(void *data);
int gpio_slow_value(void *data);

#endif

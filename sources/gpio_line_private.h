/* gpio_line_private.h - how a line is requested of libgpiod:
 *	gpio_line_gpiod.c	what is the same with both of its versions
 *	gpio_line_v1.c		libgpiod 1.6
 *	gpio_line_v2.c		libgpiod 2 */
#ifndef SOURCES_GPIO_LINE_PRIVATE_H
#define SOURCES_GPIO_LINE_PRIVATE_H

#include <gpiod.h>

#include "sources/gpio_line.h"

/* Notes it in request->message; returns `error`. */
int gpio_line_fail(struct gpio_request *request, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A duplicate of libgpiod's fd, which outlives that, or -errno. */
int gpio_line_keep(int fd);

/* Of each version its own: gpio_line_request() and gpio_line_has(), of a chip that is open. */
int gpio_line_request_of(struct gpio_request *request, struct gpiod_chip *chip);
int gpio_line_find(struct gpiod_chip *chip, const char *name);

#endif

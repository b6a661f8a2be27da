/* gpio_debounce.h - debouncing in software, where the kernel does not: an edge is held back until
 * the line has then been stable for so long.  What is held back is in struct gpio_kept, so that
 * a successor goes on with it. */
#ifndef SOURCES_GPIO_DEBOUNCE_H
#define SOURCES_GPIO_DEBOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sources/gpio_kept.h"
#include "sources/gpio_line.h"

/* Holds this edge back, in place of the one before it. */
void gpio_debounce_hold(struct gpio_kept *kept, const struct gpio_edge *edge);

/* When the one that is held back has been stable for long enough; UINT64_MAX: none is held back.
 * Then it is to be let go, before what comes later is looked at. */
uint64_t gpio_debounce_due(const struct gpio_kept *kept, uint64_t debounce_ns);

/* Lets it go.  True: the value is another one, as of kept->pending_ns; false: it bounced back to
 * where it was. */
bool gpio_debounce_release(struct gpio_kept *kept);

#endif

/* gpio_kept.h - what the gpio source keeps of its line, committed with each event.  A successor
 * reads it as its predecessor left it. */
#ifndef SOURCES_GPIO_KEPT_H
#define SOURCES_GPIO_KEPT_H

#include <stdint.h>

/* What is still to be done: of a queue that was full, and does not count; of a line that is new. */
enum gpio_loss { LOSS_NONE, LOSS_TO_TELL, LOSS_TO_READ, VALUE_TO_TELL };

struct gpio_kept {
	uint64_t initial_ns;         /* when its value was read; edges before that are in it */
	uint64_t pending_ns;         /* debouncing: the last edge, and where it went */
	uint32_t seqno;              /* the last one seen */
	uint8_t value;               /* what was told last */
	uint8_t fresh;               /* there was no edge since the value was read */
	uint8_t pending, pending_value;
	uint8_t loss;                /* enum gpio_loss */
};

#endif

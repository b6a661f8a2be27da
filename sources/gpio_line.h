/* gpio_line.h - the seam between the gpio source and the kernel: gpio_line_v1.c over libgpiod
 * 1.6 (the kernel's uAPI v1), gpio_line_v2.c over libgpiod 2 (uAPI v2), and what tests put in
 * their place.
 *
 * libgpiod requests a line and is then done: what is left is the line's fd, which holds the line
 * for as long as any duplicate of it is open, and can be stored and adopted.  Events are read
 * from it as the kernel's own structs, into memory of the caller's. */
#ifndef SOURCES_GPIO_LINE_H
#define SOURCES_GPIO_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum gpio_chosen { GPIO_BOTH, GPIO_RISING, GPIO_FALLING };
enum gpio_bias { GPIO_AS_IS, GPIO_DISABLED, GPIO_PULL_UP, GPIO_PULL_DOWN };

#define GPIO_MESSAGE_MAX 200

struct gpio_request {
	const char *chip;            /* its path */
	const char *name;            /* of the line; NULL: by offset */
	unsigned int offset;
	int edges, bias;             /* enum gpio_chosen, enum gpio_bias */
	bool active_low;
	uint64_t debounce_ns;        /* only where gpio_line_debounces */
	unsigned int queue;          /* events that the kernel holds; only where gpio_line_counts */
	char message[GPIO_MESSAGE_MAX];   /* why it failed; else which line it is */
};

/* An edge as the kernel saw it. */
struct gpio_edge {
	uint64_t mono_ns;
	uint32_t seqno;              /* of the line, from 1; only where gpio_line_counts */
	bool rising;                 /* to active */
};

/* Does the kernel count events, so that a loss shows, and does it debounce? */
extern const bool gpio_line_counts, gpio_line_debounces;

/* So many events at once may mean that the kernel's queue was full, where it does not count;
 * else 0. */
extern const unsigned int gpio_line_full;

/* Bytes of an event. */
extern const size_t gpio_line_event_size;

/* Requests the line, for which it may block.  A fd, non-blocking and close-on-exec, or -errno. */
int gpio_line_request(struct gpio_request *request);

/* Does the chip have a line of this name?  0, -ENOENT, -errno. */
int gpio_line_has(const char *chip, const char *name);

/* The line's value now, 1: active.  May block.  -errno. */
int gpio_line_value(int fd);

/* Reads events, each one whole.  How many bytes, or -errno; -EAGAIN: none is there. */
ssize_t gpio_line_read(int fd, void *memory, size_t size);

/* The i-th event that was read; false: memory that was zero is so still. */
bool gpio_line_event(const void *memory, size_t i, struct gpio_edge *ret);

/* Is its chip still there?  A chip that goes is not told by epoll on every kernel (on 6.1 it is
 * not), but by a fresh poll() on all. */
bool gpio_line_is_there(int fd);

#endif

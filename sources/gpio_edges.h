/* gpio_edges.h - the edges of a line, on their way from the kernel to events, in memory that
 * survives SIGKILL.
 *
 * In the source's bulk: two halves for one read(2) each.  The idle half is zeroed, one store
 * makes it the active one, and then the kernel fills it: arrived are its leading events with a
 * time other than 0, whether read() has returned or not. */
#ifndef SOURCES_GPIO_EDGES_H
#define SOURCES_GPIO_EDGES_H

#include "sources/gpio_line.h"
#include "sources/source.h"

#define GPIO_BATCH 64

struct gpio_bulk {
	uint32_t generation;         /* of the requested line; 0: there was none yet */
	uint32_t unused;
	uint64_t done;               /* edges of this generation that are settled */
	uint64_t reads;              /* the active half is reads & 1 */
	uint64_t base[2];            /* how many edges had come before this half's first */
};

struct gpio_edges {
	struct gpio_bulk *bulk;
	size_t count;                /* in the active half */
	size_t at;                   /* the next of them */
	bool drained;                /* the kernel had no more */
};

/* Finds what a predecessor left.  0 or -errno. */
int gpio_edges_open(struct gpio_edges *edges, struct source *source);

/* For a line that is requested anew: nothing is left of the one before. */
void gpio_edges_begin(struct gpio_edges *edges, const struct source *source);

/* One read.  What came before must be settled.  0, also when there was nothing; -errno. */
int gpio_edges_read(struct gpio_edges *edges, int fd);

/* The next edge, which stays the next; false: none is left. */
bool gpio_edges_peek(const struct gpio_edges *edges, struct gpio_edge *ret);

/* Up to the edges that have been taken. */
struct position gpio_edges_position(const struct gpio_edges *edges);

/* What was taken is settled. */
void gpio_edges_settle(struct gpio_edges *edges, struct source *source);

#endif

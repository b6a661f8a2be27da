#include "sources/gpio_edges.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#define HALVES_OFFSET 64

_Static_assert(sizeof(struct gpio_bulk) <= HALVES_OFFSET, "the halves are behind it");

static size_t
half_size(void)
{
	return GPIO_BATCH * gpio_line_event_size;
}

static unsigned char *
half_of(const struct gpio_edges *edges, uint64_t i)
{
	return (unsigned char *)edges->bulk + HALVES_OFFSET + (i & 1) * half_size();
}

/* For who comes after our death the compiler's order is all it takes. */
static void
barrier(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static size_t
edges_arrived(const struct gpio_edges *edges)
{
	const unsigned char *half = half_of(edges, edges->bulk->reads);
	struct gpio_edge edge;
	size_t i = 0;

	while (i < GPIO_BATCH && gpio_line_event(half, i, &edge))
		i++;
	return i;
}

static uint64_t
edges_base(const struct gpio_edges *edges)
{
	return edges->bulk->base[edges->bulk->reads & 1];
}

int
gpio_edges_open(struct gpio_edges *edges, struct source *source)
{
	const struct position position = source_position(source);
	struct extent *extent;
	int r = source_bulk(source, HALVES_OFFSET + 2 * half_size(), &extent);

	if (r < 0)
		return r;
	edges->bulk = extent->memory;
	r = extent_lock(extent, 0, HALVES_OFFSET + 2 * half_size());
	if (r < 0)
		source_log(source, LOG_NOTICE, "its memory cannot be locked: %s; a kill may cost "
		    "the edges that are being read", strerror(-r));
	edges->count = edges_arrived(edges);
	if (position.generation == edges->bulk->generation && position.consumed > edges->bulk->done)
		edges->bulk->done = position.consumed;
	if (edges->bulk->done < edges_base(edges)
	    || edges->bulk->done > edges_base(edges) + edges->count)
		edges->bulk->done = edges_base(edges) + edges->count;
	edges->at = (size_t)(edges->bulk->done - edges_base(edges));
	return 0;
}

void
gpio_edges_begin(struct gpio_edges *edges, const struct source *source)
{
	uint32_t before = source_position(source).generation;

	if (before < edges->bulk->generation)
		before = edges->bulk->generation;
	memset(edges->bulk, 0, HALVES_OFFSET + 2 * half_size());
	barrier();
	edges->bulk->generation = before + 1;
	edges->count = edges->at = 0;
}

int
gpio_edges_read(struct gpio_edges *edges, int fd)
{
	struct gpio_bulk *bulk = edges->bulk;
	uint64_t next = bulk->reads + 1;
	ssize_t n;

	memset(half_of(edges, next), 0, half_size());
	bulk->base[next & 1] = edges_base(edges) + edges->count;
	barrier();
	bulk->reads = next;
	barrier();
	n = gpio_line_read(fd, half_of(edges, next), half_size());
	barrier();
	edges->count = edges_arrived(edges);
	edges->at = 0;
	edges->drained = n < (ssize_t)half_size();
	return n < 0 && n != -EAGAIN ? (int)n : 0;
}

bool
gpio_edges_peek(const struct gpio_edges *edges, struct gpio_edge *ret)
{
	return edges->at < edges->count
	    && gpio_line_event(half_of(edges, edges->bulk->reads), edges->at, ret);
}

struct position
gpio_edges_position(const struct gpio_edges *edges)
{
	return (struct position){
		.generation = edges->bulk->generation,
		.consumed = edges_base(edges) + edges->at,
	};
}

void
gpio_edges_settle(struct gpio_edges *edges, struct source *source)
{
	const struct position position = gpio_edges_position(edges);

	source_settle(source, &position);
	edges->bulk->done = position.consumed;
}

/* heap.h - a binary heap of nodes that lie in what they order, so that putting one in allocates
 * nothing and cannot fail.  The order is by `key`, and among equal keys by `order`. */
#ifndef ASYNC_HEAP_H
#define ASYNC_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
	struct heap_node *parent, *child[2];
	uint64_t key, order;
};

struct heap {
	struct heap_node *root;      /* the smallest; NULL when empty */
	size_t count;
};

/* The node's key and order are set, and stay as they are while it is in. */
void heap_insert(struct heap *heap, struct heap_node *node);

void heap_remove(struct heap *heap, struct heap_node *node);

#endif

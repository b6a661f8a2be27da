/* A complete tree: the n-th node's way from the root is in the bits of n below its highest. */
#include "async/heap.h"

#include <stdbool.h>

static bool
node_before(const struct heap_node *a, const struct heap_node *b)
{
	return a->key < b->key || (a->key == b->key && a->order < b->order);
}

/* Where the n-th node, counted from 1, hangs; *ret_parent is whom it hangs on. */
static struct heap_node **
heap_place(struct heap *heap, size_t n, struct heap_node **ret_parent)
{
	struct heap_node **place = &heap->root;

	*ret_parent = NULL;
	for (int bit = 62 - __builtin_clzll(n); bit >= 0; bit--) {
		*ret_parent = *place;
		place = &(*place)->child[n >> bit & 1];
	}
	return place;
}

static void
node_adopt_children(struct heap_node *node)
{
	if (node->child[0] != NULL)
		node->child[0]->parent = node;
	if (node->child[1] != NULL)
		node->child[1]->parent = node;
}

static struct heap_node **
node_place(struct heap *heap, struct heap_node *node)
{
	if (node->parent == NULL)
		return &heap->root;
	return &node->parent->child[node->parent->child[1] == node];
}

/* Swaps a node with its parent. */
static void
node_rise(struct heap *heap, struct heap_node *node)
{
	struct heap_node *parent = node->parent;
	int side = parent->child[1] == node;
	struct heap_node *sibling = parent->child[!side];
	struct heap_node *children[2] = { node->child[0], node->child[1] };

	*node_place(heap, parent) = node;
	node->parent = parent->parent;
	node->child[side] = parent;
	node->child[!side] = sibling;
	parent->child[0] = children[0];
	parent->child[1] = children[1];
	node_adopt_children(node);
	node_adopt_children(parent);
}

static void
node_rise_far(struct heap *heap, struct heap_node *node)
{
	while (node->parent != NULL && node_before(node, node->parent))
		node_rise(heap, node);
}

static void
node_sink_far(struct heap *heap, struct heap_node *node)
{
	for (;;) {
		struct heap_node *smallest = node;

		for (int side = 0; side < 2; side++)
			if (node->child[side] != NULL && node_before(node->child[side], smallest))
				smallest = node->child[side];
		if (smallest == node)
			return;
		node_rise(heap, smallest);
	}
}

void
heap_insert(struct heap *heap, struct heap_node *node)
{
	struct heap_node **place = heap_place(heap, ++heap->count, &node->parent);

	node->child[0] = node->child[1] = NULL;
	*place = node;
	node_rise_far(heap, node);
}

void
heap_remove(struct heap *heap, struct heap_node *node)
{
	struct heap_node *parent;
	struct heap_node **place = heap_place(heap, heap->count--, &parent);
	struct heap_node *last = *place;

	*place = NULL;
	if (last == node)
		return;
	last->parent = node->parent;
	last->child[0] = node->child[0];
	last->child[1] = node->child[1];
	*node_place(heap, node) = last;
	node_adopt_children(last);
	node_sink_far(heap, last);
	node_rise_far(heap, last);
}

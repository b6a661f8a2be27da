/* What survives of producers: their memory, adopted as a predecessor left it, and made larger or
 * smaller when the limits are others. */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "sources/socket_private.h"

/* `consumed` of the log's last commit, if that was of this connection. */
static uint64_t
socket_committed(const struct socket_source *self, uint32_t slot, const struct inlet *inlet)
{
	const struct position position = source_position(&self->source);

	if (position.producer == slot && position.generation == inlet->generation)
		return position.consumed;
	return 0;
}

static void
socket_recover(struct socket_source *self, const struct inlet_layout *layout)
{
	for (uint32_t slot = 0; slot < layout->count; slot++) {
		struct inlet *inlet = inlet_at(layout, slot);
		uint64_t committed = socket_committed(self, slot, inlet);

		if (inlet->state == INLET_FREE || inlet->state == INLET_CLOSING
		    || (inlet->state <= INLET_OPEN && inlet_recover(layout, slot, committed)))
			continue;
		inlet->state = INLET_CLOSING;
		source_log(&self->source, LOG_ERR,
		    "what producer %u had sent is damaged: it is cut off", slot);
	}
}

static bool
layout_equal(const struct inlet_layout *a, const struct inlet_layout *b)
{
	return a->count == b->count && a->half == b->half;
}

/* Prepared completely, and then made true by one store: a death at any instruction leaves what was,
 * or this. */
static int
socket_move(struct socket_source *self, const struct inlet_layout *from, struct inlet_layout *to)
{
	int r = source_bulk_prepare(&self->source, inlet_layout_size(to), &self->bulk);

	if (r < 0)
		return r;
	to->memory = self->bulk->memory;
	if (from != NULL)
		inlet_layout_copy(from, to);
	inlet_layout_write(to);
	source_bulk_replace(&self->source, self->bulk);
	return 0;
}

static int
socket_adopt_memory(struct socket_source *self)
{
	size_t count = self->max_producers, max = self->framing.max;
	struct inlet_layout from;
	int r;

	self->layout = inlet_layout(count, max);
	r = source_bulk_left(&self->source, &self->bulk);
	if (r < 0)
		return r;
	if (self->bulk == NULL
	    || !inlet_layout_read(self->bulk->memory, self->bulk->size, &from))
		return socket_move(self, NULL, &self->layout);
	socket_recover(self, &from);
	self->layout = inlet_layout_for(count, max, &from);
	if (!layout_equal(&self->layout, &from))
		return socket_move(self, &from, &self->layout);
	self->layout = from;
	return 0;
}

int
socket_map(struct socket_source *self)
{
	int r = socket_adopt_memory(self);

	if (r < 0)
		return source_fail(&self->source, r, "no memory for %zu producers",
		    self->layout.count);
	self->producers = calloc(self->layout.count, sizeof(struct producer *));
	if (self->producers == NULL)
		return -ENOMEM;
	r = extent_lock(self->bulk, 0, inlet_table_size(&self->layout));
	if (r < 0)
		source_log(&self->source, LOG_NOTICE, "its memory cannot be locked: %s; a kill may "
		    "cost what is being received", strerror(-r));
	return 0;
}

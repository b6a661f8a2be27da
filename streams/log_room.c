/* `block` cursors: as far as the slowest of them has come, the log may be overwritten. */
#include "streams/log_private.h"

void
log_find_floor(struct log *log)
{
	uint64_t floor = log->left_seq;
	size_t holders = 0;

	for (const struct cursor *c = log->blocking; c != NULL; c = c->block_next) {
		if (c->seq < floor) {
			floor = c->seq;
			holders = 0;
		}
		holders += c->seq == floor;
	}
	log->floor_seq = floor;
	log->floor_holders = holders;
	if (floor == UINT64_MAX) {
		log->head_limit = UINT64_MAX;
		return;
	}
	if (floor < log->tail_seq)
		floor = log->tail_seq;
	if (floor > log->next_seq)
		floor = log->next_seq;
	log->head_limit = log_begin_of(log, floor) + log_ring_size(log);
}

bool
log_floor_allows(struct log *log, uint64_t size)
{
	log_find_floor(log);
	return log->head + size <= log->head_limit;
}

void
log_floor_changed(struct log *log)
{
	struct promise *room = log->room;

	if (room == NULL || !log_floor_allows(log, log->line_room))
		return;
	log->room = NULL;
	promise_fulfill(room, value_undefined());
	promise_unref(room);
}

void
log_floor_left(struct log *log, uint64_t seq)
{
	if (seq > log->floor_seq)
		return;
	if (log->floor_holders > 0)
		log->floor_holders--;
	if (log->floor_holders == 0)
		log_floor_changed(log);
}

struct promise *
log_room(struct log *log)
{
	if (log->head + log->line_room <= log->head_limit
	    || log_floor_allows(log, log->line_room))
		return NULL;
	if (log->room == NULL)
		log->room = promise_new();
	if (log->room == NULL) {
		promise_init(&log->no_memory);
		log->room = &log->no_memory;
	}
	return promise_ref(log->room);
}

/* Other options for a log that lives: its lines move into a ring of another size, in a new extent that
 * takes the old one's place by one store.  Offsets and seqs stay what they are. */
#include <string.h>

#include "streams/log_private.h"

/* The oldest entry from which on all fit. */
static uint64_t
log_fitting(const struct log *log, uint64_t ring_size)
{
	uint64_t seq = log->tail_seq;

	while (log->head - log_begin_of(log, seq) > ring_size)
		seq++;
	return seq;
}

static void
log_copy_saved(const struct log *log, struct log *fresh, unsigned int which, uint64_t seq)
{
	if (seq != 0 && seq < fresh->tail_seq)
		log_save(fresh, which, seq, log_line_kept(log, which));
}

static void
log_copy_lines(const struct log *log, struct log *fresh)
{
	for (uint64_t seq = fresh->tail_seq; seq <= log->next_seq; seq++)
		fresh->index[seq & fresh->index_mask] = log_begin_of(log, seq);
	fresh->tail = log_begin_of(log, fresh->tail_seq);
	memcpy(log_at(fresh, fresh->tail), log_at(log, fresh->tail), log->head - fresh->tail);
}

static int
log_resize(struct log *log, uint64_t ring_size)
{
	struct log fresh = *log;
	struct log_header layout;
	uint64_t size;
	int r;

	layout = log_layout(ring_size, &size);
	r = arena_prepare(log->arena, EXTENT_LOG, log->name, size, &fresh.extent);
	if (r < 0)
		return r;
	r = log_map(&fresh, &layout);
	if (r < 0) {
		arena_drop(log->arena, fresh.extent);
		return r;
	}
	*fresh.header = layout;         /* without a checksum as yet */
	fresh.tail_seq = log_fitting(log, ring_size);
	log_copy_lines(log, &fresh);
	log_copy_saved(log, &fresh, SAVED_EVENT, log->last_event);
	log_copy_saved(log, &fresh, SAVED_STATE, log->rare.last_state);
	log_format(&fresh, &layout);
	arena_replace(log->arena, log->extent, fresh.extent);
	*log = fresh;
	return 0;
}

int
log_change(struct log *log, const struct log_options *options)
{
	uint64_t ring_size = 0;
	int r = log_ring_size_of(options, &ring_size);

	if (r < 0)
		return r;
	if (ring_size != log_ring_size(log))
		r = log_resize(log, ring_size);
	if (r < 0)
		return r;
	log_take_options(log, options);
	log_find_floor(log);
	log_floor_changed(log);
	return 0;
}

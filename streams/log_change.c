/* Other options for a log that lives: its lines move into a ring of another size, in a new extent
 * that takes the old one's place by one store.  Offsets and seqs stay what they are. */
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
	for (uint64_t seq = fresh->tail_seq; fresh->sums != NULL && seq < log->next_seq; seq++)
		fresh->sums[seq & fresh->index_mask] = log_line_checksum(
		    fresh, seq, log_begin_of(log, seq), log_begin_of(log, seq + 1));
}

static void
log_copy(const struct log *log, struct log *fresh, const struct log_header *layout)
{
	*fresh->header = *layout;       /* without a checksum as yet */
	fresh->hot->crash = log->hot->crash;
	fresh->tail_seq = log_fitting(log, layout->ring_size);
	log_copy_lines(log, fresh);
	log_copy_saved(log, fresh, SAVED_EVENT, log->last_event);
	log_copy_saved(log, fresh, SAVED_STATE, log->rare.last_state);
	log_format(fresh, layout);
}

static int
log_replace(struct log *log, struct log *fresh, const struct log_header *layout)
{
	int r = log_map(fresh, layout);

	if (r == 0) {
		log_copy(log, fresh, layout);
		r = store_replace(&log->store, &fresh->store);
	}
	if (r < 0)
		store_drop(&fresh->store);
	return r;
}

/* Into a ring of this size, in this file or in the arena. */
static int
log_move(struct log *log, uint64_t ring_size, const char *path)
{
	struct log fresh = *log;
	struct log_header layout;
	uint64_t size;
	int r;

	layout = log_layout(ring_size, path != NULL, &size);
	r = store_may_stand(&log->store, log->name, path);
	if (r < 0)
		return r;
	r = store_prepare(&fresh.store, log->store.arena, log->name, log->store.path, path, size);
	if (r == 0)
		r = log_replace(log, &fresh, &layout);
	if (r == 0)
		*log = fresh;
	else
		store_write_down(&log->store);
	return r;
}

/* In the arena, if it cannot be in the file: not where it was, in a file that no config names any
 * more and that nobody would find once the arena is lost. */
static int
log_move_to(struct log *log, uint64_t ring_size, const char *path)
{
	log->path_error = 0;
	if (ring_size == log_ring_size(log) && store_is_in(&log->store, path))
		return 0;
	if (path != NULL) {
		int r = log_move(log, ring_size, path);

		log->path_error = r;
		if (r == 0)
			return 0;
		if (ring_size == log_ring_size(log) && store_is_in(&log->store, NULL))
			return 0;       /* and it stays where it is */
	}
	return log_move(log, ring_size, NULL);
}

int
log_change(struct log *log, const struct log_options *options)
{
	uint64_t ring_size = 0;
	int r = log_ring_size_of(options, &ring_size);

	if (r == 0)
		r = log_move_to(log, ring_size, options->path);
	if (r < 0)
		return r;
	log_take_options(log, options);
	log_find_floor(log);
	log_floor_changed(log);
	return 0;
}

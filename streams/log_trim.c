/* What makes room in a log: the tail moves on, and the last event and the last state are saved
 * before it passes them. */
#include <string.h>

#include "streams/log_private.h"

/* ---------------------------------------------------------------- saved lines */

struct log_saved *
log_saved_at(const struct log *log, unsigned int which)
{
	const struct log_header *header = log->header;

	return (struct log_saved *)(log->store.memory + header->saved
	    + which * header->saved_size);
}

static uint32_t
saved_checksum(const struct log_saved *saved)
{
	uint32_t sum = arena_checksum(0, &saved->seq, sizeof saved->seq);

	sum = arena_checksum(sum, &saved->length, sizeof saved->length);
	return arena_checksum(sum, saved->line, saved->length);
}

bool
log_saved_valid(const struct log *log, const struct log_saved *saved, uint64_t seq)
{
	return saved->seq == seq && saved->length <= log->header->saved_size - sizeof *saved
	    && saved->checksum == saved_checksum(saved);
}

static struct text
log_line(const struct log *log, uint64_t seq)
{
	uint64_t begin = log_begin_of(log, seq), end = log_begin_of(log, seq + 1);

	return (struct text){ .data = log_at(log, begin), .length = (size_t)(end - begin - 1) };
}

void
log_save(struct log *log, unsigned int which, uint64_t seq, struct text line)
{
	struct log_saved *saved = log_saved_at(log, which);

	if (line.length > log->header->saved_size - sizeof *saved)
		line.length = 0;        /* of a time when the ring was larger */
	saved->seq = seq;
	saved->length = (uint32_t)line.length;
	memcpy(saved->line, line.data, line.length);
	saved->checksum = saved_checksum(saved);
}

struct text
log_line_kept(const struct log *log, unsigned int which)
{
	uint64_t seq = which == SAVED_EVENT ? log->last_event : log->rare.last_state;
	const struct log_saved *saved;

	if (seq == 0)
		return (struct text){ .data = "", .length = 0 };
	if (seq >= log->tail_seq)
		return log_line(log, seq);
	saved = log_saved_at(log, which);
	return (struct text){ .data = saved->line, .length = saved->length };
}

/* -------------------------------------------------------------------- the tail */

static bool
log_saves(const struct log *log, uint64_t seq, uint64_t tail_seq)
{
	return seq >= log->tail_seq && seq < tail_seq;
}

/* Before a byte below the new tail is overwritten, all know that it is gone. */
static void
log_set_tail(struct log *log, uint64_t tail_seq)
{
	if (tail_seq == log->tail_seq)
		return;
	if (log_saves(log, log->last_event, tail_seq))
		log_save(log, SAVED_EVENT, log->last_event, log_line(log, log->last_event));
	if (log_saves(log, log->rare.last_state, tail_seq))
		log_save(log, SAVED_STATE, log->rare.last_state,
		    log_line(log, log->rare.last_state));
	log_barrier();
	log->hot->tail_seq = tail_seq;
	log_barrier();
	log->tail_seq = tail_seq;
	log->tail = log_begin_of(log, tail_seq);
}

static int64_t
log_expiry(const struct log *log, uint64_t seq)
{
	struct text line = log_line(log, seq);
	struct moment moment;
	int64_t expires;

	if (!encoder_read_moment(&log->encoder, line.data, line.length, &moment))
		return INT64_MIN;
	if (__builtin_add_overflow(moment.real_ns, log->age_ns, &expires))
		return INT64_MAX;
	return expires;
}

/* May count and age drop this entry?  Not if a `block` cursor has it before it. */
static bool
log_may_drop(struct log *log, uint64_t seq)
{
	if (seq >= log->next_seq)
		return false;
	if (seq >= log->floor_seq)
		log_find_floor(log);
	return seq < log->floor_seq;
}

static uint64_t
log_expired(struct log *log, uint64_t tail_seq)
{
	int64_t now = clock_real_ns();

	if (tail_seq == log->expiring_seq && now < log->expires)
		return tail_seq;
	log->expiring_seq = 0;
	while (log_may_drop(log, tail_seq)) {
		log->expires = log_expiry(log, tail_seq);
		if (log->expires > now) {
			log->expiring_seq = tail_seq;
			break;
		}
		tail_seq++;
	}
	return tail_seq;
}

static bool
log_lacks(const struct log *log, uint64_t room, uint64_t tail_seq)
{
	return log->head + room - log_begin_of(log, tail_seq) > log_ring_size(log);
}

/* What is dropped beyond what has to be: of a large ring 16 KiB.  Not what a `block` cursor may have
 * before it, which is not looked up for this. */
static uint64_t
log_spare(const struct log *log)
{
	uint64_t spare = log_ring_size(log) / 64;

	return spare < 16384 ? spare : 16384;
}

void
log_trim(struct log *log, uint64_t room)
{
	uint64_t tail_seq = log->tail_seq;

	if (log_lacks(log, room, tail_seq)) {
		do
			tail_seq++;
		while (log_lacks(log, room, tail_seq));
		room += log_spare(log);
		while (log_lacks(log, room, tail_seq) && tail_seq < log->next_seq
		    && tail_seq < log->floor_seq)
			tail_seq++;
	}
	while (log->next_seq - tail_seq >= log->count_limit && log_may_drop(log, tail_seq))
		tail_seq++;
	if (log->age_ns != 0)
		tail_seq = log_expired(log, tail_seq);
	log_set_tail(log, tail_seq);
}

/* Once a turn, so that what a callback has read stays there until it returns; and not in the turn
 * in which the log was adopted, when what is under way is still to be settled. */
void
log_expire(struct log *log)
{
	if (log->age_ns == 0)
		return;
	if (loop_is_open() && log->expired_turn == loop_turns())
		return;
	log->expired_turn = loop_turns();
	log_set_tail(log, log_expired(log, log->tail_seq));
}

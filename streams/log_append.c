/* An entry is appended: written behind the head, and made true by one store. */
#include <errno.h>
#include <string.h>

#include "streams/log_private.h"

/* -------------------------------------------------------------------- commit */

uint32_t
log_commit_checksum(const struct log_commit *commit)
{
	/* In words that are stored as such: a load across two fresh stores would wait for them. */
	size_t begin = offsetof(struct log_commit, number);
	size_t end = offsetof(struct log_commit, kept) + commit->kept_size;

	return arena_checksum(commit->kept_size, (const char *)commit + begin, end - begin);
}

uint32_t
log_rare_checksum(const struct log_rare *rare)
{
	return arena_checksum(0, rare, offsetof(struct log_rare, checksum));
}

/* The slot that the active record does not name. */
static void
log_write_rare(struct log *log)
{
	struct log_rare *rare;

	log->rare_slot ^= 1;
	log->rare.checksum = log_rare_checksum(&log->rare);
	rare = &log->hot->rare[log->rare_slot];
	*rare = log->rare;
	log->rare_changed = false;
}

void
log_publish(struct log *log)
{
	struct log_commit *commit = &log->hot->rec[(log->commits + 1) & 1];

	if (log->rare_changed)
		log_write_rare(log);
	commit->number = ++log->commits;
	commit->next_seq = log->next_seq;
	commit->head = log->head;
	commit->position = log->position;
	commit->last_event = log->last_event;
	commit->rare = log->rare_slot;
	commit->kept_size = log->kept_size;
	kept_copy(commit->kept, log->kept, log->kept_size);
	commit->checksum = log_commit_checksum(commit);
	__atomic_store_n(&log->hot->commits, log->commits, __ATOMIC_RELEASE);
}

static void
log_take_position(struct log *log, const struct position *position)
{
	if (position->consumed != 0 || position->generation != 0 || position->producer != 0)
		log->position = *position;
}

void
log_commit(struct log *log, const struct position *position)
{
	log_take_position(log, position);
	log_publish(log);
}

void
log_count_rejected(struct log *log)
{
	log->rare.rejected++;
	log->rare_changed = true;
}

/* -------------------------------------------------------------------- append */

static void
log_count_rare(struct log *log, const struct event *event)
{
	log->rare_changed = true;
	if (event->kind == EVENT_GAP) {
		log->rare.gaps++;
		if (event->lost != LOST_UNKNOWN)
			log->rare.lost += event->lost;
		return;
	}
	log->rare.states++;
	log->rare.last_state = log->next_seq;
	if (event->is != STATE_CHANGED)
		log->rare.state = event->is;
}

static bool
log_has_room(const struct log *log, size_t room)
{
	return log->head + room - log->tail <= log_ring_size(log)
	    && log->next_seq - log->tail_seq < log->count_limit && log->age_ns == 0;
}

/* 0: written, and not yet true. */
static int
log_write(struct log *log, const struct event *event, size_t *ret_length)
{
	size_t room = encoder_bound(&log->encoder, event);

	if (room > log->line_room)
		room = log->line_room;
	if (log->head + room > log->head_limit && !log_floor_allows(log, room))
		return -EAGAIN;
	if (!log_has_room(log, room))
		log_trim(log, room);
	*ret_length = encoder_line(
	    &log->encoder, event, log->next_seq, log_at(log, log->head), room);
	return *ret_length > 0 && *ret_length <= log->max_line ? 0 : -EMSGSIZE;
}

static void
log_make_true(struct log *log, const struct event *event, size_t length)
{
	if (event->kind == EVENT_VALUE)
		log->last_event = log->next_seq;
	else
		log_count_rare(log, event);
	log_take_position(log, &event->position);
	if (log->sums != NULL)
		log->sums[log->next_seq & log->index_mask]
		    = log_line_checksum(log, log->next_seq, log->head, log->head + length);
	log->head += length;
	log->next_seq++;
	log->index[log->next_seq & log->index_mask] = log->head;
	log_publish(log);
	log_changed(log, event);
}

/* A gap is never too long, and what there was room for before there still is. */
static void
log_append_too_long(struct log *log, const struct event *event)
{
	const struct event gap = {
		.kind = EVENT_GAP,
		.time = event->time,
		.position = event->position,
		.stage = GAP_SOURCE,
		.lost = 1,
	};
	size_t length;

	(void)log_write(log, &gap, &length);
	log->rare.too_long++;
	log_make_true(log, &gap, length);
}

int
log_append(struct log *log, const struct event *event)
{
	size_t length;
	int r = log_write(log, event, &length);

	if (r == 0)
		log_make_true(log, event, length);
	else if (r == -EMSGSIZE)
		log_append_too_long(log, event);
	return r;
}

/* cursor.c - a place in a log, and what becomes of it when the log runs on. */
#include <assert.h>

#include "streams/log_private.h"

#define FEW 32u                      /* entries */
#define SPAN_GOOD (256u * 1024)      /* bytes: a larger one is not sent cheaper */

/* ------------------------------------------------------------------- the lists */

static void
cursor_unlink(struct cursor *cursor)
{
	if (cursor->link == NULL)
		return;
	*cursor->link = cursor->next;
	if (cursor->next != NULL)
		cursor->next->link = cursor->link;
	cursor->link = NULL;
}

static void
cursor_link(struct cursor *cursor, struct cursor **list)
{
	cursor_unlink(cursor);
	cursor->next = *list;
	cursor->link = list;
	if (cursor->next != NULL)
		cursor->next->link = &cursor->next;
	*list = cursor;
}

/* All of `from`, as they stand; `to` is empty. */
static void
cursors_move(struct cursor **from, struct cursor **to)
{
	*to = *from;
	*from = NULL;
	if (*to != NULL)
		(*to)->link = to;
}

static void
cursor_begin_block(struct cursor *cursor)
{
	struct log *log = cursor->log;

	cursor->block_next = log->blocking;
	cursor->block_link = &log->blocking;
	if (cursor->block_next != NULL)
		cursor->block_next->block_link = &cursor->block_next;
	log->blocking = cursor;
	log_find_floor(log);
}

static void
cursor_end_block(struct cursor *cursor)
{
	if (cursor->block_link == NULL)
		return;
	*cursor->block_link = cursor->block_next;
	if (cursor->block_next != NULL)
		cursor->block_next->block_link = cursor->block_link;
	cursor->block_link = NULL;
	log_floor_left(cursor->log, cursor->seq);
}

/* Cursors whose log has gone before they were told, and those of them that are being told now. */
static struct cursor *abandoned, *telling;

static void
abandoned_wake(struct turn_task *task)
{
	struct cursor *cursor;

	(void)task;
	cursors_move(&abandoned, &telling);
	while ((cursor = telling) != NULL) {
		cursor_unlink(cursor);
		cursor->ready(cursor);
	}
}

static struct turn_task abandoned_task = { .run = abandoned_wake };

/* ---------------------------------------------------------------- open, close */

void
cursor_open(struct cursor *cursor, struct log *log, uint64_t seq, enum lag lag)
{
	assert(seq >= 1 && seq <= log->next_seq);
	cursor->log = log;
	cursor->seq = seq;
	cursor->lag = lag;
	cursor->link = cursor->block_link = NULL;
	cursor_link(cursor, &log->idle);
	log_latency_open(log);
	if (lag == LAG_BLOCK)
		cursor_begin_block(cursor);
}

void
cursor_close(struct cursor *cursor)
{
	cursor_unlink(cursor);
	if (abandoned == NULL)
		turn_task_cancel(&abandoned_task);
	if (cursor->log != NULL)
		cursor_end_block(cursor);
	cursor->log = NULL;
}

void
cursor_leave(struct cursor *cursor)
{
	struct log *log = cursor->log;

	if (log != NULL && cursor->block_link != NULL && cursor->seq < log->left_seq)
		log->left_seq = cursor->seq;
	cursor_close(cursor);
}

void
cursor_set_lag(struct cursor *cursor, enum lag lag)
{
	cursor->lag = lag;
	if (cursor->log == NULL)
		return;
	if (lag != LAG_BLOCK)
		cursor_end_block(cursor);
	else if (cursor->block_link == NULL)
		cursor_begin_block(cursor);
}

/* --------------------------------------------------------------------- waiting */

static void
cursor_abandon(struct cursor *cursor)
{
	cursor_link(cursor, &abandoned);
	loop_at_turn_end(&abandoned_task);
}

void
cursor_wait(struct cursor *cursor)
{
	struct log *log = cursor->log;

	if (log == NULL) {
		cursor_abandon(cursor);
		return;
	}
	cursor_link(cursor, &log->waiting);
	if (cursor->seq < log->next_seq)
		loop_at_turn_end(&log->wake);
}

/* Those of `waking_log` that are still to be told. */
static struct cursor *waking;
static struct log *waking_log;

/* The turn was cut off within a batch: its rest comes with the next, and all of it leaves as one, if
 * it goes on growing and is not too large.  A few entries never wait: they may be an edge beside
 * somebody else's flood. */
static bool
log_puts_off(struct log *log)
{
	uint64_t most = log_ring_size(log) / 4, seen = log->batch.seen;

	log->batch.seen = log->next_seq;
	return loop_is_cut() && log->next_seq - log->batch.seq > FEW && log->next_seq != seen
	    && log->head - log->batch.head < (most < SPAN_GOOD ? most : SPAN_GOOD);
}

/* A callback may close any cursor and the log, and wait anew, which is for the next turn. */
void
log_wake(struct turn_task *task)
{
	struct log *log = (struct log *)((char *)task - offsetof(struct log, wake));
	struct cursor *cursor;

	if (log_puts_off(log)) {
		loop_at_turn_end(&log->wake);
		return;
	}
	log->batch.turn = loop_turns();
	cursors_move(&log->waiting, &waking);
	waking_log = log;
	while ((cursor = waking) != NULL) {
		if (cursor->seq >= log->next_seq) {
			cursor_link(cursor, &log->waiting);
			continue;
		}
		cursor_link(cursor, &log->idle);
		cursor->ready(cursor);
	}
	waking_log = NULL;
}

static void
cursors_abandon(struct cursor **list)
{
	struct cursor *cursor;

	while ((cursor = *list) != NULL) {
		cursor->log = NULL;
		cursor_abandon(cursor);
	}
}

void
log_abandon_cursors(struct log *log)
{
	struct cursor *cursor;

	while ((cursor = log->blocking) != NULL) {
		log->blocking = cursor->block_next;
		cursor->block_link = NULL;
	}
	cursors_abandon(&log->waiting);
	if (waking_log == log)
		cursors_abandon(&waking);
	while ((cursor = log->idle) != NULL) {
		cursor->log = NULL;
		cursor_unlink(cursor);
	}
}

/* --------------------------------------------------------------------- reading */

/* From the first state that waits, else from the last event: `latest` reads nothing before it. */
static uint64_t
latest_from(const struct log *log, uint64_t seq)
{
	if (log->last_event < seq)
		return seq;             /* no event waits at all */
	if (log->rare.last_state >= seq)
		for (uint64_t s = seq; s < log->last_event; s++)
			if (line_kind(log_at(log, log_begin_of(log, s))) == EVENT_STATE)
				return s;
	return log->last_event;
}

/* `latest`, between two states: events that are still to be skipped end the span. */
static uint64_t
latest_to(const struct log *log, uint64_t seq)
{
	if (seq >= log->last_event)
		return log->next_seq;
	while (seq < log->last_event
	    && line_kind(log_at(log, log_begin_of(log, seq))) == EVENT_STATE)
		seq++;
	return seq;
}

static bool
cursor_read_latest(struct cursor *cursor, size_t limit, struct span *ret)
{
	struct log *log = cursor->log;
	uint64_t to, end;

	cursor->seq = latest_from(log, cursor->seq);
	if (!log_span(log, cursor->seq, limit, ret))
		return false;
	to = latest_to(log, cursor->seq);
	if (to >= ret->next)
		return true;
	end = log_begin_of(log, to);
	ret->length = (size_t)(end - log_begin_of(log, cursor->seq));
	ret->next = to;
	return true;
}

bool
cursor_read(struct cursor *cursor, size_t limit, struct span *ret, uint64_t *ret_lost_from,
    uint64_t *ret_lost_to)
{
	struct log *log = cursor->log;
	uint64_t from = cursor->seq;
	bool found;

	*ret_lost_from = *ret_lost_to = 0;
	if (log == NULL)
		return false;
	log_expire(log);
	if (from < log->tail_seq) {
		*ret_lost_from = from;
		*ret_lost_to = log->tail_seq - 1;
		if (cursor->lag == LAG_CLOSE)
			return false;
		cursor_advance(cursor, log->tail_seq);
	}
	if (cursor->lag == LAG_LATEST)
		found = cursor_read_latest(cursor, limit, ret);
	else
		found = log_span(log, cursor->seq, limit, ret);
	if (cursor->seq > from) {
		*ret_lost_from = from;
		*ret_lost_to = cursor->seq - 1;
	}
	return found;
}

void
cursor_advance(struct cursor *cursor, uint64_t seq)
{
	uint64_t was = cursor->seq;

	cursor->seq = seq;
	if (cursor->block_link != NULL)
		log_floor_left(cursor->log, was);
}

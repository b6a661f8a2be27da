/* What a cursor has to say next: the lines that are its own (gap, ready, the last event before it
 * is live), then a span of its log. */
#include "sinks/unix_private.h"

#include <stdlib.h>
#include <string.h>

#include "sinks/unix_request.h"

#define LINES_ROOM 1024u             /* bytes that any of these lines fits in, but for events */

/* ---------------------------------------------------------------- the lines */

static void
begin(struct unix_batch *batch, struct unix_out *out)
{
	unix_out_begin(out, batch->connection->table, batch->connection->slot);
}

static bool
end(struct unix_batch *batch, struct unix_out *out)
{
	if (unix_out_end(out))
		return true;
	batch->full = true;
	return false;
}

static const char *
name_of(const struct unix_subscription *s)
{
	return unix_subscription_record(s)->name;
}

static void
gap_line(struct unix_out *out, const char *name, uint64_t from, uint64_t to, const char *stage)
{
	unix_out_text(out, "{\"gap\":");
	unix_out_name(out, name);
	unix_out_text(out, ",\"from\":");
	unix_out_u64(out, from);
	unix_out_text(out, ",\"to\":");
	unix_out_u64(out, to);
	unix_out_text(out, ",\"lost\":");
	unix_out_u64(out, to - from + 1);
	unix_out_text(out, ",\"stage\":\"");
	unix_out_text(out, stage);
	unix_out_text(out, "\"}");
}

static bool
say_epoch(struct unix_batch *batch, struct unix_subscription *s, struct unix_piece *piece)
{
	struct unix_out out;

	if (piece->phase != UNIX_EPOCH)
		return true;
	begin(batch, &out);
	unix_out_text(&out, "{\"gap\":");
	unix_out_name(&out, name_of(s));
	unix_out_text(&out, ",\"from\":null,\"to\":null,\"lost\":null,\"stage\":\"epoch\"");
	unix_out_text(&out, ",\"epoch\":");
	unix_out_string(&out, log_epoch(s->cursor.log), strlen(log_epoch(s->cursor.log)));
	unix_out_text(&out, "}");
	if (!end(batch, &out))
		return false;
	piece->phase = UNIX_LIVE;
	return true;
}

static bool
say_added(struct unix_batch *batch, struct unix_subscription *s, struct unix_piece *piece)
{
	struct unix_out out;

	if (piece->phase != UNIX_ADDED)
		return true;
	begin(batch, &out);
	unix_subscription_line(&out, s->stream, piece->from);
	if (!unix_out_end_bytes(&out)) {
		batch->full = true;
		return false;
	}
	unix_subscription_begin(s, UNIX_IDS);
	piece->phase = UNIX_LIVE;
	return true;
}

static bool
say_out_of_time(struct unix_batch *batch, struct unix_subscription *s, struct unix_piece *piece)
{
	if (!s->out_of_time)
		return true;
	if (!unix_tell(batch->connection, "block-timeout", name_of(s), "nothing was taken for so "
	    "long that the source goes on: this subscription skips from now on")) {
		batch->full = true;
		return false;
	}
	s->out_of_time = false;
	piece->lag = LAG_SKIP;
	return true;
}

/* The seq of an entry's line: every kind begins {"kind":"name", and all but values have it
 * further on. */
uint64_t
unix_line_seq(struct text line)
{
	static const char member[] = "\"seq\":";
	const char *at = line.length > 0 ? memmem(line.data, line.length, member, sizeof member - 1)
	    : NULL;

	return at != NULL ? strtoull(at + sizeof member - 1, NULL, 10) : 0;
}

/* The event at which `latest` begins, without its LF; length 0: there is none, or no more. */
static struct text
last_event(struct log *log, const struct unix_piece *piece)
{
	struct text event = log_last_event(log);

	if (piece->from >= piece->target)
		return (struct text){ .data = "" };
	if (unix_line_seq(event) == piece->from)
		return event;
	if (piece->from < log_tail_seq(log))
		return (struct text){ .data = "" };
	event = log_rest(log, piece->from, 0);
	event.length--;
	return event;
}

/* `latest`: the last event, and the state behind it if that is not `up`.  An event that has no room
 * beside the state even in an empty outbox is told as lost. */
static void
last_lines(struct unix_out *out, const struct unix_subscription *s, const struct unix_piece *piece)
{
	struct log *log = s->cursor.log;
	struct text event = last_event(log, piece), state = log_last_state(log);
	uint64_t state_seq = unix_line_seq(state);

	if (event.length + LINES_ROOM <= out->mask + 1)
		unix_out_bytes(out, event.data, event.length);
	else
		gap_line(out, name_of(s), piece->from, piece->from, "queue");
	if (log_state(log) == STATE_UP || state_seq >= piece->target
	    || state_seq <= unix_line_seq(event))
		return;
	if (event.length > 0)
		unix_out_text(out, "\n");
	unix_out_bytes(out, state.data, state.length);
}

static bool
say_last(struct unix_batch *batch, struct unix_subscription *s, struct unix_piece *piece)
{
	struct unix_out out;
	uint64_t begun;

	if (piece->phase != UNIX_LATEST)
		return true;
	begin(batch, &out);
	begun = out.at;
	last_lines(&out, s, piece);
	if (out.full || (out.at > begun && !end(batch, &out))) {
		batch->full = true;
		return false;
	}
	piece->phase = UNIX_LIVE;
	piece->from = piece->to = piece->target;
	cursor_advance(&s->cursor, piece->target);
	return true;
}

static bool
say_ready(struct unix_batch *batch, struct unix_subscription *s, struct unix_piece *piece)
{
	struct unix_connection *c = batch->connection;
	const struct unix_cursor *record = unix_subscription_record(s);
	struct json_span id = { 0 };
	struct unix_out out;

	if (piece->target == 0 || piece->from < piece->target)
		return true;
	if (record->id < UNIX_IDS) {
		const struct unix_id *stored
		    = unix_slot_id(c->table, c->slot, record->id);

		id = (struct json_span){ stored->text, stored->length };
	}
	begin(batch, &out);
	unix_out_text(&out, "{\"ready\":");
	unix_out_name(&out, record->name);
	unix_out_text(&out, ",\"seq\":");
	unix_out_u64(&out, piece->from - 1);
	unix_out_id(&out, id);
	if (!end(batch, &out))
		return false;
	piece->target = 0;
	return true;
}

/* ------------------------------------------------------------------- the log */

/* The source ran ahead of one that asked to be closed then: this is its last word. */
static void
say_lagged(struct unix_batch *batch, const struct unix_subscription *s, uint64_t from, uint64_t to)
{
	struct unix_connection *c = batch->connection;

	batch->piece_count = 0;
	batch->span_count = 0;
	batch->full = true;
	(void)unix_tell(c, "lagged", name_of(s),
	    "\"%s\" is lost from %llu to %llu: this subscriber was too slow", name_of(s),
	    (unsigned long long)from, (unsigned long long)to);
	unix_connection_end(c);
}

static bool
say_gap(struct unix_batch *batch, const struct unix_subscription *s,
    const struct unix_piece *piece, uint64_t from, uint64_t to)
{
	struct unix_out out;

	begin(batch, &out);
	gap_line(&out, name_of(s), from, to, piece->phase == UNIX_HISTORY ? "history" : "queue");
	batch->connection->sink->table->header->counters.lost += to - from + 1;
	return end(batch, &out);
}

/* Up to where `ready` has to be said, no further. */
static void
clip(const struct unix_subscription *s, const struct unix_piece *piece, struct span *span)
{
	if (piece->target == 0 || span->next <= piece->target)
		return;
	span->next = piece->target;
	span->length = (size_t)(log_offset(s->cursor.log, span->next)
	    - log_offset(s->cursor.log, span->first));
}

/* Of a line that the peer takes in part the rest has to have room in the outbox: the span ends
 * before one that is longer.  Such lines come to a subscriber when max_line is raised, or was once
 * higher. */
static void
clip_long(const struct unix_batch *batch, const struct unix_subscription *s, struct span *span)
{
	uint64_t room = batch->connection->table->shape.outbox, seq = span->first;
	const struct log *log = s->cursor.log;

	if (span->length <= room)
		return;
	while (seq < span->next && log_offset(log, seq + 1) - log_offset(log, seq) <= room)
		seq++;
	span->next = seq;
	span->length = (size_t)(log_offset(log, seq) - log_offset(log, span->first));
}

static void
add_span(struct unix_batch *batch, struct unix_piece *piece, const struct span *span)
{
	piece->from = span->first;
	piece->to = span->next;
	piece->length = (uint32_t)span->length;
	batch->vectors[batch->span_count++]
	    = (struct iovec){ (void *)(uintptr_t)span->data, span->length };
	if (span->length < batch->room)
		batch->room -= span->length;
	else
		batch->full = true;
}

/* The line at the cursor is too long for this connection: it is told as lost. */
static void
skip_long(struct unix_batch *batch, struct unix_subscription *s, struct unix_piece *piece)
{
	if (!say_gap(batch, s, piece, piece->from, piece->from))
		return;
	cursor_advance(&s->cursor, piece->from + 1);
	piece->from = piece->to = s->cursor.seq;
}

/* False: the connection is ending, and the subscription gone. */
static bool
read_log(struct unix_batch *batch, struct unix_subscription *s, struct unix_piece *piece)
{
	struct unix_slot *slot = batch->connection->slot;
	uint64_t lost_from = 0, lost_to = 0;
	struct span span;
	bool any;

	if (unix_draft_pending(slot) + LINES_ROOM > batch->connection->table->shape.outbox) {
		batch->full = true;
		return true;
	}
	any = cursor_read(&s->cursor, batch->room, &span, &lost_from, &lost_to);
	if (lost_from != 0 && piece->lag == LAG_CLOSE && piece->phase != UNIX_HISTORY) {
		say_lagged(batch, s, lost_from, lost_to);
		return false;
	}
	if (lost_from != 0)
		(void)say_gap(batch, s, piece, lost_from, lost_to);
	if (lost_from != 0 && piece->lag == LAG_CLOSE)
		cursor_advance(&s->cursor, lost_to + 1);
	piece->phase = UNIX_LIVE;
	piece->from = piece->to = any ? span.first : s->cursor.seq;
	if (!any || (piece->target != 0 && piece->from >= piece->target))
		return true;
	clip(s, piece, &span);
	clip_long(batch, s, &span);
	if (span.length > 0)
		add_span(batch, piece, &span);
	else
		skip_long(batch, s, piece);
	return true;
}

/* ------------------------------------------------------------------ the end */

/* The log is gone before all of it was taken: what is lost, `ended`, and `ready` if it was not
 * said. */
static bool
say_farewell(struct unix_batch *batch, struct unix_subscription *s)
{
	const struct unix_farewell *farewell = s->farewell;
	uint64_t at = s->cursor.seq;
	struct unix_piece ready = { .from = 1, .target = unix_subscription_record(s)->target };
	struct unix_out out;

	begin(batch, &out);
	if (farewell != NULL && farewell->seq >= at && farewell->length > 0) {
		if (at < farewell->seq) {
			gap_line(&out, name_of(s), at, farewell->seq - 1, "queue");
			unix_out_text(&out, "\n");
		}
		unix_out_bytes(&out, farewell->line, farewell->length);
		if (!unix_out_end_bytes(&out)) {
			batch->full = true;
			return false;
		}
		at = farewell->seq + 1;
	}
	ready.from = ready.target == 0 ? 0 : at < ready.target ? ready.target : at;
	if (!say_ready(batch, s, &ready)) {
		free(s->farewell);
		s->farewell = NULL;
		return false;
	}
	return true;
}

/* A stream that is gone, and all of it was said. */
static bool
all_said(const struct unix_subscription *s, const struct unix_piece *piece)
{
	return s->stream == NULL && piece->phase == UNIX_LIVE && piece->target == 0
	    && s->cursor.seq == log_next_seq(s->cursor.log);
}

bool
unix_step_pending(const struct unix_subscription *s)
{
	const struct unix_cursor *record = unix_subscription_record(s);

	if (s->cursor.log == NULL || s->stream == NULL || s->out_of_time)
		return true;
	if (record->phase == UNIX_ADDED || record->phase == UNIX_EPOCH
	    || record->phase == UNIX_LATEST)
		return true;
	return (record->target != 0 && s->cursor.seq >= record->target)
	    || s->cursor.seq < log_next_seq(s->cursor.log);
}

static bool
step_without_log(struct unix_batch *batch, struct unix_subscription *s)
{
	bool announced = unix_subscription_record(s)->phase != UNIX_ADDED;

	if (announced && !say_farewell(batch, s)) {
		unix_subscription_ready(s);
		return false;
	}
	unix_subscription_end(s);
	return false;
}

/* The lines that come before those of the log: mostly none.  False: not all of them had room. */
static bool
say_own(struct unix_batch *batch, struct unix_subscription *s, struct unix_piece *piece)
{
	if (piece->phase == UNIX_LIVE && piece->target == 0 && !s->out_of_time)
		return true;
	return say_added(batch, s, piece) && say_epoch(batch, s, piece)
	    && say_out_of_time(batch, s, piece) && say_last(batch, s, piece)
	    && say_ready(batch, s, piece);
}

bool
unix_step(struct unix_batch *batch, struct unix_subscription *s)
{
	const struct unix_cursor *record = unix_subscription_record(s);
	struct unix_piece piece = {
		.cursor = s->record,
		.phase = record->phase,
		.lag = record->lag,
		.from = s->cursor.seq,
		.to = s->cursor.seq,
		.target = record->target,
	};

	/* One that was removed before it was announced was never there. */
	if (s->cursor.log == NULL || (s->stream == NULL && record->phase == UNIX_ADDED))
		return step_without_log(batch, s);
	if (say_own(batch, s, &piece) && !read_log(batch, s, &piece))
		return false;
	if (all_said(s, &piece)) {
		unix_subscription_end(s);
		return false;
	}
	batch->owners[batch->piece_count] = s;
	batch->pieces[batch->piece_count++] = piece;
	return true;
}

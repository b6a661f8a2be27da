/* Subscriptions: a cursor in this process, and its record in the arena. */
#include "sinks/unix_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------- records */

struct unix_cursor *
unix_subscription_record(const struct unix_subscription *s)
{
	return unix_slot_cursor(s->connection->table, s->connection->slot, s->record);
}

/* One that was never written is made so before it counts as written. */
static int
record_take(struct unix_connection *c, uint16_t *ret)
{
	struct unix_slot *slot = c->slot;
	uint32_t max = c->table->shape.cursors;

	for (uint32_t i = 0; i < max; i++) {
		struct unix_cursor *record = unix_slot_cursor(c->table, slot, i);

		if (i < slot->cursors && !unix_record_free(record->born, record->died, slot->sends))
			continue;
		record->born = UINT64_MAX;
		record->died = 0;
		if (i >= slot->cursors)
			__atomic_store_n(&slot->cursors, i + 1, __ATOMIC_RELEASE);
		*ret = (uint16_t)i;
		return 0;
	}
	return -ENOSPC;
}

static void
record_write(struct unix_cursor *record, struct stream *stream, const struct unix_start *start)
{
	record->seq = start->seq;
	record->target = start->target;
	record->phase = (uint8_t)start->phase;
	record->lag = (uint8_t)start->lag;
	record->id = UNIX_IDS;
	memcpy(record->epoch, log_epoch(stream_log(stream)), EPOCH_LENGTH);
	snprintf(record->name, sizeof record->name, "%s", stream_name(stream));
}

/* -------------------------------------------------------------------- cursors */

static void
cursor_ready(struct cursor *cursor)
{
	struct unix_subscription *s = (struct unix_subscription *)((char *)cursor
	    - offsetof(struct unix_subscription, cursor));

	unix_subscription_ready(s);
	unix_connection_wake(s->connection);
}

static struct unix_subscription *
subscription_make(struct unix_connection *c, struct stream *stream, uint16_t record)
{
	struct unix_subscription *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->connection = c;
	s->stream = stream;
	s->record = record;
	s->cursor.ready = cursor_ready;
	s->next = c->subscriptions;
	c->subscriptions = s;
	c->sink->subscription_count++;
	return s;
}

/* In this order: a stream that was not listened to may begin at once, and append. */
static void
listen_from(struct unix_subscription *s, uint64_t seq, enum lag lag)
{
	cursor_open(&s->cursor, stream_log(s->stream), seq, lag);
	stream_listen(s->stream);
}

struct unix_subscription *
unix_subscription_new(struct unix_connection *c, struct stream *stream,
    const struct unix_start *start, bool *ret_full)
{
	struct unix_subscription *s;
	struct unix_cursor *place;
	uint16_t record;

	*ret_full = record_take(c, &record) < 0;
	if (*ret_full)
		return NULL;
	place = unix_slot_cursor(c->table, c->slot, record);
	s = subscription_make(c, stream, record);
	if (s == NULL) {
		place->born = 0;
		return NULL;
	}
	record_write(place, stream, start);
	listen_from(s, start->seq, start->lag);
	return s;
}

int
unix_subscription_adopt(struct unix_connection *c, uint16_t record, struct stream *stream)
{
	const struct unix_cursor *place = unix_slot_cursor(c->table, c->slot, record);
	struct unix_subscription *s = subscription_make(c, stream, record);

	if (s == NULL)
		return -ENOMEM;
	listen_from(s, place->seq, (enum lag)place->lag);
	unix_subscription_ready(s);
	return 0;
}

void
unix_subscription_begin(struct unix_subscription *s, uint8_t id)
{
	struct unix_cursor *record = unix_subscription_record(s);

	record->id = id;
	__atomic_store_n(&record->born, unix_draft_number(s->connection->slot), __ATOMIC_RELEASE);
}

/* ----------------------------------------------------------------- the ready */

void
unix_subscription_ready(struct unix_subscription *s)
{
	struct unix_connection *c = s->connection;

	if (s->ready)
		return;
	s->ready = true;
	if (c->ready == NULL)
		s->ready_next = s;
	else {
		s->ready_next = c->ready->ready_next;
		c->ready->ready_next = s;
	}
	c->ready = s;
}

static void
ready_remove(struct unix_subscription *s)
{
	struct unix_connection *c = s->connection;
	struct unix_subscription *before = s;

	if (!s->ready)
		return;
	while (before->ready_next != s)
		before = before->ready_next;
	if (before == s)
		c->ready = NULL;
	else {
		before->ready_next = s->ready_next;
		if (c->ready == s)
			c->ready = before;
	}
	s->ready = false;
}

/* --------------------------------------------------------------------- ending */

static void
subscription_free(struct unix_subscription *s)
{
	struct unix_subscription **link = &s->connection->subscriptions;

	ready_remove(s);
	cursor_close(&s->cursor);
	if (s->stream != NULL)
		stream_unlisten(s->stream);
	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	s->connection->sink->subscription_count--;
	free(s->farewell);
	free(s);
}

void
unix_subscription_drop(struct unix_subscription *s)
{
	__atomic_store_n(&unix_subscription_record(s)->born, 0, __ATOMIC_RELEASE);
	subscription_free(s);
}

void
unix_subscription_end(struct unix_subscription *s)
{
	struct unix_cursor *record = unix_subscription_record(s);
	struct unix_slot *slot = s->connection->slot;

	if (record->born > slot->sends)
		unix_subscription_drop(s);
	else {
		__atomic_store_n(&record->died, unix_draft_number(slot), __ATOMIC_RELEASE);
		subscription_free(s);
	}
}

void
unix_subscriptions_leave(struct unix_connection *c)
{
	for (struct unix_subscription *s = c->subscriptions; s != NULL; s = s->next)
		cursor_leave(&s->cursor);
}

void
unix_subscriptions_free(struct unix_connection *c)
{
	while (c->subscriptions != NULL)
		subscription_free(c->subscriptions);
}

static struct unix_farewell *
farewell_make(struct log *log)
{
	struct text line = log_last_state(log);
	struct unix_farewell *farewell;

	if (log_state(log) != STATE_ENDED)
		line.length = 0;
	farewell = malloc(sizeof *farewell + line.length + 1);
	if (farewell == NULL)
		return NULL;
	farewell->seq = log_next_seq(log) - 1;
	farewell->length = line.length == 0 ? 0 : line.length + 1;
	memcpy(farewell->line, line.data, line.length);
	farewell->line[line.length] = '\n';
	return farewell;
}

void
unix_subscription_stream_removed(struct unix_subscription *s)
{
	stream_unlisten(s->stream);
	s->stream = NULL;
	if (s->cursor.log != NULL && s->cursor.seq < log_next_seq(s->cursor.log))
		s->farewell = farewell_make(s->cursor.log);
	unix_subscription_ready(s);
	unix_connection_wake(s->connection);
}

/* -------------------------------------------------------------------- asking */

/* One whose stream is gone is on its way out. */
struct unix_subscription *
unix_subscription_find(struct unix_connection *c, const char *name)
{
	struct unix_subscription *s = c->subscriptions;

	while (s != NULL && (s->stream == NULL || strcmp(stream_name(s->stream), name) != 0))
		s = s->next;
	return s;
}

size_t
unix_subscription_count(const struct unix_connection *c)
{
	size_t count = 0;

	for (const struct unix_subscription *s = c->subscriptions; s != NULL; s = s->next)
		count++;
	return count;
}

void
unix_subscription_line(struct unix_out *out, struct stream *stream, uint64_t next)
{
	const char *epoch = log_epoch(stream_log(stream));

	unix_out_text(out, "{\"subscribed\":");
	unix_out_name(out, stream_name(stream));
	unix_out_text(out, ",\"next\":");
	unix_out_u64(out, next);
	unix_out_text(out, ",\"epoch\":");
	unix_out_name(out, epoch);
	unix_out_text(out, ",\"unit\":");
	unix_out_string_or_null(out, stream_options(stream)->unit);
	unix_out_text(out, ",\"is\":");
	unix_out_name(out, stream_state_name(stream_state(stream)));
	unix_out_text(out, "}\n");
}

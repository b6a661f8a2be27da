/* Bytes of requests into the ring in the arena, and lines out of it.  The kernel's count of a
 * recvmmsg() lies in the arena, so that what it took from the socket is never lost nor doubled. */
#include "sinks/unix_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct unix_receive *
active(struct unix_slot *slot)
{
	return &slot->receive[slot->receives & 1];
}

static uint64_t
received(struct unix_slot *slot)
{
	return active(slot)->base + active(slot)->message.msg_len;
}

/* Of the committed send slot, or of the draft. */
static uint64_t
consumed(struct unix_slot *slot, const struct unix_send *send)
{
	uint64_t start = active(slot)->start;

	return send->consumed < start ? start : send->consumed;
}

/* ---------------------------------------------------------------- receiving */

/* The bytes that a receive writes over are free only once that is true. */
static void
commit_consumed(struct unix_connection *c)
{
	struct unix_cut cut;

	if (unix_draft(c->slot)->consumed == unix_active(c->slot)->consumed)
		return;
	unix_draft_commit(c->slot);
	unix_draft_settle(c->table, c->slot, NULL, NULL, &cut);
}

static void
receive_prepare(struct unix_connection *c)
{
	struct unix_slot *slot = c->slot;
	uint64_t size = c->table->shape.receive, done = consumed(slot, unix_draft(slot));
	struct unix_receive *idle = &slot->receive[(slot->receives + 1) & 1];
	char *ring = unix_slot_ring(c->table, slot);
	uint64_t at, free, first;

	idle->base = received(slot);
	idle->start = active(slot)->start;
	if (done == idle->base)       /* empty: it begins anew, in the page of the slot */
		idle->base = idle->start = done = (idle->base + size - 1) & ~(size - 1);
	free = size - (idle->base - done);
	at = idle->base & (size - 1);
	first = free < size - at ? free : size - at;
	idle->vector[0] = (struct iovec){ ring + at, (size_t)first };
	idle->vector[1] = (struct iovec){ ring, (size_t)(free - first) };
	idle->message = (struct mmsghdr){ .msg_hdr = {
		.msg_iov = idle->vector,
		.msg_iovlen = free == first ? 1 : 2,
	} };
	__atomic_store_n(&slot->receives, slot->receives + 1, __ATOMIC_RELEASE);
}

/* Bytes; 0 at the end of file; -errno. */
static long
receive(struct unix_connection *c)
{
	long r;

	commit_consumed(c);
	receive_prepare(c);
	do
		r = syscall(SYS_recvmmsg, c->fd, &active(c->slot)->message, 1, MSG_DONTWAIT, NULL);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : (long)active(c->slot)->message.msg_len;
}

static void
reading(struct job *job)
{
	struct unix_connection *c
	    = (struct unix_connection *)((char *)job - offsetof(struct unix_connection, reading));
	bool failed = job->promise == NULL || job->promise->state == PROMISE_REJECTED;
	long r;

	c->reading_armed = c->quiet = false;
	if (failed || c->end_of_file) {
		unix_connection_close(c, false);
		return;
	}
	r = receive(c);
	if (r < 0 && r != -EAGAIN) {
		unix_connection_close(c, false);
		return;
	}
	c->end_of_file = r == 0;
	if (r <= 0)
		unix_receive_arm(c);
	unix_connection_wake(c);
}

void
unix_receive_arm(struct unix_connection *c)
{
	if (c->reading_armed || unix_connection_ending(c))
		return;
	c->reading_armed = true;
	c->reading.run = reading;
	promise_perform_then(c->end_of_file ? watch_closed(&c->watch) : watch_readable(&c->watch),
	    &c->reading);
}

void
unix_receive_disarm(struct unix_connection *c)
{
	if (c->reading_armed)
		promise_forget(&c->reading);
	c->reading_armed = false;
	watch_pause(&c->watch);
}

/* -------------------------------------------------------------------- lines */

/* The position of the first LF in [from, to), or `to`. */
static uint64_t
find_lf(struct unix_connection *c, uint64_t from, uint64_t to)
{
	uint64_t size = c->table->shape.receive;
	const char *ring = unix_slot_ring(c->table, c->slot), *lf;

	while (from < to) {
		uint64_t at = from & (size - 1);
		uint64_t length = to - from < size - at ? to - from : size - at;

		lf = memchr(ring + at, '\n', (size_t)length);
		if (lf != NULL)
			return from + (uint64_t)(lf - (ring + at));
		from += length;
	}
	return to;
}

void
unix_receive_consume(struct unix_connection *c, uint64_t position)
{
	unix_draft(c->slot)->consumed = position;
	if (c->scanned < position)
		c->scanned = position;
}

/* Of a request that is too long everything up to its LF is thrown away.  False: more is to come. */
static bool
discard(struct unix_connection *c)
{
	struct unix_send *draft = unix_draft(c->slot);
	uint64_t end = received(c->slot), lf;

	if ((draft->flags & UNIX_DISCARD) == 0)
		return true;
	lf = find_lf(c, consumed(c->slot, draft), end);
	unix_receive_consume(c, lf == end ? end : lf + 1);
	if (lf == end)
		return false;
	draft->flags &= (uint8_t)~UNIX_DISCARD;
	return true;
}

static bool
is_blank(const char *text, size_t length)
{
	while (length > 0 && (*text == ' ' || *text == '\t' || *text == '\r'))
		text++, length--;
	return length == 0;
}

static int
line_at(struct unix_connection *c, uint64_t from, uint64_t to, struct json_span *ret_line,
    char **ret_copy)
{
	uint64_t size = c->table->shape.receive, at = from & (size - 1);
	char *ring = unix_slot_ring(c->table, c->slot), *copy = NULL;
	size_t length = (size_t)(to - from), first = (size_t)(size - at);

	if (length > first) {
		copy = malloc(length);
		if (copy == NULL)
			return -ENOMEM;
		memcpy(copy, ring + at, first);
		memcpy(copy + first, ring, length - first);
	}
	*ret_line = (struct json_span){ copy != NULL ? copy : ring + at, length };
	if (length > 0 && ret_line->text[length - 1] == '\r')
		ret_line->length--;
	*ret_copy = copy;
	return 1;
}

int
unix_receive_line(struct unix_connection *c, struct json_span *ret_line, uint64_t *ret_end,
    char **ret_copy)
{
	uint64_t limit = unix_connection_request(c), from, lf, end;
	int r;

	for (;;) {
		if (!discard(c))
			return 0;
		end = received(c->slot);
		from = consumed(c->slot, unix_draft(c->slot));
		lf = find_lf(c, c->scanned < from ? from : c->scanned, end);
		c->scanned = lf;
		if (lf - from > limit + 1) {
			if (lf == end)
				unix_draft(c->slot)->flags |= UNIX_DISCARD;
			unix_receive_consume(c, lf == end ? end : lf + 1);
			return -EMSGSIZE;
		}
		if (lf == end && !(c->end_of_file && end > from))
			return 0;
		r = line_at(c, from, lf, ret_line, ret_copy);
		if (r < 0)
			return r;
		*ret_end = lf == end ? end : lf + 1;
		if (ret_line->length <= limit && !is_blank(ret_line->text, ret_line->length))
			return 1;
		free(*ret_copy);
		unix_receive_consume(c, *ret_end);
		if (ret_line->length > limit)
			return -EMSGSIZE;
	}
}

bool
unix_receive_waiting(struct unix_connection *c)
{
	uint64_t end = received(c->slot), from = consumed(c->slot, unix_draft(c->slot));

	return end > from && (end > c->scanned || c->end_of_file);
}

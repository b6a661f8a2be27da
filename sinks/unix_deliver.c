/* One message: the outbox first, then spans of whole lines, in one sendmmsg() whose header lies
 * in the arena, so that the kernel's count and the bytes it took cannot be separated by a
 * SIGKILL.
 *
 * Called through syscall(): a libc may emulate sendmmsg() with a loop around sendmsg(). */
#include "sinks/unix_private.h"

#include <sys/syscall.h>
#include <unistd.h>

#define MESSAGE_MAX (256u * 1024)    /* what a socket's send buffer holds */

/* One thread, and nothing below makes another message while this one is made. */
static struct unix_batch the_batch;

/* ---------------------------------------------------------------- gathering */

static struct unix_subscription *
ready_first(const struct unix_connection *c)
{
	return c->ready != NULL ? c->ready->ready_next : NULL;
}

static void
ready_take_first(struct unix_connection *c)
{
	struct unix_subscription *first = c->ready->ready_next;

	if (first == c->ready)
		c->ready = NULL;
	else
		c->ready->ready_next = first->ready_next;
	first->ready = false;
}

/* Round robin: each cursor that has something says its next, once a message. */
static void
gather(struct unix_batch *batch)
{
	struct unix_connection *c = batch->connection;
	struct unix_subscription *s;

	while (batch->span_count < UNIX_SPANS && batch->piece_count < UNIX_SPANS && !batch->full
	    && (s = ready_first(c)) != NULL) {
		ready_take_first(c);
		(void)unix_step(batch, s);
	}
}

/* Does it come again at once?  Else it waits. */
static void
scatter_one(struct unix_subscription *s)
{
	if (unix_step_pending(s))
		unix_subscription_ready(s);
	else
		cursor_wait(&s->cursor);
}

/* The cursors move.  Those of which nothing was taken come before those that had their turn. */
static void
scatter(struct unix_batch *batch)
{
	struct unix_counters *counters = &batch->connection->sink->table->header->counters;
	size_t taken = 0;

	for (size_t i = 0; i < batch->piece_count; i++) {
		struct unix_subscription *s = batch->owners[i];
		uint64_t seq = unix_subscription_record(s)->seq;

		counters->deliveries += seq - batch->pieces[i].from;
		if (s->cursor.log != NULL) {
			log_sent(s->cursor.log, batch->pieces[i].from, seq);
			cursor_advance(&s->cursor, seq);
		}
		if (seq == batch->pieces[i].from)
			scatter_one(s);
		else
			batch->owners[taken++] = s;
	}
	for (size_t i = 0; i < taken; i++)
		scatter_one(batch->owners[i]);
}

/* ------------------------------------------------------------------ sending */

static struct log *
log_of(void *context, uint16_t cursor)
{
	const struct unix_batch *batch = context;

	for (size_t i = 0; i < batch->piece_count; i++)
		if (batch->pieces[i].cursor == cursor)
			return batch->owners[i]->cursor.log;
	return NULL;
}

static size_t
fill(struct unix_batch *batch)
{
	struct unix_connection *c = batch->connection;
	struct iovec vectors[UNIX_VECTORS];
	size_t count = unix_draft_outbox(c->table, c->slot, vectors);
	uint64_t offered = unix_draft_pending(c->slot);
	size_t total = (size_t)offered;

	for (size_t i = 0; i < batch->span_count; i++) {
		vectors[count++] = batch->vectors[i];
		total += batch->vectors[i].iov_len;
	}
	unix_draft_fill(c->table, c->slot, batch->pieces, batch->piece_count, vectors, count,
	    (uint32_t)offered);
	return total;
}

/* 0 or -errno. */
static int
send_message(struct unix_connection *c)
{
	struct mmsghdr *message = &unix_active(c->slot)->message;
	long r;

	do
		r = syscall(SYS_sendmmsg, c->fd, message, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static enum unix_delivery
send_batch(struct unix_batch *batch)
{
	struct unix_connection *c = batch->connection;
	struct unix_cut cut;
	size_t total = fill(batch), sent;
	int r = 0;

	unix_draft_commit(c->slot);
	if (total > 0)
		r = send_message(c);
	sent = unix_active(c->slot)->message.msg_len;
	unix_draft_settle(c->table, c->slot, log_of, batch, &cut);
	unix_draft_save_rest(c->table, c->slot, &cut);
	scatter(batch);
	c->sink->table->header->counters.bytes += sent;
	if (r < 0 && r != -EAGAIN && r != -ENOBUFS && r != -ENOMEM)
		return UNIX_GONE;
	return sent < total ? UNIX_BLOCKED : UNIX_SENT;
}

enum unix_delivery
unix_deliver(struct unix_connection *c)
{
	struct unix_batch *batch = &the_batch;

	batch->connection = c;
	batch->piece_count = 0;
	batch->span_count = 0;
	batch->room = MESSAGE_MAX;
	batch->full = false;
	gather(batch);
	if (batch->piece_count == 0 && unix_draft_pending(c->slot) == 0)
		return UNIX_SENT;
	return send_batch(batch);
}

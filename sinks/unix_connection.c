#include "sinks/unix_private.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdstore.h"
#include "sinks/unix_request.h"

_Static_assert(sizeof(struct unix_connection) <= UNIX_OWN, "it lies in its place in the arena");

static struct unix_connection *
connection_of_iterator(struct iterator *iterator)
{
	return (struct unix_connection *)((char *)iterator
	    - offsetof(struct unix_connection, iterator));
}

/* ---------------------------------------------------------------- the merge */

/* Nothing can ever come any more: the peer asks nothing and listens to nothing. */
static bool
connection_over(struct unix_connection *c)
{
	if (unix_draft_pending(c->slot) > 0)
		return false;
	if (unix_connection_ending(c))
		return true;
	return c->end_of_file && c->subscriptions == NULL && c->reload == NULL
	    && !unix_serve_pending(c) && unix_pattern_count(c) == 0;
}

static bool
connection_has_work(struct unix_connection *c)
{
	return c->ready != NULL || unix_draft_pending(c->slot) > 0 || c->stopping || c->missed
	    || (!c->quiet && (unix_serve_pending(c) || connection_over(c)));
}

static void
merge_next(struct iterator *iterator, struct iterator_request *request)
{
	struct unix_connection *c = connection_of_iterator(iterator);

	c->request = request;
	unix_connection_wake(c);
}

static void
merge_cancel(struct iterator *iterator)
{
	struct unix_connection *c = connection_of_iterator(iterator);
	struct iterator_request *request = c->request;

	c->request = NULL;
	if (request != NULL)
		promise_fail(&request->promise, -ECANCELED);
}

static void
merge_free(struct iterator *iterator)
{
	(void)iterator;
}

static const struct iterator_ops merge_ops = {
	.kind = "connection",
	.next = merge_next,
	.cancel = merge_cancel,
	.free = merge_free,
};

void
unix_connection_wake(struct unix_connection *c)
{
	struct iterator_request *request = c->request;

	if (request == NULL || c->slot == NULL || !connection_has_work(c))
		return;
	c->request = NULL;
	promise_fulfill_result(&request->promise, value_pointer(c), RESULT_VALUE);
}

/* ----------------------------------------------------------------- the loop */

static void
say_closing(struct unix_connection *c, const char *reason, const char *message)
{
	struct unix_out out;

	unix_out_begin(&out, c->table, c->slot);
	unix_out_text(&out, "{\"error\":\"closing\",\"message\":");
	unix_out_string_or_null(&out, message);
	unix_out_text(&out, ",\"reason\":");
	unix_out_name(&out, reason);
	unix_out_text(&out, "}");
	(void)unix_out_end(&out);
}

void
unix_connection_say_end(struct unix_connection *c)
{
	static const struct json_span no_id;

	if (c->sink->end == SINK_IS_REMOVED)
		say_closing(c, "removed", "the configuration has this socket no more");
	else if (c->sink->end == SINK_IS_REPLACED)
		say_closing(c, "moved", "this socket is opened anew, as the configuration says");
	else
		unix_refuse(c, no_id, "shutting-down", "the daemon is being stopped");
	unix_connection_end(c);
}

static void
consider_end(struct unix_connection *c)
{
	if (c->stopping && c->ready == NULL && unix_draft_pending(c->slot) == 0
	    && !unix_connection_ending(c))
		unix_connection_say_end(c);
}

static struct promise *
leave(struct unix_connection *c)
{
	unix_connection_close(c, false);
	return FOR_AWAIT_BREAK;
}

static struct promise *
await_room(struct unix_connection *c)
{
	struct promise *room = watch_writable(&c->watch);

	if (room == NULL)
		return leave(c);
	c->blocked = true;
	unix_patience_begin(c);
	return room;
}

/* Whatever the peer may want.  Afterwards it is quiet if nothing is left of that, until
 * something is received: most messages are sent to peers who only listen. */
static void
connection_attend(struct unix_connection *c)
{
	if (c->missed)
		unix_pattern_catch_up(c);
	unix_serve(c);
	/* All that was received is served, so that there is room for more. */
	if (!unix_receive_waiting(c))
		unix_receive_arm(c);
	consider_end(c);
	c->quiet = c->reading_armed && !c->end_of_file && !c->stopping && c->reload == NULL
	    && !unix_draft(c->slot)->answer.active && !unix_receive_waiting(c)
	    && !unix_connection_ending(c);
}

static struct promise *
connection_turn(struct unix_connection *c)
{
	enum unix_delivery delivery;

	if (c->slot == NULL)
		return FOR_AWAIT_BREAK;
	c->blocked = false;
	if (!c->quiet || c->missed || c->stopping)
		connection_attend(c);
	delivery = unix_deliver(c);
	if (delivery == UNIX_GONE)
		return leave(c);
	if (delivery == UNIX_BLOCKED)
		return await_room(c);
	return !c->quiet && connection_over(c) ? leave(c) : NULL;
}

static struct promise *
connection_value(void *context, union value value)
{
	struct unix_connection *c = context;
	struct promise *gate;

	(void)value;
	c->in_value = true;
	gate = connection_turn(c);
	c->in_value = false;
	return gate;
}

static void
connection_free(struct unix_connection *c)
{
	struct unix_slot *slot = unix_slot_of_own(c);
	struct unix_sink *sink = c->sink;

	unix_patience_free(c);
	LIST_REMOVE(c, link);
	if (unix_slot_state(slot) == UNIX_FREE) {
		unix_table_mark(c->table, slot->index, false);
		if (c->table != sink->table && c->table->connections == 0)
			unix_tables_consider(sink);
		unix_slot_discard(c->table, slot);
	}
	sink->connection_count--;
	if (sink->connection_count == 0)
		unix_sink_emptied(sink);
}

static void
connection_ended(void *context, int error)
{
	struct unix_connection *c = context;

	(void)error;
	c->in_value = true;
	unix_connection_close(c, false);
	connection_free(c);
}

/* ------------------------------------------------------------------ opening */

struct unix_connection *
unix_connection_new(struct unix_sink *sink, struct unix_table *table, struct unix_slot *slot,
    int fd)
{
	struct unix_connection *c = unix_slot_own(slot);

	memset(c, 0, sizeof *c);
	c->iterator.ops = &merge_ops;
	c->sink = sink;
	c->table = table;
	c->slot = slot;
	c->fd = fd;
	watch_init(&c->watch, fd);
	unix_table_mark(table, slot->index, true);
	LIST_INSERT_HEAD(&sink->connections, c, link);
	sink->connection_count++;
	sink->open_count++;
	return c;
}

int
unix_connection_start(struct unix_connection *c)
{
	unix_slot_set_state(c->slot, UNIX_OPEN);
	c->loop = for_await(&c->iterator, connection_value, connection_ended, c);
	if (c->loop == NULL)
		return -ENOMEM;
	unix_receive_arm(c);
	return 0;
}

/* ------------------------------------------------------------------ closing */

/* In this order: a close() alone tells the peer nothing while a duplicate is stored. */
static void
slot_close(struct unix_connection *c, struct unix_slot *slot, bool keep)
{
	char name[UNIX_STORE_NAME_SIZE];

	if (!keep) {
		(void)shutdown(c->fd, SHUT_RDWR);
		unix_slot_store_name(c->table, slot, name);
		fdstore_remove(name);
		unix_slot_set_state(slot, UNIX_FREE);
	}
	close(c->fd);
	c->fd = -1;
}

void
unix_connection_close(struct unix_connection *c, bool keep)
{
	struct unix_slot *slot = c->slot;
	struct unix_sink *sink = c->sink;

	if (slot == NULL)
		return;
	if (keep)
		unix_subscriptions_leave(c);
	unix_subscriptions_free(c);
	c->slot = NULL;
	sink->open_count--;
	if (c->loop != NULL && !c->in_value)
		for_await_cancel(c->loop);
	unix_receive_disarm(c);
	watch_fini(&c->watch);
	unix_reload_forget(c);
	slot_close(c, slot, keep);
	if (c->loop == NULL)
		connection_free(c);
	if (!keep)
		unix_accept_start(sink);
}

void
unix_connection_end(struct unix_connection *c)
{
	unix_draft(c->slot)->flags |= UNIX_ENDING;
	c->quiet = false;
	unix_subscriptions_free(c);
	unix_receive_disarm(c);
	unix_connection_wake(c);
}

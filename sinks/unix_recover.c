/* What a predecessor left, by SIGKILL or on purpose: every message that was under way is settled
 * by the kernel's count, then each connection goes on where it was.  Doing it twice does the
 * same. */
#include "sinks/unix_private.h"

#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "base/fdstore.h"
#include "sinks/unix_request.h"

struct recovery {
	const struct unix_table *table;
	struct unix_slot *slot;
};

/* ------------------------------------------------------------------- checking */

/* The fd is the one that the slot tells of. */
static bool
fd_matches(const struct unix_slot *slot, int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof cookie;

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 && cookie == slot->cookie;
}

/* The answer of a draft which never became true, maybe half written, and records that it would have
 * made. */
static void
forget_drafts(const struct unix_table *table, struct unix_slot *slot)
{
	unix_draft(slot)->answer = unix_active(slot)->answer;
	for (uint32_t i = 0; i < slot->cursors; i++) {
		struct unix_cursor *record = unix_slot_cursor(table, slot, i);

		if (record->died > slot->sends)
			record->died = 0;
		if (record->born > slot->sends)
			record->born = 0;
	}
	for (uint32_t i = 0; i < slot->patterns; i++) {
		struct unix_pattern *pattern = unix_slot_pattern(table, slot, i);

		if (pattern->died > slot->sends)
			pattern->died = 0;
		if (pattern->born > slot->sends)
			pattern->born = 0;
	}
}

/* ------------------------------------------------------------------- settling */

static bool
same_epoch(const struct unix_cursor *record, struct stream *stream)
{
	return memcmp(record->epoch, log_epoch(stream_log(stream)), EPOCH_LENGTH) == 0;
}

static struct log *
log_of(void *context, uint16_t cursor)
{
	const struct recovery *recovery = context;
	const struct unix_cursor *record
	    = unix_slot_cursor(recovery->table, recovery->slot, cursor);
	struct stream *stream = stream_find(record->name, strlen(record->name));

	return stream != NULL && same_epoch(record, stream) ? stream_log(stream) : NULL;
}

/* The piece that was taken in part, if there is one: only for that the log is asked. */
static const struct unix_piece *
piece_in_part(const struct unix_table *table, struct unix_slot *slot)
{
	const struct unix_send *active = unix_active(slot);
	const struct unix_piece *pieces = unix_send_pieces(table, slot, active);
	uint64_t sent = active->message.msg_len;
	uint64_t rest = sent < active->offered ? 0 : sent - active->offered;

	for (size_t i = 0; i < active->pieces; rest -= pieces[i++].length) {
		if (rest < pieces[i].length)
			return rest > 0 ? &pieces[i] : NULL;
	}
	return NULL;
}

/* Its stream has not come yet, and may still. */
static bool
waits_for_log(const struct unix_connection *c)
{
	const struct unix_table *table = c->table;
	const struct unix_piece *piece = piece_in_part(table, c->slot);
	const char *name;

	if (piece == NULL)
		return false;
	name = unix_slot_cursor(table, c->slot, piece->cursor)->name;
	return stream_find(name, strlen(name)) == NULL;
}

static void
settle(struct unix_connection *c)
{
	struct recovery recovery = { c->table, c->slot };
	char ended[sizeof c->sink->hello + 1];
	struct unix_cut cut;

	unix_draft_settle(c->table, c->slot, log_of, &recovery, &cut);
	/* A line was cut and its rest is gone with its log: what the peer cannot parse it drops,
	 * if a hello stands behind it. */
	if (cut.cut && cut.rest.data == NULL) {
		ended[0] = '\n';
		memcpy(ended + 1, c->sink->hello, c->sink->hello_length);
		cut.rest = (struct text){ ended, 1 + c->sink->hello_length };
	}
	unix_draft_save_rest(c->table, c->slot, &cut);
}

/* -------------------------------------------------------------- subscriptions */

static bool
record_counts(const struct unix_connection *c, const struct unix_cursor *record)
{
	return unix_record_counts(record->born, record->died, unix_draft_number(c->slot));
}

static bool
has_subscription(const struct unix_connection *c, uint32_t record)
{
	const struct unix_subscription *s = c->subscriptions;

	while (s != NULL && s->record != record)
		s = s->next;
	return s != NULL;
}

/* The next record that counts and has no subscription, from *index on. */
static struct unix_cursor *
orphan_next(struct unix_connection *c, uint32_t *index)
{
	while (*index < c->slot->cursors) {
		struct unix_cursor *record
		    = unix_slot_cursor(c->table, c->slot, (*index)++);

		if (record_counts(c, record) && !has_subscription(c, *index - 1))
			return record;
	}
	return NULL;
}

/* The log could not be adopted: another record, of the new epoch, takes the place of the old. */
static void
begin_epoch(struct unix_connection *c, struct unix_cursor *record, struct stream *stream)
{
	struct log *log = stream_log(stream);
	struct unix_start start = {
		.seq = log_tail_seq(log),
		.target = record->target != 0 ? log_next_seq(log) : 0,
		.phase = UNIX_EPOCH,
		.lag = (enum lag)record->lag,
	};
	bool full;
	struct unix_subscription *s = unix_subscription_new(c, stream, &start, &full);

	record->died = unix_draft_number(c->slot);
	if (s == NULL) {
		c->missed = true;
		return;
	}
	unix_subscription_begin(s, record->id);
	unix_subscription_ready(s);
}

static bool
fits(const struct unix_cursor *record, struct stream *stream)
{
	uint64_t next = log_next_seq(stream_log(stream));

	return same_epoch(record, stream) && record->seq >= 1 && record->seq <= next
	    && record->target <= next;
}

bool
unix_recover_stream(struct unix_connection *c, struct stream *stream)
{
	struct unix_cursor *record;
	uint32_t i = 0;

	while ((record = orphan_next(c, &i)) != NULL) {
		if (strcmp(record->name, stream_name(stream)) != 0)
			continue;
		if (!fits(record, stream))
			begin_epoch(c, record, stream);
		else if (unix_subscription_adopt(c, (uint16_t)(i - 1), stream) < 0)
			continue;
		unix_connection_wake(c);
		return true;
	}
	return false;
}

void
unix_recover_orphans(struct unix_connection *c)
{
	struct unix_cursor *record;
	uint32_t i = 0;

	while ((record = orphan_next(c, &i)) != NULL) {
		record->died = unix_draft_number(c->slot);
		(void)unix_tell(c, "stream-gone", record->name, "\"%s\" is not there any more",
		    record->name);
	}
}

/* ---------------------------------------------------------------- connections */

static void
go_on(struct unix_connection *c)
{
	c->unsettled = c->settled = false;
	if (!unix_connection_ending(c))
		for (struct stream *s = streams_first(); s != NULL; s = streams_next(s))
			(void)unix_recover_stream(c, s);
	c->recovered = c->missed = !unix_connection_ending(c);
	if (unix_connection_start(c) < 0)
		unix_connection_close(c, false);
}

/* First all of them are settled: who goes on listens, and a stream may append for that. */
static void
go_on_with_all(struct unix_sink *sink, bool whatever)
{
	struct unix_connection *c, *next;

	LIST_FOREACH(c, &sink->connections, link) {
		c->settled = c->unsettled && c->slot != NULL && (whatever || !waits_for_log(c));
		if (c->settled)
			settle(c);
	}
	for (c = LIST_FIRST(&sink->connections); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		if (c->settled)
			go_on(c);
	}
}

void
unix_recover_added(struct unix_sink *sink)
{
	if (sink->recovering)
		go_on_with_all(sink, false);
}

/* All streams have come that will. */
static void
recovered(struct turn_task *task)
{
	struct unix_sink *sink
	    = (struct unix_sink *)((char *)task - offsetof(struct unix_sink, recover));

	sink->recovering = false;
	go_on_with_all(sink, true);
	unix_log(sink, LOG_INFO, "goes on with %zu connections and %zu subscriptions",
	    sink->open_count, sink->subscription_count);
}

/* What is known of the peer, or what is stored for it, is not to be trusted. */
static void
give_up(struct unix_table *table, struct unix_slot *slot, const char *name, int fd)
{
	if (fd >= 0)
		unix_send_away(name, fd);
	unix_slot_set_state(slot, UNIX_FREE);
	unix_slot_discard(table, slot);
}

static void
recover_slot(struct unix_sink *sink, struct unix_table *table, uint32_t index)
{
	struct unix_slot *slot = unix_table_slot(table, index);
	char name[UNIX_STORE_NAME_SIZE];
	int fd;

	if (unix_slot_state(slot) == UNIX_FREE)
		return;
	slot->index = index;
	unix_slot_store_name(table, slot, name);
	fd = fdstore_take(name);
	if (fd < 0 || !fd_matches(slot, fd) || !unix_slot_sane(table, slot)) {
		give_up(table, slot, name, fd);
		return;
	}
	unix_slot_lock(table, slot);
	forget_drafts(table, slot);
	unix_connection_new(sink, table, slot, fd)->unsettled = true;
}

void
unix_recover(struct unix_sink *sink)
{
	struct unix_table *table;

	LIST_FOREACH(table, &sink->tables, link)
		for (uint32_t i = 0; i < table->header->used; i++)
			recover_slot(sink, table, i);
	unix_tables_consider(sink);
	if (sink->open_count == 0)
		return;
	sink->recovering = true;
	sink->recover.run = recovered;
	loop_at_turn_end(&sink->recover);
	go_on_with_all(sink, false);
}

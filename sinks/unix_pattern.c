/* Patterns: what a connection is subscribed to, and so what it takes in when streams come. */
#include "sinks/unix_private.h"

#include <fnmatch.h>
#include <string.h>
#include <syslog.h>

#include "sinks/unix_request.h"

/* ------------------------------------------------------------------- records */

static struct unix_pattern *
pattern_at(struct unix_connection *c, uint32_t index)
{
	return unix_slot_pattern(c->table, c->slot, index);
}

/* The next that counts in the draft, from *index on. */
static struct unix_pattern *
pattern_next(struct unix_connection *c, uint32_t *index)
{
	while (*index < c->slot->patterns) {
		struct unix_pattern *pattern = pattern_at(c, (*index)++);

		if (unix_record_counts(pattern->born, pattern->died, unix_draft_number(c->slot)))
			return pattern;
	}
	return NULL;
}

bool
unix_pattern_matches(const char *pattern, bool glob, const char *name)
{
	return glob ? fnmatch(pattern, name, 0) == 0 : strcmp(pattern, name) == 0;
}

struct unix_pattern *
unix_pattern_find(struct unix_connection *c, const char *text)
{
	struct unix_pattern *pattern;
	uint32_t i = 0;

	while ((pattern = pattern_next(c, &i)) != NULL)
		if (strcmp(pattern->text, text) == 0)
			return pattern;
	return NULL;
}

struct unix_pattern *
unix_pattern_take(struct unix_connection *c)
{
	uint32_t max = c->table->shape.patterns;

	for (uint32_t i = 0; i < max; i++) {
		struct unix_pattern *pattern = pattern_at(c, i);

		if (i < c->slot->patterns
		    && !unix_record_free(pattern->born, pattern->died, c->slot->sends))
			continue;
		pattern->born = UINT64_MAX;
		pattern->died = 0;
		if (i >= c->slot->patterns)
			__atomic_store_n(&c->slot->patterns, i + 1, __ATOMIC_RELEASE);
		return pattern;
	}
	return NULL;
}

size_t
unix_pattern_count(struct unix_connection *c)
{
	size_t count = 0;
	uint32_t i = 0;

	while (pattern_next(c, &i) != NULL)
		count++;
	return count;
}

bool
unix_pattern_takes(struct unix_connection *c, const char *name, struct unix_pattern **ret)
{
	struct unix_pattern *pattern;
	uint32_t i = 0;

	while ((pattern = pattern_next(c, &i)) != NULL)
		if (unix_pattern_matches(pattern->text, pattern->glob, name)) {
			*ret = pattern;
			return true;
		}
	return false;
}

/* -------------------------------------------------------------- streams come */

static void
refuse_more(struct unix_connection *c, const char *name)
{
	(void)unix_tell(c, "too-many-subscriptions", name,
	    "\"%s\" has come and matches, but this connection has its %zu subscriptions", name,
	    unix_connection_subscriptions(c));
}

static void
take_in(struct unix_connection *c, struct stream *stream, const struct unix_start *start)
{
	size_t max = unix_connection_subscriptions(c);
	struct unix_subscription *s;
	bool full = unix_subscription_count(c) >= max;

	s = full ? NULL : unix_subscription_new(c, stream, start, &full);
	if (s != NULL)
		unix_subscription_ready(s);
	else if (full)
		refuse_more(c, stream_name(stream));
	else
		c->missed = true;
	unix_connection_wake(c);
}

static bool
may_see(const struct unix_connection *c, const struct stream *stream)
{
	struct unix_peer peer;
	bool may;

	if (unix_peer_get(c->fd, &peer) < 0)
		return false;
	may = unix_peer_may(&peer, stream);
	unix_peer_fini(&peer);
	return may;
}

/* A stream that was not there when it was subscribed to: all of it has come since. */
static void
consider(struct unix_connection *c, struct stream *stream, bool all)
{
	struct log *log = stream_log(stream);
	struct unix_pattern *pattern;
	struct unix_start start = { .target = log_next_seq(log), .phase = UNIX_ADDED };

	if (unix_subscription_find(c, stream_name(stream)) != NULL
	    || (c->recovered && unix_recover_stream(c, stream))
	    || !unix_pattern_takes(c, stream_name(stream), &pattern) || !may_see(c, stream))
		return;
	start.lag = (enum lag)pattern->lag;
	start.seq = all || pattern->from == UNIX_FROM_OLDEST ? log_tail_seq(log) : start.target;
	take_in(c, stream, &start);
}

void
unix_pattern_catch_up(struct unix_connection *c)
{
	c->missed = false;
	for (struct stream *s = streams_first(); s != NULL; s = streams_next(s))
		consider(c, s, true);
	if (c->recovered)
		unix_recover_orphans(c);
	c->recovered = false;
}

static struct unix_sink *
sink_of_watch(struct streams_watch *watch)
{
	return (struct unix_sink *)((char *)watch - offsetof(struct unix_sink, streams));
}

static bool
listens(struct unix_connection *c)
{
	return c->slot != NULL && !c->unsettled && !unix_connection_ending(c);
}

static void
stream_added(struct streams_watch *watch, struct stream *stream)
{
	struct unix_sink *sink = sink_of_watch(watch);
	struct unix_connection *c, *next;

	unix_recover_added(sink);
	for (c = LIST_FIRST(&sink->connections); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		if (listens(c))
			consider(c, stream, false);
	}
}

static void
stream_removed(struct streams_watch *watch, struct stream *stream)
{
	struct unix_connection *c;
	struct unix_subscription *s, *next;

	LIST_FOREACH(c, &sink_of_watch(watch)->connections, link) {
		for (s = c->subscriptions; s != NULL; s = next) {
			next = s->next;
			if (s->stream == stream)
				unix_subscription_stream_removed(s);
		}
	}
}

/* Who may see it may be others now. */
static void
reconsider(struct unix_connection *c, struct stream *stream)
{
	struct unix_subscription *s = unix_subscription_find(c, stream_name(stream));

	if (s == NULL) {
		consider(c, stream, false);
		return;
	}
	if (may_see(c, stream))
		return;
	unix_subscription_end(s);
	(void)unix_tell(c, "stream-gone", stream_name(stream), "\"%s\" is not there any more",
	    stream_name(stream));
	unix_connection_wake(c);
}

static void
stream_changed(struct streams_watch *watch, struct stream *stream)
{
	struct unix_connection *c, *next;

	for (c = LIST_FIRST(&sink_of_watch(watch)->connections); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		if (listens(c))
			reconsider(c, stream);
	}
}

void
unix_streams_watch(struct unix_sink *sink)
{
	sink->streams.added = stream_added;
	sink->streams.changed = stream_changed;
	sink->streams.removed = stream_removed;
	streams_watch(&sink->streams);
}

/* -------------------------------------------------------------------- starts */

/* The first of its last lines: the last event, else its state if that is not `up`, else what
 * comes. */
static uint64_t
latest_seq(struct log *log, uint64_t *ret_event)
{
	struct text state = log_last_state(log);
	uint64_t next = log_next_seq(log), state_seq = unix_line_seq(state);

	*ret_event = unix_line_seq(log_last_event(log));
	if (*ret_event != 0)
		return *ret_event;
	*ret_event = next;
	return log_state(log) != STATE_UP && state_seq != 0 ? state_seq : next;
}

struct unix_start
unix_start_of(struct stream *stream, enum unix_from from, enum lag lag, uint64_t *ret_next)
{
	struct log *log = stream_log(stream);
	struct unix_start start = { .target = log_next_seq(log), .lag = lag };

	start.seq = from == UNIX_FROM_OLDEST ? log_tail_seq(log) : start.target;
	*ret_next = start.seq;
	if (from == UNIX_FROM_LATEST) {
		start.phase = UNIX_LATEST;
		*ret_next = latest_seq(log, &start.seq);
	}
	return start;
}

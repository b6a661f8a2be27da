/* {"subscribe":["door","temp*"], ...}: all of it is checked before any of it is done; then cursors, patterns,
 * answers and the reply become true together, in one message. */
#include "sinks/unix_request.h"

#include <stdlib.h>
#include <string.h>

struct plan {
	struct unix_connection *connection;
	struct unix_request *request;
	struct unix_peer peer;
	int from, lag;                       /* enum unix_from, enum lag */
	uint8_t id;
	size_t fresh, already, answered;
	struct unix_subscription *begun[];   /* room for as many as a connection may have */
};

/* ------------------------------------------------------------------- options */

/* An enum's value by its name.  0; or -EINVAL, and an error was written. */
static int
choose(struct plan *plan, struct json_span value, const char *member, const char *const *names,
    const char *wanted, int *ret)
{
	if (value.length == 0)
		return 0;
	for (int i = 0; names[i] != NULL; i++)
		if (json_span_kind(value) == JSON_TOKEN_STRING
		    && json_string_equal(value, names[i], strlen(names[i]))) {
			*ret = i;
			return 0;
		}
	unix_refuse(plan->connection, plan->request->id, "invalid-value", "\"%s\" must be %s", member,
	    wanted);
	return -EINVAL;
}

static int
take_options(struct plan *plan)
{
	static const char *const froms[] = { "now", "latest", "oldest", NULL };
	static const char *const lags[] = { "skip", "latest", "block", "close", NULL };
	int r = choose(plan, plan->request->from, "from", froms,
	    "\"now\", \"latest\" or \"oldest\"", &plan->from);

	if (r == 0)
		r = choose(plan, plan->request->lag, "lag", lags,
		    "\"skip\", \"latest\", \"block\" or \"close\"", &plan->lag);
	if (r == 0 && plan->lag == LAG_BLOCK && !plan->connection->sink->options.block) {
		unix_refuse(plan->connection, plan->request->id, "block-not-allowed",
		    "a subscriber may not stop a source here: the sink's \"block\" is not true");
		r = -EINVAL;
	}
	return r;
}

/* --------------------------------------------------------------------- after */

struct after {
	bool given;
	uint64_t seq;
	char epoch[EPOCH_LENGTH + 1];        /* "": no epoch of ours */
};

static int
refuse_after(const struct plan *plan)
{
	unix_refuse(plan->connection, plan->request->id, "invalid-value",
	    "\"after\" is {\"door\":{\"epoch\":\"...\",\"seq\":1042}}, of lines that were seen");
	return -EINVAL;
}

static int
after_parse(const struct plan *plan, struct json_span value, struct after *ret)
{
	struct json_span epoch, seq;
	struct json_walk walk;
	int64_t number;
	size_t members = 0;

	if (json_span_kind(value) != JSON_TOKEN_OBJECT
	    || !json_member(value.text, value.length, "/epoch", &epoch)
	    || !json_member(value.text, value.length, "/seq", &seq)
	    || json_span_kind(epoch) != JSON_TOKEN_STRING || json_span_int64(seq, &number) < 0
	    || number < 0)
		return refuse_after(plan);
	json_walk_begin(&walk, value.text, value.length);
	(void)json_walk_next(&walk);
	for (; json_walk_next(&walk).kind == JSON_TOKEN_KEY; members++)
		(void)json_walk_skip(&walk, json_walk_next(&walk));
	if (members != 2)
		return refuse_after(plan);
	*ret = (struct after){ .given = true, .seq = (uint64_t)number };
	if (json_string_copy(epoch, ret->epoch, sizeof ret->epoch) != EPOCH_LENGTH)
		ret->epoch[0] = '\0';
	return 0;
}

/* What `after` says of a stream.  0; or -EINVAL, and an error was written. */
static int
after_find(const struct plan *plan, const char *name, struct after *ret)
{
	struct json_span after = plan->request->after;
	struct json_walk walk;
	struct json_token key;

	ret->given = false;
	if (after.length == 0)
		return 0;
	json_walk_begin(&walk, after.text, after.length);
	if (json_walk_next(&walk).kind != JSON_TOKEN_OBJECT)
		return refuse_after(plan);
	while ((key = json_walk_next(&walk)).kind == JSON_TOKEN_KEY) {
		struct json_span value = json_walk_skip(&walk, json_walk_next(&walk));

		if (json_string_equal(key.span, name, strlen(name)))
			return after_parse(plan, value, ret);
	}
	return 0;
}

/* Each of `after` is well formed, and of a stream that the patterns may take in. */
static int
check_after(struct plan *plan)
{
	struct json_span after = plan->request->after;
	struct json_walk walk;
	struct json_token key;
	int r = 0;

	if (after.length == 0)
		return 0;
	json_walk_begin(&walk, after.text, after.length);
	if (json_walk_next(&walk).kind != JSON_TOKEN_OBJECT)
		return refuse_after(plan);
	while (r == 0 && (key = json_walk_next(&walk)).kind == JSON_TOKEN_KEY) {
		struct json_span value = json_walk_skip(&walk, json_walk_next(&walk));
		struct after one;
		char name[UNIX_PATTERN_MAX + 1] = "";

		r = after_parse(plan, value, &one);
		if (r < 0 || (json_string_copy(key.span, name, sizeof name) > 0
		    && unix_names_match(&plan->request->names, name) != NULL))
			continue;
		unix_refuse(plan->connection, plan->request->id, "invalid-value",
		    "\"after\" names \"%s\", which no pattern of \"subscribe\" takes in", name);
		r = -EINVAL;
	}
	/* Matched is what is there. */
	for (size_t i = 0; i < plan->request->names.count; i++)
		plan->request->names.items[i].matched = false;
	return r;
}

/* -------------------------------------------------------------------- starts */

static struct unix_start
resume_at(struct log *log, const struct after *after, enum lag lag, uint64_t *ret_next)
{
	struct unix_start start = { .seq = after->seq + 1, .target = log_next_seq(log), .lag = lag };
	uint64_t tail = log_tail_seq(log);

	if (strcmp(after->epoch, log_epoch(log)) != 0) {
		start.phase = UNIX_EPOCH;
		start.seq = tail;
	} else if (start.seq < tail)
		start.phase = UNIX_HISTORY;
	*ret_next = start.seq < tail ? tail : start.seq;
	return start;
}

static int
start_of(struct plan *plan, struct stream *stream, struct unix_start *ret, uint64_t *ret_next)
{
	struct log *log = stream_log(stream);
	struct after after;
	int r = after_find(plan, stream_name(stream), &after);

	if (r < 0)
		return r;
	if (!after.given) {
		*ret = unix_start_of(stream, (enum unix_from)plan->from, (enum lag)plan->lag, ret_next);
		return 0;
	}
	if (after.seq >= log_next_seq(log) && strcmp(after.epoch, log_epoch(log)) == 0) {
		unix_refuse(plan->connection, plan->request->id, "after-ahead",
		    "\"%s\" has come to %llu in this epoch, and \"after\" says %llu",
		    stream_name(stream), (unsigned long long)log_next_seq(log) - 1,
		    (unsigned long long)after.seq);
		return -EINVAL;
	}
	*ret = resume_at(log, &after, (enum lag)plan->lag, ret_next);
	return 0;
}

/* ------------------------------------------------------------------- checking */

/* Only what is there and may be seen is matched. */
static const struct unix_name *
match(struct plan *plan, const struct stream *stream)
{
	if (!unix_peer_may(&plan->peer, stream))
		return NULL;
	return unix_names_match(&plan->request->names, stream_name(stream));
}

static int
check_line(const struct plan *plan, const struct stream *stream)
{
	uint64_t outbox = plan->connection->sink->table.shape.outbox;
	size_t line = stream_options(stream)->log.max_line;

	if (line <= outbox / 2)
		return 0;
	unix_refuse(plan->connection, plan->request->id, "line-too-long",
	    "a line of \"%s\" may have %zu bytes, and this sink's \"outbox\" of %llu takes half as "
	    "much", stream_name(stream), line, (unsigned long long)outbox);
	return -EINVAL;
}

static int
check_stream(struct plan *plan, struct stream *stream)
{
	const char *name = stream_name(stream);
	struct unix_start start;
	uint64_t next;

	if (match(plan, stream) == NULL)
		return 0;
	if (unix_subscription_find(plan->connection, name) == NULL) {
		plan->fresh++;
		return check_line(plan, stream) < 0 ? -EINVAL : start_of(plan, stream, &start, &next);
	}
	for (size_t i = 0; i < plan->request->names.count; i++) {
		const struct unix_name *item = &plan->request->names.items[i];

		if (item->glob || strcmp(item->text, name) != 0)
			continue;
		unix_refuse(plan->connection, plan->request->id, "already-subscribed",
		    "this connection is subscribed to \"%s\" already", name);
		return -EINVAL;
	}
	plan->already++;
	return 0;
}

static int
check_twice(const struct plan *plan)
{
	const struct unix_names *names = &plan->request->names;

	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < i; j++) {
			if (strcmp(names->items[i].text, names->items[j].text) != 0)
				continue;
			unix_refuse(plan->connection, plan->request->id, "already-subscribed",
			    "\"%s\" stands there twice", names->items[i].text);
			return -EINVAL;
		}
	return 0;
}

static int
check_room(const struct plan *plan)
{
	struct unix_connection *c = plan->connection;
	size_t max = (size_t)c->sink->options.limits.subscriptions;

	if (unix_subscription_count(c) + plan->fresh <= max
	    && unix_pattern_count(c) + plan->request->names.count <= max)
		return 0;
	unix_refuse(c, plan->request->id, "too-many-subscriptions",
	    "a connection may have %zu, and as many patterns; with this it would have %zu and %zu", max,
	    unix_subscription_count(c) + plan->fresh,
	    unix_pattern_count(c) + plan->request->names.count);
	return -EINVAL;
}

static int
check_all(struct plan *plan)
{
	int r = take_options(plan);

	if (r == 0)
		r = check_twice(plan);
	if (r == 0)
		r = check_after(plan);
	for (struct stream *s = streams_first(); r == 0 && s != NULL; s = streams_next(s))
		r = check_stream(plan, s);
	return r < 0 ? r : check_room(plan);
}

/* ---------------------------------------------------------------------- doing */

/* A place for the id that `ready` will bring back; UNIX_IDS: none is needed, or all are in use. */
static uint8_t
id_take(struct unix_connection *c, struct json_span id)
{
	bool used[UNIX_IDS] = { false };
	uint8_t i = 0;

	if (id.length == 0)
		return UNIX_IDS;
	for (const struct unix_subscription *s = c->subscriptions; s != NULL; s = s->next) {
		const struct unix_cursor *record = unix_subscription_record(s);

		if (record->target != 0 && record->id < UNIX_IDS)
			used[record->id] = true;
	}
	while (i < UNIX_IDS && used[i])
		i++;
	if (i < UNIX_IDS) {
		struct unix_id *place = unix_slot_id(&c->sink->table, c->slot, i);

		place->length = (uint16_t)id.length;
		memcpy(place->text, id.text, id.length);
	}
	return i;
}

static int
open_stream(struct plan *plan, struct stream *stream)
{
	struct unix_connection *c = plan->connection;
	struct unix_subscription *s;
	struct unix_start start = { 0 };
	struct unix_out out;
	uint64_t next = 0;
	bool full;

	if (match(plan, stream) == NULL || unix_subscription_find(c, stream_name(stream)) != NULL)
		return 0;
	(void)start_of(plan, stream, &start, &next);
	s = unix_subscription_new(c, stream, &start, &full);
	if (s == NULL)
		return full ? -ENOSPC : -ENOMEM;
	plan->begun[plan->answered++] = s;
	unix_out_begin(&out, &c->sink->table, c->slot);
	unix_subscription_line(&out, stream, next);
	return unix_out_end_bytes(&out) ? 0 : -ENOSPC;
}

static bool
was_begun(const struct plan *plan, const struct unix_subscription *s)
{
	for (size_t i = 0; i < plan->answered; i++)
		if (plan->begun[i] == s)
			return true;
	return false;
}

static void
already_out(struct unix_out *out, const struct plan *plan)
{
	const char *separator = "";

	unix_out_text(out, ",\"already\":[");
	for (const struct stream *s = streams_first(); s != NULL && plan->already > 0;
	    s = streams_next(s)) {
		const struct unix_subscription *old
		    = unix_subscription_find(plan->connection, stream_name(s));

		if (old == NULL || was_begun(plan, old)
		    || unix_names_match(&plan->request->names, stream_name(s)) == NULL)
			continue;
		unix_out_text(out, separator);
		unix_out_name(out, stream_name(s));
		separator = ",";
	}
	unix_out_text(out, "]");
}

static bool
is_literal(const struct unix_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!names->items[i].glob && strcmp(names->items[i].text, name) == 0)
			return true;
	return false;
}

/* Literal names, and those of `after`, which are literal too. */
static void
unmatched_out(struct unix_out *out, const struct plan *plan)
{
	struct json_span after = plan->request->after;
	struct json_walk walk;
	const char *separator;
	char name[UNIX_PATTERN_MAX + 1];

	separator = unix_reply_unmatched(out, &plan->request->names);
	json_walk_begin(&walk, after.text, after.length);
	(void)json_walk_next(&walk);
	while (after.length > 0) {
		struct json_token key = json_walk_next(&walk);
		const struct stream *stream;

		if (key.kind != JSON_TOKEN_KEY)
			break;
		(void)json_walk_skip(&walk, json_walk_next(&walk));
		if (json_string_copy(key.span, name, sizeof name) <= 0)
			continue;
		stream = stream_find(name, strlen(name));
		if ((stream != NULL && unix_peer_may(&plan->peer, stream))
		    || is_literal(&plan->request->names, name))
			continue;
		unix_out_text(out, separator);
		unix_out_string(out, name, strlen(name));
		separator = ",";
	}
	unix_out_text(out, "]");
}

static bool
say_reply(const struct plan *plan)
{
	struct unix_out out;

	unix_reply_begin(&out, plan->connection, "subscribe", plan->answered);
	unmatched_out(&out, plan);
	already_out(&out, plan);
	unix_out_id(&out, plan->request->id);
	return unix_out_end(&out);
}

/* A literal name that matches nothing is given back, not kept. */
static void
keep_patterns(const struct plan *plan)
{
	struct unix_connection *c = plan->connection;

	for (size_t i = 0; i < plan->request->names.count; i++) {
		const struct unix_name *name = &plan->request->names.items[i];
		struct unix_pattern *pattern;

		if ((!name->glob && !name->matched) || unix_pattern_find(c, name->text) != NULL)
			continue;
		pattern = unix_pattern_take(c);
		if (pattern == NULL)
			continue;
		pattern->from = (uint8_t)plan->from;
		pattern->lag = (uint8_t)plan->lag;
		pattern->glob = name->glob;
		memcpy(pattern->text, name->text, sizeof name->text);
		__atomic_store_n(&pattern->born, unix_draft_number(c->slot), __ATOMIC_RELEASE);
	}
}

static void
undo(struct plan *plan, uint64_t tail)
{
	unix_draft(plan->connection->slot)->tail = tail;
	while (plan->answered > 0)
		unix_subscription_drop(plan->begun[--plan->answered]);
}

static int
do_all(struct plan *plan)
{
	uint64_t tail = unix_draft(plan->connection->slot)->tail;
	int r = 0;

	for (struct stream *s = streams_first(); r == 0 && s != NULL; s = streams_next(s))
		r = open_stream(plan, s);
	if (r == 0 && !say_reply(plan))
		r = -ENOSPC;
	if (r < 0) {
		undo(plan, tail);
		return r;
	}
	keep_patterns(plan);
	for (size_t i = 0; i < plan->answered; i++) {
		unix_subscription_begin(plan->begun[i], plan->id);
		unix_subscription_ready(plan->begun[i]);
	}
	return 0;
}

static enum unix_answered
subscribe(struct plan *plan)
{
	struct json_span id = plan->request->id;
	int r = 0;

	if (check_all(plan) < 0)
		return UNIX_ANSWERED;
	plan->id = id_take(plan->connection, id);
	if (plan->id == UNIX_IDS && id.length > 0)
		unix_refuse(plan->connection, id, "too-many-ids",
		    "%d subscribe requests with an id still wait for their ready", UNIX_IDS);
	else
		r = do_all(plan);
	if (r == -ENOMEM)
		unix_refuse(plan->connection, id, "out-of-memory", "there is no memory for it now");
	else if (r < 0)
		unix_refuse(plan->connection, id, "answer-too-long",
		    "the answer does not fit into the sink's \"outbox\"; subscribe to less at once");
	return UNIX_ANSWERED;
}

enum unix_answered
unix_subscribe(struct unix_connection *c, struct unix_request *request)
{
	size_t max = c->sink->table.shape.cursors;
	struct plan *plan = calloc(1, sizeof *plan + max * sizeof *plan->begun);
	enum unix_answered answered = UNIX_ANSWERED;

	if (plan == NULL || unix_peer_get(c->fd, &plan->peer) < 0) {
		unix_refuse(c, request->id, "out-of-memory", "there is no memory for it now");
		free(plan);
		return UNIX_ANSWERED;
	}
	plan->connection = c;
	plan->request = request;
	answered = subscribe(plan);
	unix_peer_fini(&plan->peer);
	free(plan);
	return answered;
}

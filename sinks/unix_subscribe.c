/* {"subscribe":["door","temp*"], ...}: what was checked is done: cursors, patterns, answers and
 * the reply become true together, in one message. */
#include "sinks/unix_plan.h"

#include <stdlib.h>
#include <string.h>

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
		struct unix_id *place = unix_slot_id(c->table, c->slot, i);

		place->length = (uint16_t)id.length;
		memcpy(place->text, id.text, id.length);
	}
	return i;
}

static int
open_stream(struct unix_plan *plan, struct stream *stream)
{
	struct unix_connection *c = plan->connection;
	struct unix_subscription *s;
	struct unix_start start = { 0 };
	struct unix_out out;
	uint64_t next = 0;
	bool full;

	if (unix_plan_match(plan, stream) == NULL
	    || unix_subscription_find(c, stream_name(stream)) != NULL)
		return 0;
	(void)unix_plan_start(plan, stream, &start, &next);
	s = unix_subscription_new(c, stream, &start, &full);
	if (s == NULL)
		return full ? -ENOSPC : -ENOMEM;
	plan->begun[plan->answered++] = s;
	unix_out_begin(&out, c->table, c->slot);
	unix_subscription_line(&out, stream, next);
	return unix_out_end_bytes(&out) ? 0 : -ENOSPC;
}

static bool
was_begun(const struct unix_plan *plan, const struct unix_subscription *s)
{
	for (size_t i = 0; i < plan->answered; i++)
		if (plan->begun[i] == s)
			return true;
	return false;
}

static void
already_out(struct unix_out *out, const struct unix_plan *plan)
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
unmatched_out(struct unix_out *out, const struct unix_plan *plan)
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
say_reply(const struct unix_plan *plan)
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
keep_patterns(const struct unix_plan *plan)
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
undo(struct unix_plan *plan, uint64_t tail)
{
	unix_draft(plan->connection->slot)->tail = tail;
	while (plan->answered > 0)
		unix_subscription_drop(plan->begun[--plan->answered]);
}

static int
do_all(struct unix_plan *plan)
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
subscribe(struct unix_plan *plan)
{
	struct json_span id = plan->request->id;
	int r = 0;

	if (unix_plan_check(plan) < 0)
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
		    "the answer does not fit into the sink's \"outbox\"; subscribe to less at "
		    "once");
	return UNIX_ANSWERED;
}

enum unix_answered
unix_subscribe(struct unix_connection *c, struct unix_request *request)
{
	size_t max = c->table->shape.cursors;
	struct unix_plan *plan = calloc(1, sizeof *plan + max * sizeof *plan->begun);
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

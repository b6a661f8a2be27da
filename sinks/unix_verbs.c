/* What can be asked.  A verb is a line here and a file of its own. */
#include "sinks/unix_request.h"

#include <stdio.h>
#include <string.h>

const struct unix_verb unix_verbs[] = {
	{ "subscribe", UNIX_PATTERNS, .subscribes = true, .answer = unix_subscribe },
	{ "unsubscribe", UNIX_PATTERNS, .answer = unix_unsubscribe },
	{ "get", UNIX_PATTERNS, .answer = unix_get },
	{ "list", UNIX_PATTERNS, .answer = unix_list },
	{ "stats", UNIX_PATTERNS, .answer = unix_stats },
	{ "ping", UNIX_ANYTHING, .answer = unix_ping },
	{ "reload", UNIX_TRUE, .privileged = true, .example = "{\"reload\":true}",
	    .answer = unix_reload },
	{ "debug", UNIX_TOPICS, .privileged = true, .answer = unix_debug },
	{ .name = NULL },
};

enum unix_answered
unix_ping(struct unix_connection *c, struct unix_request *request)
{
	struct unix_out out;

	unix_out_begin(&out, c->table, c->slot);
	unix_out_text(&out, "{\"reply\":\"ping\"");
	unix_out_id(&out, request->id);
	(void)unix_out_end(&out);
	return UNIX_ANSWERED;
}

/* ------------------------------------------------------------------ replies */

void
unix_reply_begin(struct unix_out *out, struct unix_connection *c, const char *verb, uint64_t count)
{
	unix_out_begin(out, c->table, c->slot);
	unix_out_text(out, "{\"reply\":");
	unix_out_name(out, verb);
	unix_out_text(out, ",\"count\":");
	unix_out_u64(out, count);
}

const char *
unix_reply_unmatched(struct unix_out *out, const struct unix_names *names)
{
	const char *separator = "";

	unix_out_text(out, ",\"unmatched\":[");
	for (size_t i = 0; i < names->count; i++) {
		const struct unix_name *name = &names->items[i];

		if (name->glob || name->matched)
			continue;
		unix_out_text(out, separator);
		unix_out_name(out, name->text);
		separator = ",";
	}
	return separator;
}

/* ------------------------------------------------------ an answer of many lines */

/* True: it was written; false: no room. */
static bool
answer_stream(struct unix_connection *c, struct stream *stream,
    void (*line)(struct unix_out *out, struct stream *stream))
{
	struct unix_answer *answer = &unix_draft(c->slot)->answer;
	struct unix_out out;

	unix_out_begin(&out, c->table, c->slot);
	line(&out, stream);
	if (!unix_out_end(&out))
		return false;
	answer->count++;
	snprintf(answer->last, sizeof answer->last, "%s", stream_name(stream));
	return true;
}

static bool
answer_reply(struct unix_connection *c, const struct unix_request *request)
{
	struct unix_out out;

	unix_reply_begin(&out, c, request->verb->name, unix_draft(c->slot)->answer.count);
	(void)unix_reply_unmatched(&out, &request->names);
	unix_out_text(&out, "]");
	unix_out_id(&out, request->id);
	return unix_out_end(&out);
}

/* One line does not even fit into an empty outbox. */
static enum unix_answered
no_room(struct unix_connection *c, const struct unix_request *request, const char *name)
{
	if (unix_draft_pending(c->slot) > 0)
		return UNIX_ANSWERING;
	unix_refuse(c, request->id, "answer-too-long", "the answer for \"%s\" does not fit into "
	    "the sink's \"outbox\" of %llu bytes", name,
	    (unsigned long long)c->table->shape.outbox);
	return UNIX_ANSWERED;
}

enum unix_answered
unix_answer_streams(struct unix_connection *c, struct unix_request *request,
    void (*line)(struct unix_out *out, struct stream *stream))
{
	struct unix_peer peer;
	struct stream *s;

	if (unix_peer_get(c->fd, &peer) < 0)
		return UNIX_ANSWERING;
	for (s = streams_first(); s != NULL; s = streams_next(s)) {
		if (!unix_peer_may(&peer, s)
		    || unix_names_match(&request->names, stream_name(s)) == NULL)
			continue;
		if (strcmp(stream_name(s), unix_draft(c->slot)->answer.last) > 0
		    && !answer_stream(c, s, line))
			break;
	}
	unix_peer_fini(&peer);
	if (s != NULL)
		return no_room(c, request, stream_name(s));
	return answer_reply(c, request) ? UNIX_ANSWERED : no_room(c, request, "*");
}

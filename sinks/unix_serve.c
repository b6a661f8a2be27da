/* Requests in their order: the next is looked at when the last reply has gone out. */
#include "sinks/unix_request.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

bool
unix_serve_pending(struct unix_connection *c)
{
	const struct unix_send *draft = unix_draft(c->slot);

	if (draft->head != draft->tail || unix_connection_ending(c) || unix_reload_waits(c))
		return false;
	return draft->answer.active || unix_receive_waiting(c);
}

static void
request_done(struct unix_connection *c, uint64_t end)
{
	unix_receive_consume(c, end);
	unix_draft(c->slot)->answer = (struct unix_answer){ .count = 0 };
}

/* Each successor came to it, too, and died of it. */
static void
give_up(struct unix_connection *c, uint64_t end)
{
	static const struct json_span no_id;
	const struct crash_place *crash = &c->slot->crash;

	unix_log(c->sink, LOG_ERR, "a request of user %u has killed the process %u times, the last "
	    "time by %s: it is refused", (unsigned int)c->slot->uid, (unsigned int)crash->deaths,
	    strsignal((int)crash->signal));
	unix_refuse(c, no_id, "request-crashed", "the daemon has died of this request %u times: it "
	    "is a bug of awaitd, and the request is left out", (unsigned int)crash->deaths);
	request_done(c, end);
}

static void
serve_line(struct unix_connection *c, struct json_span line, uint64_t end)
{
	static const struct json_span no_id;
	struct unix_request request;
	enum unix_answered answered = UNIX_ANSWERED;
	int r = unix_request_parse(c, line, &request);

	if (r == 0) {
		answered = request.verb->answer(c, &request);
		unix_request_fini(&request);
	} else if (r == -ENOMEM)
		unix_refuse(c, no_id, "out-of-memory", "the daemon has no memory for this now");
	if (answered == UNIX_ANSWERED)
		request_done(c, end);
	else
		unix_draft(c->slot)->answer.active = 1;
}

/* A stream may begin because of it, and has something else in hand then. */
static void
serve_in_hand(struct unix_connection *c, struct json_span line, uint64_t end)
{
	struct crash_place *outer = crash_place;

	if (crash_enter(&c->slot->crash, end))
		serve_line(c, line, end);
	else
		give_up(c, end);
	crash_resume(outer);
}

void
unix_serve(struct unix_connection *c)
{
	static const struct json_span no_id;
	struct json_span line;
	char *copy = NULL;
	uint64_t end;
	int r;

	if (!unix_serve_pending(c))
		return;
	r = unix_receive_line(c, &line, &end, &copy);
	if (r == 1)
		serve_in_hand(c, line, end);
	else if (r == -EMSGSIZE)
		unix_refuse(c, no_id, "request-too-long",
		    "a request may have %llu bytes; this one has more and was thrown away",
		    (unsigned long long)unix_connection_request(c));
	else if (r == -ENOMEM)
		unix_connection_end(c);
	free(copy);
}

/* {"reload":true}: the verdict is waited for; until it comes the request stands where it is. */
#include "sinks/unix_request.h"

#include <stdlib.h>
#include <string.h>

struct unix_reload {
	struct unix_connection *connection;      /* NULL: it has gone */
	bool done;
	enum reload_verdict verdict;
	char *text;                              /* NULL: no memory, or nothing was said */
};

bool
unix_reload_waits(const struct unix_connection *c)
{
	return c->reload != NULL && !c->reload->done;
}

static void
reload_free(struct unix_reload *reload)
{
	free(reload->text);
	free(reload);
}

void
unix_reload_forget(struct unix_connection *c)
{
	struct unix_reload *reload = c->reload;

	c->reload = NULL;
	if (reload == NULL)
		return;
	reload->connection = NULL;
	if (reload->done)
		reload_free(reload);
}

static void
reload_done(void *context, enum reload_verdict verdict, const char *text)
{
	struct unix_reload *reload = context;

	reload->done = true;
	reload->verdict = verdict;
	reload->text = text != NULL && text[0] != '\0' ? strdup(text) : NULL;
	if (reload->connection == NULL)
		reload_free(reload);
	else
		unix_connection_wake(reload->connection);
}

/* -------------------------------------------------------------------- verdict */

/* "errors": a string each line. */
static void
errors_out(struct unix_out *out, const char *text)
{
	const char *separator = "";

	unix_out_text(out, ",\"errors\":[");
	while (text != NULL && *text != '\0') {
		size_t length = strcspn(text, "\n");

		unix_out_text(out, separator);
		unix_out_string(out, text, length);
		separator = ",";
		text += length + (text[length] == '\n');
	}
	unix_out_text(out, "]");
}

static const char *const failures[] = {
	[RELOAD_DONE_IN_PART] = "the configuration is in force, but for what could not be done",
	[RELOAD_WRONG] = "the configuration is wrong; the one before it goes on",
	[RELOAD_REFUSED] = "the configuration was not looked at",
};

static enum unix_answered
answer_verdict(struct unix_connection *c, const struct unix_request *request)
{
	const struct unix_reload *reload = c->reload;
	struct unix_out out;

	unix_out_begin(&out, c->table, c->slot);
	if (reload->verdict == RELOAD_DONE) {
		unix_out_text(&out, "{\"reply\":\"reload\"");
		if (reload->text != NULL) {
			unix_out_text(&out, ",\"message\":");
			unix_out_string_or_null(&out, reload->text);
		}
	} else {
		unix_out_text(&out, "{\"error\":\"reload-failed\",\"message\":");
		unix_out_string_or_null(&out, failures[reload->verdict]);
		errors_out(&out, reload->text);
	}
	unix_out_id(&out, request->id);
	if (!unix_out_end(&out))
		unix_refuse(c, request->id, "reload-failed", "there are more errors than fit in an "
		    "answer; awaitd --check says them");
	unix_reload_forget(c);
	return UNIX_ANSWERED;
}

enum unix_answered
unix_reload(struct unix_connection *c, struct unix_request *request)
{
	const struct sink_control *control = &c->sink->control;

	if (c->reload != NULL)
		return answer_verdict(c, request);
	if (control->reload == NULL) {
		unix_refuse(c, request->id, "not-allowed", "there is nothing to be reloaded here");
		return UNIX_ANSWERED;
	}
	c->reload = calloc(1, sizeof *c->reload);
	if (c->reload == NULL) {
		unix_refuse(c, request->id, "out-of-memory", "there is no memory for it now");
		return UNIX_ANSWERED;
	}
	c->reload->connection = c;
	control->reload(control->context, reload_done, c->reload);
	return c->reload->done ? answer_verdict(c, request) : UNIX_WAITING;
}

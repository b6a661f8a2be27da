/* {"unsubscribe":["temp*"]}: patterns as they were subscribed.  A stream goes on while another one
 * matches it. */
#include "sinks/unix_request.h"

static int
check_known(struct unix_connection *c, const struct unix_request *request)
{
	for (size_t i = 0; i < request->names.count; i++) {
		const char *text = request->names.items[i].text;

		if (unix_pattern_find(c, text) != NULL)
			continue;
		unix_refuse(c, request->id, "not-subscribed",
		    "\"%s\" is none of the patterns that this connection is subscribed to%s", text,
		    unix_subscription_find(c, text) != NULL ? "; a glob takes it in" : "");
		return -EINVAL;
	}
	return 0;
}

static size_t
end_unmatched(struct unix_connection *c)
{
	struct unix_subscription *s = c->subscriptions, *next;
	struct unix_pattern *pattern;
	size_t count = 0;

	for (; s != NULL; s = next) {
		next = s->next;
		if (unix_pattern_takes(c, unix_subscription_record(s)->name, &pattern))
			continue;
		unix_subscription_end(s);
		count++;
	}
	return count;
}

enum unix_answered
unix_unsubscribe(struct unix_connection *c, struct unix_request *request)
{
	struct unix_out out;
	size_t count;

	if (check_known(c, request) < 0)
		return UNIX_ANSWERED;
	for (size_t i = 0; i < request->names.count; i++) {
		struct unix_pattern *pattern = unix_pattern_find(c, request->names.items[i].text);

		/* NULL: it stands there twice. */
		if (pattern != NULL)
			pattern->died = unix_draft_number(c->slot);
	}
	count = end_unmatched(c);
	unix_reply_begin(&out, c, "unsubscribe", count);
	unix_out_id(&out, request->id);
	(void)unix_out_end(&out);
	return UNIX_ANSWERED;
}

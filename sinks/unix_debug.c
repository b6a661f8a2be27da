/* {"debug":["generators"]}: every live generator and the line at which it is suspended. */
#include "sinks/unix_request.h"

#include <stdlib.h>
#include <string.h>

#include "async/async_generator.h"

struct listing {
	struct unix_connection *connection;
	uint64_t skip;               /* so many were told before */
	bool full;
};

static void
generator_line(struct unix_out *out, const struct async_generator_info *info)
{
	unix_out_text(out, "{\"debug\":");
	unix_out_string(out, info->name, strlen(info->name));
	unix_out_text(out, ",\"is\":");
	unix_out_name(out, async_generator_state_name(info->state));
	unix_out_text(out, ",\"file\":");
	unix_out_string_or_null(out, info->file);
	unix_out_text(out, ",\"line\":");
	unix_out_u64(out, (uint64_t)info->line);
	unix_out_text(out, ",\"requests\":");
	unix_out_u64(out, info->requests);
	unix_out_text(out, "}");
}

static void
generator_each(const struct async_generator_info *info, void *context)
{
	struct listing *listing = context;
	struct unix_connection *c = listing->connection;
	struct unix_out out;

	if (listing->skip > 0) {
		listing->skip--;
		return;
	}
	if (listing->full)
		return;
	unix_out_begin(&out, c->table, c->slot);
	generator_line(&out, info);
	if (unix_out_end(&out))
		unix_draft(c->slot)->answer.count++;
	else
		listing->full = true;
}

static int
check_topics(struct unix_connection *c, const struct unix_request *request)
{
	struct json_walk walk;
	struct json_token token;
	size_t count = 0;

	json_walk_begin(&walk, request->argument.text, request->argument.length);
	if (json_walk_next(&walk).kind == JSON_TOKEN_ARRAY)
		for (; (token = json_walk_next(&walk)).kind == JSON_TOKEN_STRING; count++)
			if (!json_string_equal(token.span, "generators", strlen("generators")))
				break;
	if (count > 0 && token.kind == JSON_TOKEN_ARRAY_END)
		return 0;
	unix_refuse(c, request->id, "invalid-value",
	    "what can be looked into is {\"debug\":[\"generators\"]}");
	return -EINVAL;
}

enum unix_answered
unix_debug(struct unix_connection *c, struct unix_request *request)
{
	struct listing listing = { c, unix_draft(c->slot)->answer.count, false };
	struct unix_out out;

	if (check_topics(c, request) < 0)
		return UNIX_ANSWERED;
	async_generators_each(generator_each, &listing);
	if (listing.full)
		return UNIX_ANSWERING;
	unix_reply_begin(&out, c, "debug", unix_draft(c->slot)->answer.count);
	unix_out_id(&out, request->id);
	return unix_out_end(&out) ? UNIX_ANSWERED : UNIX_ANSWERING;
}

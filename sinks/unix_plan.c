/* A `subscribe` is checked whole before any of it is done. */
#include "sinks/unix_plan.h"

#include <string.h>

/* ------------------------------------------------------------------- options */

/* An enum's value by its name.  0; or -EINVAL, and an error was written. */
static int
choose(struct unix_plan *plan, struct json_span value, const char *member, const char *const *names,
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
	unix_refuse(plan->connection, plan->request->id, "invalid-value", "\"%s\" must be %s",
	    member, wanted);
	return -EINVAL;
}

static int
take_options(struct unix_plan *plan)
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

/* ------------------------------------------------------------------- checking */

/* Only what is there and may be seen is matched. */
const struct unix_name *
unix_plan_match(struct unix_plan *plan, const struct stream *stream)
{
	if (!unix_peer_may(&plan->peer, stream))
		return NULL;
	return unix_names_match(&plan->request->names, stream_name(stream));
}

static int
check_line(const struct unix_plan *plan, const struct stream *stream)
{
	uint64_t outbox = plan->connection->table->shape.outbox;
	size_t line = stream_options(stream)->log.max_line;

	if (line <= outbox / 2)
		return 0;
	unix_refuse(plan->connection, plan->request->id, "line-too-long",
	    "a line of \"%s\" may have %zu bytes, and this sink's \"outbox\" of %llu takes half as "
	    "much", stream_name(stream), line, (unsigned long long)outbox);
	return -EINVAL;
}

static int
check_stream(struct unix_plan *plan, struct stream *stream)
{
	const char *name = stream_name(stream);
	struct unix_start start;
	uint64_t next;

	if (unix_plan_match(plan, stream) == NULL)
		return 0;
	if (unix_subscription_find(plan->connection, name) == NULL) {
		plan->fresh++;
		return check_line(plan, stream) < 0 ? -EINVAL
		                                    : unix_plan_start(plan, stream, &start, &next);
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
check_twice(const struct unix_plan *plan)
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
check_room(const struct unix_plan *plan)
{
	struct unix_connection *c = plan->connection;
	size_t max = unix_connection_subscriptions(c);

	if (unix_subscription_count(c) + plan->fresh <= max
	    && unix_pattern_count(c) + plan->request->names.count <= max)
		return 0;
	unix_refuse(c, plan->request->id, "too-many-subscriptions",
	    "a connection may have %zu, and as many patterns; with this it would have %zu and %zu",
	    max,
	    unix_subscription_count(c) + plan->fresh,
	    unix_pattern_count(c) + plan->request->names.count);
	return -EINVAL;
}

int
unix_plan_check(struct unix_plan *plan)
{
	int r = take_options(plan);

	if (r == 0)
		r = check_twice(plan);
	if (r == 0)
		r = unix_after_check(plan);
	for (struct stream *s = streams_first(); r == 0 && s != NULL; s = streams_next(s))
		r = check_stream(plan, s);
	return r < 0 ? r : check_room(plan);
}

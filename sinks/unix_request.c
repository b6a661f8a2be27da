/* A request's line, taken apart.  Whatever is not exactly right is answered with what would be. */
#include "sinks/unix_request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 64                 /* bytes of the peer's own words in a message */

static void
error_begin(struct unix_out *out, struct unix_connection *c, const char *code, const char *format,
    va_list args)
{
	char message[512];

	vsnprintf(message, sizeof message, format, args);
	unix_out_begin(out, c->table, c->slot);
	unix_out_text(out, "{\"error\":");
	unix_out_name(out, code);
	unix_out_text(out, ",\"message\":");
	unix_out_string(out, message, strlen(message));
}

void
unix_refuse(struct unix_connection *c, struct json_span id, const char *code,
    const char *format, ...)
{
	struct unix_out out;
	va_list args;

	va_start(args, format);
	error_begin(&out, c, code, format, args);
	va_end(args);
	unix_out_id(&out, id);
	(void)unix_out_end(&out);
}

bool
unix_tell(struct unix_connection *c, const char *code, const char *name, const char *format, ...)
{
	struct unix_out out;
	va_list args;

	va_start(args, format);
	error_begin(&out, c, code, format, args);
	va_end(args);
	unix_out_text(&out, ",\"name\":");
	unix_out_name(&out, name);
	unix_out_text(&out, "}");
	return unix_out_end(&out);
}

/* ------------------------------------------------------------------ patterns */

static int
name_parse(struct unix_connection *c, struct json_span id, const char *member,
    struct json_token token, struct unix_name *ret)
{
	ssize_t length = -EINVAL;

	if (token.kind == JSON_TOKEN_STRING)
		length = json_string_copy(token.span, ret->text, sizeof ret->text);
	if (length == -ENOSPC)
		unix_refuse(c, id, "invalid-value", "\"%s\": a pattern may have %d bytes", member,
		    UNIX_PATTERN_MAX);
	else if (length < 0)
		unix_refuse(c, id, "invalid-value", "\"%s\" must be an array of strings: "
		    "[\"door\",\"temp*\"]", member);
	else if (strlen(ret->text) != (size_t)length || !stream_pattern_valid(ret->text))
		unix_refuse(c, id, "invalid-value", "\"%s\": \"%s\" is no name of a stream and no "
		    "pattern (letters, digits, '.', '_', '-', and *, ?, [] of glob(7))", member,
		    ret->text);
	else {
		ret->glob = stream_pattern_is_glob(ret->text);
		return 0;
	}
	return -EINVAL;
}

static int
names_grow(struct unix_names *names)
{
	struct unix_name *items;

	if (names->count % 16 != 0)
		return 0;
	items = reallocarray(names->items, names->count + 16, sizeof *items);
	if (items == NULL)
		return -ENOMEM;
	names->items = items;
	return 0;
}

static int
names_add(struct unix_connection *c, struct json_span id, const char *member,
    struct json_token token, struct unix_names *names)
{
	size_t max = unix_connection_subscriptions(c);
	int r;

	if (names->count == max) {
		unix_refuse(c, id, "too-many-patterns", "\"%s\" may name %zu at once", member, max);
		return -EINVAL;
	}
	r = names_grow(names);
	if (r < 0)
		return r;
	names->items[names->count] = (struct unix_name){ .glob = false };
	r = name_parse(c, id, member, token, &names->items[names->count]);
	if (r == 0)
		names->count++;
	return r;
}

int
unix_names_parse(struct unix_connection *c, struct json_span id, const char *member,
    struct json_span array, struct unix_names *ret)
{
	struct unix_names names = { 0 };
	struct json_walk walk;
	struct json_token token;
	int r = 0;

	json_walk_begin(&walk, array.text, array.length);
	token = json_walk_next(&walk);
	if (token.kind != JSON_TOKEN_ARRAY) {
		unix_refuse(c, id, "invalid-value", "\"%s\" must be an array: [\"door\",\"temp*\"]",
		    member);
		return -EINVAL;
	}
	while (r == 0 && (token = json_walk_next(&walk)).kind != JSON_TOKEN_ARRAY_END)
		r = names_add(c, id, member, token, &names);
	if (r == 0 && names.count == 0) {
		unix_refuse(c, id, "invalid-value", "\"%s\" is empty: [\"*\"] is all streams",
		    member);
		r = -EINVAL;
	}
	if (r < 0)
		free(names.items);
	else
		*ret = names;
	return r;
}

const struct unix_name *
unix_names_match(struct unix_names *names, const char *name)
{
	const struct unix_name *found = NULL;

	for (size_t i = 0; i < names->count; i++) {
		struct unix_name *item = &names->items[i];

		if (!unix_pattern_matches(item->text, item->glob, name))
			continue;
		item->matched = true;
		if (found == NULL)
			found = item;
	}
	return found;
}

/* ------------------------------------------------------------------- members */

static const struct unix_verb *
verb_find(struct json_span key)
{
	for (const struct unix_verb *verb = unix_verbs; verb->name != NULL; verb++)
		if (json_string_equal(key, verb->name, strlen(verb->name)))
			return verb;
	return NULL;
}

/* Where an option of subscribe goes. */
static struct json_span *
option_find(struct unix_request *request, struct json_span key)
{
	const struct {
		const char *name;
		struct json_span *span;
	} options[] = {
		{ "id", &request->id },
		{ "from", &request->from },
		{ "after", &request->after },
		{ "lag", &request->lag },
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (json_string_equal(key, options[i].name, strlen(options[i].name)))
			return options[i].span;
	return NULL;
}

/* The peer's own word, for a message: cut, and without what a terminal would obey. */
struct shown {
	char text[SHOWN_MAX + 4];
};

static struct shown
show(struct json_span key)
{
	struct shown shown;
	size_t length = key.length >= 2 ? key.length - 2 : 0;

	snprintf(shown.text, sizeof shown.text, "%.*s%s",
	    (int)(length < SHOWN_MAX ? length : SHOWN_MAX), key.text + 1,
	    length < SHOWN_MAX ? "" : "...");
	return shown;
}

static int
refuse_unknown(struct unix_connection *c, const struct unix_request *request, struct json_span key)
{
	static const char *const members[] = { "id", "from", "after", "lag", NULL };
	static const char *const only_id[] = { "id", NULL };
	const char *verbs[16] = { NULL }, *meant;
	bool verb = request->verb == NULL;
	size_t count = 0;

	for (const struct unix_verb *v = unix_verbs; v->name != NULL; v++)
		verbs[count++] = v->name;
	meant = unix_suggest(verb ? verbs : request->verb->subscribes ? members : only_id,
	    key.text + 1, key.length - 2);
	if (meant != NULL)
		unix_refuse(c, request->id, verb ? "unknown-verb" : "unknown-member",
		    "there is no \"%s\", did you mean \"%s\"?", show(key).text, meant);
	else if (verb)
		unix_refuse(c, request->id, "unknown-verb", "there is no \"%s\"; there are "
		    "subscribe, unsubscribe, get, list, stats, ping, reload and debug",
		    show(key).text);
	else
		unix_refuse(c, request->id, "unknown-member", "\"%s\" takes no \"%s\", only %s",
		    request->verb->name, show(key).text,
		    request->verb->subscribes ? "from, after, lag and id" : "id");
	return -EINVAL;
}

static int
refuse_twice(struct unix_connection *c, const struct unix_request *request, struct json_span key)
{
	unix_refuse(c, request->id, "invalid-request", "\"%s\" stands there twice", show(key).text);
	return -EINVAL;
}

static int
take_verb(struct unix_connection *c, struct unix_request *request, const struct unix_verb *verb,
    struct json_span value)
{
	if (request->verb != NULL) {
		unix_refuse(c, request->id, "invalid-request",
		    "a request has one verb; this one has \"%s\" and \"%s\"", request->verb->name,
		    verb->name);
		return -EINVAL;
	}
	request->verb = verb;
	request->argument = value;
	return 0;
}

/* Members that only some verbs take, or that nobody does, are judged when the verb is known. */
static int
take_members(struct unix_connection *c, struct json_span line, struct unix_request *request,
    struct json_span *ret_unknown)
{
	struct json_walk walk;
	struct json_token key;
	int r = 0;

	json_walk_begin(&walk, line.text, line.length);
	(void)json_walk_next(&walk);
	while (r == 0 && (key = json_walk_next(&walk)).kind == JSON_TOKEN_KEY) {
		struct json_span value = json_walk_skip(&walk, json_walk_next(&walk));
		const struct unix_verb *verb = verb_find(key.span);
		struct json_span *option = option_find(request, key.span);

		if (verb != NULL)
			r = take_verb(c, request, verb, value);
		else if (option == NULL)
			*ret_unknown = ret_unknown->length == 0 ? key.span : *ret_unknown;
		else if (option->length > 0 && option->text != value.text)
			r = refuse_twice(c, request, key.span);
		else
			*option = value;
	}
	return r;
}

/* -------------------------------------------------------------------- parsing */

static int
check_text(struct unix_connection *c, struct json_span line)
{
	static const struct json_span no_id;
	struct json_checked checked;
	enum json_fault fault = json_check(line.text, line.length, &checked);
	unsigned int number, column;

	if (fault == JSON_FAULT_NONE && line.text[checked.begin] == '{')
		return 0;
	if (fault == JSON_FAULT_NONE) {
		unix_refuse(c, no_id, "invalid-request",
		    "a request is a JSON object: {\"subscribe\":[\"*\"]}");
		return -EINVAL;
	}
	json_line_column(line.text, checked.stop, &number, &column);
	unix_refuse(c, no_id, "invalid-json", "at column %u: %s", column,
	    json_fault_message(fault));
	return -EINVAL;
}

/* The id is wanted even of a request that is refused: it is looked for first. */
static int
take_id(struct unix_connection *c, struct json_span line, struct unix_request *request)
{
	struct json_span id;

	if (!json_member(line.text, line.length, "/id", &id))
		return 0;
	if (id.length > UNIX_ID_MAX) {
		unix_refuse(c, request->id, "invalid-value", "\"id\" may have %d bytes",
		    UNIX_ID_MAX);
		return -EINVAL;
	}
	request->id = id;
	return 0;
}

static int
check_members(struct unix_connection *c, const struct unix_request *request,
    struct json_span unknown)
{
	if (unknown.length > 0)
		return refuse_unknown(c, request, unknown);
	if (request->verb == NULL) {
		unix_refuse(c, request->id, "invalid-request", "there is no verb in it: "
		    "{\"subscribe\":[\"*\"]}");
		return -EINVAL;
	}
	if (!request->verb->subscribes && request->from.length + request->after.length
	    + request->lag.length > 0) {
		unix_refuse(c, request->id, "unknown-member",
		    "\"from\", \"after\" and \"lag\" go with \"subscribe\", not with \"%s\"",
		    request->verb->name);
		return -EINVAL;
	}
	return 0;
}

static int
check_argument(struct unix_connection *c, struct unix_request *request)
{
	const struct unix_verb *verb = request->verb;

	if (verb->argument == UNIX_PATTERNS)
		return unix_names_parse(c, request->id, verb->name, request->argument,
		    &request->names);
	if (verb->argument == UNIX_TRUE && json_span_kind(request->argument) != JSON_TOKEN_TRUE) {
		unix_refuse(c, request->id, "invalid-value", "say %s", verb->example);
		return -EINVAL;
	}
	return 0;
}

static int
check_privilege(struct unix_connection *c, const struct unix_request *request)
{
	const struct sink_control *control = &c->sink->control;

	if (!request->verb->privileged
	    || (control->privileged != NULL && control->privileged(control->context, c->slot->uid)))
		return 0;
	unix_refuse(c, request->id, "not-allowed", "\"%s\" is for root and the daemon's own user",
	    request->verb->name);
	return -EINVAL;
}

int
unix_request_parse(struct unix_connection *c, struct json_span line, struct unix_request *ret)
{
	struct unix_request request = { 0 };
	struct json_span unknown = { 0 };
	int r = check_text(c, line);

	if (r == 0)
		r = take_id(c, line, &request);
	if (r < 0)
		return r;
	r = take_members(c, line, &request, &unknown);
	if (r == 0)
		r = check_members(c, &request, unknown);
	if (r == 0)
		r = check_privilege(c, &request);
	if (r == 0)
		r = check_argument(c, &request);
	if (r == 0)
		*ret = request;
	return r;
}

void
unix_request_fini(struct unix_request *request)
{
	free(request->names.items);
	request->names.items = NULL;
}

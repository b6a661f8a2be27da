#include "clients/message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "clients/command.h"
#include "clients/text.h"

static const char *const kinds[] = {
	[MESSAGE_HELLO] = "hello",
	[MESSAGE_SUBSCRIBED] = "subscribed",
	[MESSAGE_REPLY] = "reply",
	[MESSAGE_ERROR] = "error",
	[MESSAGE_LIST] = "list",
	[MESSAGE_GET] = "get",
	[MESSAGE_STATS] = "stats",
	[MESSAGE_DEBUG] = "debug",
	[MESSAGE_STREAM] = "stream",
	[MESSAGE_GAP] = "gap",
	[MESSAGE_STATE] = "state",
	[MESSAGE_READY] = "ready",
};

static enum message_kind
kind_of(struct view name)
{
	for (size_t i = MESSAGE_HELLO; i < sizeof kinds / sizeof kinds[0]; i++)
		if (view_is(name, kinds[i]))
			return (enum message_kind)i;
	return MESSAGE_UNKNOWN;
}

int
message_parse(struct message *ret_message, struct view line)
{
	struct message message = { .kind = MESSAGE_UNKNOWN };
	struct view_walk walk;
	struct view name;

	if (view_parse(&message.line, line.text, line.length) < 0
		|| view_type(message.line) != VIEW_OBJECT)
		return -EBADMSG;
	walk = view_walk(message.line);
	while (message.kind == MESSAGE_UNKNOWN && view_next(&walk, &name, &message.subject))
		message.kind = kind_of(name);
	*ret_message = message;
	return 0;
}

static bool
is_blank(struct view line)
{
	return line.length == 0 || (line.length == 1 && line.text[0] == '\r');
}

int
message_next(struct connection *connection, struct message *ret_message, uint64_t deadline)
{
	bool torn = false;

	for (;;) {
		struct view line;
		int error = connection_line(connection, &line, deadline);

		if (error < 0)
			return error;
		if (is_blank(line))
			continue;
		error = message_parse(ret_message, line);
		if (torn && (error < 0 || ret_message->kind != MESSAGE_HELLO))
			complain("dropped a line from the daemon that is no JSON object");
		if (error == 0)
			return 0;
		torn = true;
	}
}

static void
complain_each(struct view errors)
{
	struct view_walk walk = view_walk(errors);
	struct view error;

	while (view_next(&walk, NULL, &error)) {
		struct buffer text = { 0 };

		text_show(&text, error);
		fprintf(stderr, "%.*s\n", (int)text.length, text.data);
		buffer_free(&text);
	}
}

void
message_complain(const struct message *message)
{
	struct buffer text = { 0 };
	struct view said = view_member(message->line, "message");

	text_show(&text, message->subject);
	if (said.length > 0) {
		buffer_text(&text, ": ");
		text_show_lines(&text, said);
	}
	complain("%.*s", (int)text.length, text.data);
	complain_each(view_member(message->line, "errors"));
	buffer_free(&text);
}

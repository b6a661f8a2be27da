/* awaitctl get: the last event of a stream, once. */
#include <string.h>

#include "clients/exchange.h"
#include "clients/output.h"
#include "clients/render.h"
#include "clients/text.h"

struct get {
	const struct options *options;
	struct render render;
	bool as_text, missing;
};

static void
get_answer(struct get *get, const struct message *message)
{
	struct view event = view_member(message->line, "event");

	if (view_type(event) != VIEW_OBJECT)
		get->missing = true;
	if (get->options->value) {
		if (view_type(event) == VIEW_OBJECT) {
			text_show_lines(output(), view_member(event, "value"));
			buffer_text(output(), "\n");
		}
	} else if (get->as_text) {
		render_event(&get->render, output(), message->subject, event);
	} else {
		buffer_view(output(), message->line);
		buffer_text(output(), "\n");
	}
}

static void
get_message(void *context, const struct message *message)
{
	if (message->kind == MESSAGE_GET)
		get_answer(context, message);
}

static int
get_run(const struct options *options)
{
	struct get get = { .options = options, .as_text = !format_is_json(options) };
	struct exchange exchange = {
		.options = options,
		.verb = "get",
		.on_message = get_message,
		.context = &get,
	};
	int status;

	for (size_t i = 0; i < options->n_names; i++)
		render_expect_name(
			&get.render, (struct view) { options->names[i], strlen(options->names[i]) });
	status = exchange_run(&exchange);
	return status == EXIT_OK && get.missing ? EXIT_NO_VALUE : status;
}

const struct command get_command = {
	.name = "get",
	.operands = "NAME...",
	.summary = "the last event of a stream, once",
	.help = "  awaitctl get board              its last value, with time and unit\n"
		"  awaitctl get 'temp*' --json     one JSON object a stream\n"
		"  if [ \"$(awaitctl get --value door)\" = 1 ]; then echo open; fi\n"
		"\n"
		"  -v, --value                the bare value, a string without quotes\n"
		"  -t, --timeout DURATION     how long to wait for the answer [30s]\n",
	.allowed = "vt",
	.names_min = 1,
	.names_max = SIZE_MAX,
	.run = get_run,
};

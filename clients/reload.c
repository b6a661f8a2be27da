/* awaitctl reload: the daemon reads its config again, and the verdict is waited for. */
#include "clients/exchange.h"
#include "clients/output.h"
#include "clients/text.h"

static void
reload_message(void *context, const struct message *message)
{
	static const char *const known[] = { "reply", "id", NULL };
	struct view_walk walk = view_walk(message->line);
	struct view name, value;

	(void)context;
	if (message->kind != MESSAGE_REPLY)
		return;
	buffer_text(output(), "reloaded");
	while (view_next(&walk, &name, &value)) {
		if (view_is(name, known[0]) || view_is(name, known[1]))
			continue;
		buffer_text(output(), ", ");
		text_show(output(), name);
		buffer_text(output(), " ");
		text_show(output(), value);
	}
	buffer_text(output(), "\n");
}

static int
reload_run(const struct options *options)
{
	struct exchange exchange = {
		.options = options,
		.verb = "reload",
		.argument = "true",
		.on_message = format_is_json(options) ? NULL : reload_message,
		.reply_is_answer = true,
	};

	return exchange_run(&exchange);
}

const struct command reload_command = {
	.name = "reload",
	.operands = "",
	.summary = "read the config again, and say the verdict",
	.help = "Streams that did not change keep their devices, their seq and their subscribers.\n"
		"A config that is wrong changes nothing: its errors are printed, with file, line and\n"
		"column, and the exit status is 1.\n"
		"\n"
		"  awaitctl check && awaitctl reload\n"
		"\n"
		"  -t, --timeout DURATION     how long to wait for the verdict [30s]\n",
	.allowed = "t",
	.run = reload_run,
};

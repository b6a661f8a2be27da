/* awaitctl debug generators: every live generator, and the line at which it is suspended. */
#include <string.h>

#include "clients/exchange.h"
#include "clients/output.h"
#include "clients/table.h"

static void
debug_message(void *context, const struct message *message)
{
	struct table *table = context;

	if (message->kind == MESSAGE_DEBUG)
		table_add(table, message->subject, message->line);
	else if (message->kind == MESSAGE_REPLY)
		table_print(table, output());
}

static int
debug_generators(const struct options *options)
{
	static const char *const hidden[] = { "debug", "id", NULL };
	struct table *table = table_new("NAME", hidden);
	struct exchange exchange = {
		.options = options,
		.verb = "debug",
		.argument = "[\"generators\"]",
		.on_message = format_is_json(options) ? NULL : debug_message,
		.context = table,
	};
	int status = exchange_run(&exchange);

	table_free(table);
	return status;
}

static int
debug_run(const struct options *options)
{
	if (strcmp(options->names[0], "generators") == 0)
		return debug_generators(options);
	complain("debug %s: what can be looked into is: generators", options->names[0]);
	return EXIT_USAGE;
}

const struct command debug_command = {
	.name = "debug",
	.operands = "generators",
	.summary = "look inside the daemon (root and the daemon's own user)",
	.help = "  awaitctl debug generators  all live generators, and where each is suspended\n"
		"\n"
		"  -t, --timeout DURATION     how long to wait for the answer [30s]\n",
	.allowed = "t",
	.names_min = 1,
	.names_max = 1,
	.run = debug_run,
};

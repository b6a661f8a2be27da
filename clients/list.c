/* awaitctl list: which streams there are, and how each is. */
#include "clients/exchange.h"
#include "clients/output.h"
#include "clients/table.h"

static void
list_message(void *context, const struct message *message)
{
	struct table *table = context;

	if (message->kind == MESSAGE_LIST)
		table_add(table, message->subject, message->line);
	else if (message->kind == MESSAGE_REPLY)
		table_print(table, output());
}

static int
list_run(const struct options *options)
{
	static const char *const hidden[] = { "list", "id", "epoch", "oldest", "time", NULL };
	struct table *table = table_new("NAME", hidden);
	struct exchange exchange = {
		.options = options,
		.verb = "list",
		.on_message = format_is_json(options) ? NULL : list_message,
		.context = table,
	};
	int status = exchange_run(&exchange);

	table_free(table);
	return status;
}

const struct command list_command = {
	.name = "list",
	.operands = "[PATTERN...]",
	.summary = "which streams there are, and how each is",
	.help = "  awaitctl list              all that you may see\n"
		"  awaitctl list 'temp*'      those whose names begin so (quote the star)\n"
		"  awaitctl list --json | jq -r 'select(.is == \"down\") | .list'\n"
		"                             the names of those that are down\n"
		"\n"
		"  -t, --timeout DURATION     how long to wait for the answer [30s]\n",
	.allowed = "t",
	.names_max = SIZE_MAX,
	.run = list_run,
};

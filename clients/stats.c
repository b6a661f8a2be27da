/* awaitctl stats: what has come, gone and been lost, stream by stream. */
#include "clients/exchange.h"
#include "clients/output.h"
#include "clients/table.h"

static void
stats_message(void *context, const struct message *message)
{
	struct table *table = context;

	if (message->kind == MESSAGE_STATS)
		table_add(table, message->subject, message->line);
	else if (message->kind == MESSAGE_REPLY)
		table_print(table, output());
}

static int
stats_run(const struct options *options)
{
	static const char *const hidden[] = { "stats", "id", "time", NULL };
	struct table *table = table_new("NAME", hidden);
	struct exchange exchange = {
		.options = options,
		.verb = "stats",
		.on_message = format_is_json(options) ? NULL : stats_message,
		.context = table,
	};
	int status = exchange_run(&exchange);

	table_free(table);
	return status;
}

const struct command stats_command = {
	.name = "stats",
	.operands = "[PATTERN...]",
	.summary = "what has come, gone and been lost, stream by stream",
	.help = "  awaitctl stats             all streams, or one block each where that is too wide\n"
		"  awaitctl stats door --json\n"
		"\n"
		"  -t, --timeout DURATION     how long to wait for the answer [30s]\n",
	.allowed = "t",
	.names_max = SIZE_MAX,
	.run = stats_run,
};

/* awaitctl ping: is it there, and how fast does it answer? */
#include <string.h>

#include "clients/duration.h"
#include "clients/exchange.h"
#include "clients/output.h"
#include "clients/text.h"

struct ping {
	const struct exchange *exchange;
	struct buffer version;
	uint64_t asked_ns;
};

static void
ping_message(void *context, const struct message *message)
{
	struct ping *ping = context;
	char text[32];

	if (message->kind == MESSAGE_HELLO) {
		text_show(&ping->version, view_member(message->line, "version"));
		ping->asked_ns = clock_now();
	} else if (message->kind == MESSAGE_REPLY) {
		buffer_format(output(), "awaitd %.*s at %s answers in %s\n",
			(int)ping->version.length, ping->version.data, ping->exchange->socket,
			duration_text(clock_now() - ping->asked_ns, text));
	}
}

static int
ping_run(const struct options *options)
{
	struct ping ping = { 0 };
	struct exchange exchange = {
		.options = options,
		.verb = "ping",
		.argument = "1",
		.on_message = format_is_json(options) ? NULL : ping_message,
		.context = &ping,
		.reply_is_answer = true,
	};
	int status;

	ping.exchange = &exchange;
	status = exchange_run(&exchange);
	buffer_free(&ping.version);
	return status;
}

const struct command ping_command = {
	.name = "ping",
	.operands = "",
	.summary = "is the daemon there, and how fast does it answer?",
	.help = "  awaitctl ping && echo it runs\n"
		"  awaitctl ping --timeout 1s\n"
		"\n"
		"  -t, --timeout DURATION     how long to wait for the answer [30s]\n",
	.allowed = "t",
	.run = ping_run,
};

/* awaitctl subscribe: what happens in streams, as it happens. */
#include "clients/connection.h"
#include "clients/duration.h"
#include "clients/exchange.h"
#include "clients/follow.h"

static void
begin_after(struct follow *follow)
{
	const struct options *options = follow->options;

	for (size_t i = 0; i < options->n_after; i++)
		positions_set(&follow->positions, options->after[i].name, options->after[i].epoch,
			options->after[i].seq);
}

static int
subscribe_run(const struct options *options)
{
	struct follow follow = {
		.options = options,
		.socket = options->socket != NULL ? options->socket : socket_path(),
		.as_text = !format_is_json(options),
		.deadline = deadline_after(options->timeout_ns),
	};
	int status;

	for (size_t i = 0; i < options->n_names; i++)
		follow.has_patterns |= name_is_pattern(options->names[i]);
	begin_after(&follow);
	status = follow_run(&follow);
	positions_free(&follow.positions);
	return status;
}

const struct command subscribe_command = {
	.name = "subscribe",
	.operands = "NAME...",
	.summary = "what happens in streams, as it happens",
	.help = "Prints an aligned line for each event on a terminal, and into a pipe the daemon's own\n"
		"NDJSON, byte for byte.  Gaps and states of a stream come as lines too: nothing is lost\n"
		"without being told.  If the connection breaks, it says so on stderr, connects again\n"
		"and goes on behind the last line.  When all streams that were named have ended, so\n"
		"does the command.\n"
		"\n"
		"  awaitctl subscribe door 'temp*'            live, from now on\n"
		"  awaitctl subscribe '*' --from latest       the last event of each first\n"
		"  awaitctl subscribe door --from oldest      all that is still in the history\n"
		"  awaitctl subscribe door --count 1          wait for the next event\n"
		"  awaitctl subscribe app --timeout 10s | jq -r 'select(.stream) | .value'\n"
		"\n"
		"  -n, --count N              end after N events; gaps and states are not counted\n"
		"  -t, --timeout DURATION     end after 500ms, 10s, 2m ...; with --count, status 4\n"
		"      --from WHERE           now, latest or oldest [now]\n"
		"      --after NAME=EPOCH:SEQ resume behind an entry that was seen, stream by stream\n"
		"      --lag POLICY           if this reader is too slow: skip what it missed and tell\n"
		"                             the gap, always jump to the latest, block the source\n"
		"                             (where the config allows it), or close [skip]\n"
		"      --no-reconnect         end with status 3 when the connection breaks\n"
		"      --all                  NDJSON: hello, subscribed, reply and ready lines too\n",
	.allowed = "nt01234",
	.names_min = 1,
	.names_max = SIZE_MAX,
	.run = subscribe_run,
};

#include "daemon/tables.h"

#include <stddef.h>

#include "daemon/default_sink.h"
#include "sinks/sink.h"
#include "sources/source.h"
#include "streams/operator.h"

/* The three ops structs have these members in common. */
#define ROW(ops_) \
	((struct option_type){ .name = (ops_)->name, .help = (ops_)->help, \
		.options = (ops_)->options, .size = (ops_)->options_size, \
		.check = (ops_)->check, .ops = (ops_) })

static bool
source_row(size_t index, struct option_type *ret)
{
	if (source_table[index] == NULL)
		return false;
	*ret = ROW(source_table[index]);
	return true;
}

static bool
operator_row(size_t index, struct option_type *ret)
{
	if (operator_table[index] == NULL)
		return false;
	*ret = ROW(operator_table[index]);
	return true;
}

static bool
sink_row(size_t index, struct option_type *ret)
{
	if (sink_table[index] == NULL)
		return false;
	*ret = ROW(sink_table[index]);
	return true;
}

/* What nobody could subscribe to is a mistake. */
static void
check_lines(const struct config *config, struct config_whole *whole)
{
	size_t most = config->sink_count == 0 ? default_sink_line_max(config) : 0;

	for (size_t i = 0; i < config->sink_count; i++) {
		const struct option_typed *sink = &config->sinks[i]->sink;
		size_t max = ((const struct sink_ops *)sink->ops)->line_max(sink->options);

		most = max > most ? max : most;
	}
	for (size_t i = 0; i < config->stream_count; i++)
		if (config->streams[i]->max_line > most)
			config_stream_error(whole, config->streams[i], "max_line",
			    "is more than a sink takes, %zu; make it smaller, or a sink's "
			    "\"outbox\" twice as large as this", most);
}

const struct config_tables daemon_tables = {
	.source = source_row,
	.operator = operator_row,
	.sink = sink_row,
	.check = check_lines,
};

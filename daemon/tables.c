#include "daemon/tables.h"

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

const struct config_tables daemon_tables = {
	.source = source_row,
	.operator = operator_row,
	.sink = sink_row,
};

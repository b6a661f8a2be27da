#include "daemon/stream_config.h"

#include <stdlib.h>

#include "sources/source.h"

struct stream_operator *
stream_config_operators(const struct config_stream *config)
{
	size_t count = config->operators.count;
	struct stream_operator *operators = calloc(count > 0 ? count : 1, sizeof *operators);

	for (size_t i = 0; operators != NULL && i < count; i++)
		operators[i] = (struct stream_operator){
			.ops = config->operators.items[i].ops,
			.options = config->operators.items[i].options,
		};
	return operators;
}

struct stream_options
stream_config_options(const struct config_stream *config, const struct stream_operator *operators)
{
	return (struct stream_options){
		.name = config->name,
		.unit = config->unit,
		.description = config->description,
		.source = source_of(config->source.ops, config->source.options),
		.operators = operators,
		.operator_count = config->operators.count,
		.chain = config->chain,
		.origin = config->origin,
		.limits = config->limits,
		.log = {
			.size = config->history.size,
			.max_line = config->max_line,
			.count = (uint64_t)config->history.count,
			.age_ns = (uint64_t)config->history.age,
			.path = config->history.path,
		},
		.allow_uids = config->allow.users.items,
		.allow_uid_count = config->allow.users.count,
		.allow_gids = config->allow.groups.items,
		.allow_gid_count = config->allow.groups.count,
		.restricted = config->allow.given,
		.on_demand = config->open == CONFIG_OPEN_ON_DEMAND,
		.linger_ns = (uint64_t)config->linger,
		.expect_ns = (uint64_t)config->expect,
	};
}

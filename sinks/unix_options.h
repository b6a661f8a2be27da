/* unix_options.h - what a sink of type "unix" may be told (awaitd.json(5)). */
#ifndef SINKS_UNIX_OPTIONS_H
#define SINKS_UNIX_OPTIONS_H

#include "config/option.h"

#define UNIX_ID_MAX 256          /* bytes of a request's "id" */
#define UNIX_PATTERN_MAX 103     /* bytes of a pattern */

struct unix_limits {
	int64_t connections;
	int64_t connections_per_uid;
	bool has_connections_per_uid;
	uint64_t request;            /* bytes of a request's line, without its LF */
	int64_t subscriptions;       /* of one connection; and patterns of one request */
	uint64_t outbox;             /* bytes */
};

struct unix_options {
	const char *path;
	uint32_t mode;
	uint32_t group;              /* OPTION_ID_NONE: as it comes */
	bool block;
	int64_t block_timeout;       /* ns, or DURATION_NEVER */
	struct unix_limits limits;
};

extern const struct option unix_option_table[];

void unix_options_check(const void *options, struct option_report *report);

#endif

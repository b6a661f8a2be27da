#include "sinks/unix_options.h"

#include <string.h>
#include <sys/un.h>

static const struct option limit_table[] = {
	{ "connections", OPTION_INTEGER(struct unix_limits, connections), .value = "1000",
	    .min = "1", .max = "65536",
	    .help = "Connections at once.  The next one is told too-many-connections and closed." },
	{ "connections_per_uid", OPTION_INTEGER(struct unix_limits, connections_per_uid),
	    .given = offsetof(struct unix_limits, has_connections_per_uid),
	    .min = "1", .max = "65536",
	    .help = "Connections at once of one user; without it, as many as \"connections\"." },
	{ "request", OPTION_SIZE(struct unix_limits, request), .value = "64KiB",
	    .min = "256", .max = "16MiB",
	    .help = "Bytes of one request.  A longer one is answered with an error." },
	{ "subscriptions", OPTION_INTEGER(struct unix_limits, subscriptions), .value = "256",
	    .min = "1", .max = "4096",
	    .help = "Streams that one connection may be subscribed to, and patterns in one "
	            "request." },
	{ "outbox", OPTION_SIZE(struct unix_limits, outbox), .value = "256KiB",
	    .min = "64KiB", .max = "256MiB",
	    .help = "Memory for one connection's answers and for the rest of a line that was cut.  "
	            "At least twice the \"max_line\" of every stream; pages that nobody uses cost "
	            "nothing." },
	{ 0 },
};

const struct option unix_option_table[] = {
	{ "path", OPTION_PATH(struct unix_options, path), .value = "/run/awaitd/awaitd.sock",
	    .help = "The socket.  Its folder must exist; what a daemon that died has left there is "
	            "replaced." },
	{ "mode", OPTION_MODE(struct unix_options, mode), .value = "0660",
	    .help = "Who may connect: the socket's mode." },
	{ "group", OPTION_GROUP(struct unix_options, group),
	    .help = "The socket's group; unchanged without it." },
	{ "block", OPTION_BOOL(struct unix_options, block), .value = "false",
	    .help = "Allow subscribers to ask for \"lag\":\"block\", which lets a slow one stop "
	            "the source." },
	{ "block_timeout", OPTION_DURATION(struct unix_options, block_timeout), .value = "10s",
	    .min = "10ms", .never = true,
	    .help = "A blocking subscriber that takes not one byte for so long is told, and skips "
	            "from then on; or \"never\"." },
	{ "limits", OPTION_OBJECT(struct unix_options, limits, limit_table),
	    .help = "What one peer, and all of them, may use." },
	{ 0 },
};

void
unix_options_check(const void *options, struct option_report *report)
{
	const struct unix_options *self = options;
	size_t max = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;

	if (strlen(self->path) > max)
		option_error(report, "path", "is longer than the %zu bytes that a socket's path "
		    "may have (unix(7))", max);
	if (self->limits.has_connections_per_uid
	    && self->limits.connections_per_uid > self->limits.connections)
		option_error(report, "limits/connections_per_uid",
		    "is more than \"connections\" in all (%lld)",
		    (long long)self->limits.connections);
}

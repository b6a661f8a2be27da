/* default_sink.h - a config that says nothing of "sinks" means one Unix socket, where awaitctl
 * looks for it. */
#ifndef DAEMON_DEFAULT_SINK_H
#define DAEMON_DEFAULT_SINK_H

#include <stddef.h>

#include "config/config.h"

/* The longest line that it takes; SIZE_MAX: the config has "sinks". */
size_t default_sink_line_max(const struct config *config);

/* Replaces *config by one with the sink "local": at its default path; or, for a user with
 * $XDG_RUNTIME_DIR, at awaitd/awaitd.sock in that.  A config that has "sinks", be it empty, stays
 * as it is.  0 or -ENOMEM, and then *config is as it was. */
int default_sink_add(struct config **config);

#endif

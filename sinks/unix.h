/* unix.h - the sink of type "unix"; its options are in unix_options.h. */
#ifndef SINKS_UNIX_H
#define SINKS_UNIX_H

#include "sinks/sink.h"

extern const struct sink_ops unix_sink;

#endif

/* Every kind of sink: one line each. */
#include "sinks/sink.h"
#include "sinks/unix.h"

const struct sink_ops *const sink_table[] = {
	&unix_sink,
	NULL,
};

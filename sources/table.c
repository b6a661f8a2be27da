/* All sources: one line each. */
#include "sources/sources.h"

const struct source_ops *const source_table[] = {
	&socket_source,
	&timer_source,
	NULL,
};

/* All sources: one line each. */
#include "sources/sources.h"

const struct source_ops *const source_table[] = {
	&timer_source,
	NULL,
};

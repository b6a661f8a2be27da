/* All sources: one line each. */
#include "sources/sources.h"

const struct source_ops *const source_table[] = {
	&attr_source,
	&file_source,
#ifdef HAVE_GPIO
	&gpio_source,
#endif
	&socket_source,
	&timer_source,
	NULL,
};

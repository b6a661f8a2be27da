/* sources.h - the ops of all sources, for table.c and for tests. */
#ifndef SOURCES_SOURCES_H
#define SOURCES_SOURCES_H

#include "sources/source.h"

extern const struct source_ops attr_source;
extern const struct source_ops file_source;
extern const struct source_ops gpio_source;      /* where HAVE_GPIO is defined */
extern const struct source_ops socket_source;
extern const struct source_ops timer_source;

#endif

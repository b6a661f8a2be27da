/* tables.h - all kinds of sources, operators and sinks that this daemon knows, as config asks for
 * them. */
#ifndef DAEMON_TABLES_H
#define DAEMON_TABLES_H

#include "config/config.h"

extern const struct config_tables daemon_tables;

#endif

/* traffic_private.h - what traffic's files share:
 *	traffic.c		the daemon, producers, and the turns of it all
 *	traffic_lines.c		what subscribers are told */
#ifndef TESTS_TRAFFIC_PRIVATE_H
#define TESTS_TRAFFIC_PRIVATE_H

#include "tests/traffic.h"

/* Takes what has come. */
void traffic_read(struct traffic *traffic, struct subscriber *self);

/* Connects and subscribes: `from` is "oldest", "latest" or "now". */
void subscriber_open(struct subscriber *self, const char *from);

#endif

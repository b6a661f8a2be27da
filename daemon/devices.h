/* devices.h - streams whose devices come back are tried at once. */
#ifndef DAEMON_DEVICES_H
#define DAEMON_DEVICES_H

#include "daemon/graph.h"

/* From the first stream on that reads devices: to be called when the graph has changed.  Says once who
 * tells, unless it is udev. */
void devices_follow(struct graph *graph);

void devices_close(void);

#endif

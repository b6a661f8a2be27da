/* status.h - the line that `systemctl status` shows:
 *
 *	4 streams, 3 subscribers, 120 events/s, 16 lost; down: imu; idle, no subscriber: door */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/graph.h"

/* Zeroed at first. */
struct status {
	uint64_t events, since_ns;   /* as of the last status_text() */
};

#define STATUS_LENGTH 400

/* The rate is that since the call before.  `note` (or NULL) comes first: what the administrator has
 * to know. */
void status_text(struct status *status, const struct graph *graph, const char *note,
    char text[STATUS_LENGTH]);

#endif

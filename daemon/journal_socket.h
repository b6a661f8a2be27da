/* journal_socket.h - entries to the journal by its native protocol
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL), which is promised to stay. */
#ifndef DAEMON_JOURNAL_SOCKET_H
#define DAEMON_JOURNAL_SOCKET_H

#include <stddef.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct journal_field {
	const char *name;
	const char *value;
	size_t length;               /* of the value */
};

/* One datagram, without waiting for the journal to read.  path: JOURNAL_SOCKET.  0 or -errno: nothing was
 * sent. */
int journal_socket_send(const char *path, const struct journal_field *fields, size_t count);

#endif

/* connection.h - a connection to awaitd: whole lines out, whole lines in. */
#ifndef CLIENTS_CONNECTION_H
#define CLIENTS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/buffer.h"
#include "clients/view.h"

struct connection;

/* The socket to use when none is named: $AWAITD_SOCKET, else /run/awaitd/awaitd.sock, else, for
 * others than root and only if it exists, $XDG_RUNTIME_DIR/awaitd/awaitd.sock.  The result is
 * valid for the program's life. */
const char *socket_path(void);

/* -ENAMETOOLONG for a path beyond 107 bytes, else what connect(2) or wait_for() says. */
int connection_open(struct connection **ret_connection, const char *path, uint64_t deadline);

/* Takes NULL. */
void connection_close(struct connection *connection);

/* Sends all of it; a "\n" is the caller's. */
int connection_send(struct connection *connection, const struct buffer *lines, uint64_t deadline);

/* The next line without its end, valid until the next call.  0, -ECONNRESET when the daemon has
 * closed (a half line before that is dropped), -EMSGSIZE for a line beyond 64 MiB, or as
 * wait_for(). */
int connection_line(struct connection *connection, struct view *ret_line, uint64_t deadline);

/* Is a whole line at hand, so that connection_line() will not wait? */
bool connection_has_line(struct connection *connection);

/* One line on stderr: why there is no connection to `path`, and what helps. */
void connection_explain(const char *path, int error);

#endif

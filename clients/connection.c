#include "clients/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients/duration.h"
#include "clients/wait.h"

#define READ_SIZE 65536u
#define LINE_MAX_BYTES (64u << 20)

struct connection {
	int fd;
	struct buffer received;
	size_t taken;   /* bytes of it that were given out as lines */
	size_t scanned; /* bytes behind `taken` that hold no "\n" */
};

static int
connect_to(int fd, const struct sockaddr_un *address, uint64_t deadline)
{
	for (;;) {
		int error;

		if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
			return 0;
		/* A Unix socket whose backlog is full says EAGAIN and cannot be waited for. */
		if (errno != EAGAIN)
			return -errno;
		error = wait_for(-1, 0, deadline_after(10000000));
		if (error < 0 && error != -ETIMEDOUT)
			return error;
		if (clock_now() >= deadline)
			return -ETIMEDOUT;
	}
}

int
connection_open(struct connection **ret_connection, const char *path, uint64_t deadline)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct connection *connection;
	int fd, error;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = connect_to(fd, &address, deadline);
	if (error < 0) {
		close(fd);
		return error;
	}
	connection = memory_resize(NULL, sizeof *connection);
	*connection = (struct connection) { .fd = fd };
	*ret_connection = connection;
	return 0;
}

void
connection_close(struct connection *connection)
{
	if (connection == NULL)
		return;
	close(connection->fd);
	buffer_free(&connection->received);
	free(connection);
}

int
connection_send(struct connection *connection, const struct buffer *lines, uint64_t deadline)
{
	size_t sent = 0;

	while (sent < lines->length) {
		ssize_t count
			= send(connection->fd, lines->data + sent, lines->length - sent, MSG_NOSIGNAL);
		int error;

		if (count >= 0) {
			sent += (size_t)count;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return errno == EPIPE ? -ECONNRESET : -errno;
		error = wait_for(connection->fd, POLLOUT, deadline);
		if (error < 0)
			return error;
	}
	return 0;
}

static char *
find_end(struct connection *connection)
{
	struct buffer *received = &connection->received;
	size_t from = connection->taken + connection->scanned;
	char *end;

	if (from == received->length)
		return NULL;
	end = memchr(received->data + from, '\n', received->length - from);
	if (end == NULL)
		connection->scanned = received->length - connection->taken;
	return end;
}

bool
connection_has_line(struct connection *connection)
{
	return find_end(connection) != NULL;
}

static int
receive_more(struct connection *connection, uint64_t deadline)
{
	struct buffer *received = &connection->received;
	ssize_t count;
	int error;

	buffer_consume(received, connection->taken);
	connection->taken = 0;
	if (received->length > LINE_MAX_BYTES)
		return -EMSGSIZE;
	error = wait_for(connection->fd, POLLIN, deadline);
	if (error < 0)
		return error;
	count = recv(connection->fd, buffer_reserve(received, READ_SIZE), READ_SIZE, 0);
	if (count == 0)
		return -ECONNRESET;
	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	received->length += (size_t)count;
	return 0;
}

int
connection_line(struct connection *connection, struct view *ret_line, uint64_t deadline)
{
	char *end, *start;

	while ((end = find_end(connection)) == NULL) {
		int error = receive_more(connection, deadline);

		if (error < 0)
			return error;
	}
	start = connection->received.data + connection->taken;
	*ret_line = (struct view) { start, (size_t)(end - start) };
	connection->taken = (size_t)(end + 1 - connection->received.data);
	connection->scanned = 0;
	return 0;
}

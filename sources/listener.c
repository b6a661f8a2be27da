#include "sources/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/option.h"

/* ------------------------------------------------------------------- parsing */

static const char *
parse_unix(const char *path, struct listener_address *ret)
{
	if (path[0] != '/')
		return "needs an absolute path behind \"unix:\"";
	if (strlen(path) >= sizeof ret->local.sun_path)
		return "has a path longer than 107 bytes, the most that a Unix socket can have";
	ret->local.sun_family = AF_UNIX;
	strcpy(ret->local.sun_path, path);
	ret->length = sizeof ret->local;
	return NULL;
}

static const char *
parse_port(const char *text, in_port_t *ret)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || port == 0 || port > 65535)
		return "needs a port from 1 to 65535: \"tcp:5555\" or \"tcp:127.0.0.1:5555\"";
	*ret = htons((uint16_t)port);
	return NULL;
}

static const char *
parse_inet6(char *host, in_port_t port, struct listener_address *ret)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ret->any;
	char *end = strchr(host, ']');

	if (end == NULL || end[1] != '\0')
		return "needs an IPv6 address in brackets: \"tcp:[::1]:5555\"";
	*end = '\0';
	in6->sin6_family = AF_INET6;
	in6->sin6_port = port;
	ret->length = sizeof *in6;
	if (inet_pton(AF_INET6, host + 1, &in6->sin6_addr) != 1)
		return "has no IPv6 address in its brackets";
	return NULL;
}

static const char *
parse_inet(const char *host, in_port_t port, struct listener_address *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&ret->any;

	in->sin_family = AF_INET;
	in->sin_port = port;
	ret->length = sizeof *in;
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		return "has no IP address before its port; names are not looked up";
	return NULL;
}

static const char *
parse_tcp(const char *text, struct listener_address *ret)
{
	char host[INET6_ADDRSTRLEN + 16] = "127.0.0.1";
	const char *colon = strrchr(text, ':');
	in_port_t port = 0;
	const char *problem = parse_port(colon != NULL ? colon + 1 : text, &port);

	if (problem != NULL)
		return problem;
	if (colon != NULL) {
		size_t length = (size_t)(colon - text);

		if (length >= sizeof host)
			return "has no IP address before its port; names are not looked up";
		memcpy(host, text, length);
		host[length] = '\0';
	}
	return host[0] == '[' ? parse_inet6(host, port, ret) : parse_inet(host, port, ret);
}

const char *
listener_parse(const char *text, struct listener_address *ret)
{
	memset(ret, 0, sizeof *ret);
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, ret);
	if (strncmp(text, "tcp:", 4) == 0)
		return parse_tcp(text + 4, ret);
	return "begins with neither \"unix:\" nor \"tcp:\": \"unix:/run/awaitd/ingest.sock\", "
	       "\"tcp:5555\"";
}

/* ------------------------------------------------------------------- opening */

static int __attribute__((format(printf, 3, 4)))
fail(char *message, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, LISTENER_MESSAGE_MAX, format, arguments);
	va_end(arguments);
	return error;
}

static bool
is_unix(const struct listener_address *address)
{
	return address->address.sa_family == AF_UNIX;
}

static bool
is_socket_file(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

/* Does somebody answer?  Only a refused connection says for sure that nobody does. */
static bool
is_stale(const struct listener_address *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale;

	if (fd < 0)
		return false;
	stale = connect(fd, &address->address, address->length) < 0 && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static int
bind_unix(int fd, const struct listener_address *address, char *message)
{
	const char *path = address->local.sun_path;

	if (bind(fd, &address->address, address->length) == 0)
		return 0;
	if (errno == ENOENT)
		return fail(message, -ENOENT, "cannot listen at %s: its folder is missing", path);
	if (errno != EADDRINUSE)
		return fail(message, -errno, "cannot listen at %s", path);
	if (!is_socket_file(path))
		return fail(message, -EEXIST, "cannot listen at %s: it is a file", path);
	if (!is_stale(address))
		return fail(message, -EADDRINUSE, "somebody else listens at %s", path);
	if ((unlink(path) < 0 && errno != ENOENT)
	    || bind(fd, &address->address, address->length) < 0)
		return fail(message, -errno, "cannot replace the stale %s", path);
	return 0;
}

/* The mode that a socket has before it is bound is that of its file, less the umask: nobody gets in
 * between bind() and chmod() who would not get in later. */
static int
open_unix(int fd, const struct listener_address *address, const struct listener_access *access,
    char *message)
{
	const char *path = address->local.sun_path;
	int r;

	if (fchmod(fd, access->mode) < 0)
		return fail(message, -errno, "cannot set the mode of %s", path);
	r = bind_unix(fd, address, message);
	if (r < 0)
		return r;
	if (access->group != OPTION_ID_NONE && chown(path, (uid_t)-1, access->group) < 0)
		r = fail(message, -errno, "cannot set the group of %s", path);
	else if (chmod(path, access->mode) < 0)
		r = fail(message, -errno, "cannot set the mode of %s", path);
	if (r < 0)
		unlink(path);
	return r;
}

static int
open_tcp(int fd, const struct listener_address *address, char *message)
{
	const int one = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, &address->address, address->length) < 0)
		return fail(message, -errno, errno == EADDRINUSE
		    ? "somebody else listens on this port" : "cannot bind this address");
	return 0;
}

int
listener_open(const struct listener_address *address, const struct listener_access *access,
    char message[LISTENER_MESSAGE_MAX])
{
	int fd = socket(address->address.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return fail(message, -errno, "cannot make a socket");
	if (is_unix(address))
		r = open_unix(fd, address, access, message);
	else
		r = open_tcp(fd, address, message);
	if (r == 0 && listen(fd, SOMAXCONN) < 0)
		r = fail(message, -errno, "cannot listen");
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static bool
address_equal(const struct listener_address *a, const struct listener_address *b)
{
	const struct sockaddr_in *in_a = (const struct sockaddr_in *)&a->any;
	const struct sockaddr_in *in_b = (const struct sockaddr_in *)&b->any;
	const struct sockaddr_in6 *in6_a = (const struct sockaddr_in6 *)&a->any;
	const struct sockaddr_in6 *in6_b = (const struct sockaddr_in6 *)&b->any;

	if (a->address.sa_family != b->address.sa_family)
		return false;
	switch (a->address.sa_family) {
	case AF_UNIX:
		return strcmp(a->local.sun_path, b->local.sun_path) == 0;
	case AF_INET:
		return in_a->sin_port == in_b->sin_port
		    && in_a->sin_addr.s_addr == in_b->sin_addr.s_addr;
	default:
		return in6_a->sin6_port == in6_b->sin6_port
		    && memcmp(&in6_a->sin6_addr, &in6_b->sin6_addr, sizeof in6_a->sin6_addr) == 0;
	}
}

bool
listener_is_there(const struct listener_address *address, int fd)
{
	struct listener_address own = { .length = sizeof own.any };
	int listening = 0;
	socklen_t length = sizeof listening;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0 || listening == 0
	    || getsockname(fd, &own.address, &own.length) < 0 || !address_equal(address, &own))
		return false;
	return !is_unix(address) || is_socket_file(address->local.sun_path);
}

static void
peer_unix(int fd, char *text, size_t size)
{
	struct ucred peer;
	socklen_t length = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
		snprintf(text, size, "pid %d, uid %u", (int)peer.pid, (unsigned int)peer.uid);
}

static void
peer_inet(int fd, char *text, size_t size)
{
	struct listener_address peer = { .length = sizeof peer.any };
	char host[INET6_ADDRSTRLEN], port[8];

	if (getpeername(fd, &peer.address, &peer.length) < 0
	    || getnameinfo(&peer.address, peer.length, host, sizeof host, port, sizeof port,
	        NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(text, size, peer.address.sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

void
listener_peer(const struct listener_address *address, int fd, char *text, size_t size)
{
	text[0] = '\0';
	if (is_unix(address))
		peer_unix(fd, text, size);
	else
		peer_inet(fd, text, size);
}

/* A duplicate may live on in the fd store: shut down, it refuses as if it were closed. */
void
listener_close(const struct listener_address *address, int fd)
{
	(void)shutdown(fd, SHUT_RDWR);
	close(fd);
	if (is_unix(address) && is_socket_file(address->local.sun_path) && is_stale(address))
		unlink(address->local.sun_path);
}

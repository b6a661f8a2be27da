#include "bench/net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
die(const char *what)
{
	perror(what);
	exit(1);
}

void
net_raise_limits(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

union address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in inet;
};

static socklen_t
net_address(const char *text, union address *ret)
{
	memset(ret, 0, sizeof *ret);
	if (strncmp(text, "unix:", 5) == 0) {
		ret->local.sun_family = AF_UNIX;
		snprintf(ret->local.sun_path, sizeof ret->local.sun_path, "%s", text + 5);
		return sizeof ret->local;
	}
	ret->inet.sin_family = AF_INET;
	ret->inet.sin_port = htons((in_port_t)atoi(text + strlen("tcp:")));
	ret->inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof ret->inet;
}

static int
net_socket(const union address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		die("socket");
	if (address->any.sa_family == AF_INET) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	}
	return fd;
}

int
net_try_connect(const char *text)
{
	union address address;
	socklen_t length = net_address(text, &address);
	int fd = net_socket(&address);

	if (connect(fd, &address.any, length) == 0)
		return fd;
	close(fd);
	return -1;
}

int
net_connect(const char *text)
{
	int fd = net_try_connect(text);

	if (fd < 0)
		die(text);
	return fd;
}

int
net_listen(const char *text)
{
	union address address;
	socklen_t length = net_address(text, &address);
	int fd = net_socket(&address);

	if (address.any.sa_family == AF_UNIX)
		unlink(address.local.sun_path);
	if (bind(fd, &address.any, length) < 0 || listen(fd, SOMAXCONN) < 0)
		die(text);
	return fd;
}

void
net_write(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			die("send");
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
	}
}

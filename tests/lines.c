/* lines - a peer of a Unix stream socket for shell scripts, where nc -U would do if it were
 * everywhere the same:
 *
 *	lines [-n LINES] [-t SECONDS] [-q] SOCKET [LINE...]
 *
 * Sends the lines, then copies what comes to standard output, until the peer closes (status 0),
 * LINES have come (status 0), or SECONDS have passed (status 1; 60 by default).  -n 0: sends, and
 * closes. -q: shuts down its sending side behind the last line.  Status 2: cannot connect. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

static long wanted = -1;
static uint64_t patience_ns = 60 * NSEC_PER_SEC;
static bool quiet;

static int
peer_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		perror(path);
		exit(2);
	}
	return fd;
}

static void
peer_send(int fd, const char *line)
{
	size_t length = strlen(line), sent = 0;

	while (sent < length) {
		ssize_t n = send(fd, line + sent, length - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR) {
			perror("send");
			exit(1);
		}
		sent += n > 0 ? (size_t)n : 0;
	}
	if (line[0] != '\n')
		peer_send(fd, "\n");
}

/* Copies up to the last line that is wanted. */
static void
copy(const char *bytes, size_t length)
{
	size_t end = length;

	for (size_t i = 0; i < length && wanted > 0; i++)
		if (bytes[i] == '\n' && --wanted == 0)
			end = i + 1;
	fwrite(bytes, 1, end, stdout);
	fflush(stdout);
}

static int
receive(int fd)
{
	uint64_t until = clock_mono_ns() + patience_ns, now;
	static char buffer[65536];

	while (wanted != 0 && (now = clock_mono_ns()) < until) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&poll_fd, 1, (int)((until - now) / NSEC_PER_MSEC) + 1) <= 0)
			continue;
		n = read(fd, buffer, sizeof buffer);
		if (n <= 0)
			return n == 0 || errno == ECONNRESET ? 0 : 1;
		copy(buffer, (size_t)n);
	}
	return wanted == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	int option, fd;

	while ((option = getopt(argc, argv, "n:t:q")) != -1) {
		if (option == 'n')
			wanted = atol(optarg);
		else if (option == 't')
			patience_ns = (uint64_t)(strtod(optarg, NULL) * (double)NSEC_PER_SEC);
		else if (option == 'q')
			quiet = true;
		else
			return 2;
	}
	if (optind == argc)
		return 2;
	fd = peer_connect(argv[optind]);
	for (int i = optind + 1; i < argc; i++)
		peer_send(fd, argv[i]);
	if (quiet)
		shutdown(fd, SHUT_WR);
	return receive(fd);
}

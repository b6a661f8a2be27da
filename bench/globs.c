/* globs - a connection that subscribes by N globs, "[s]0" to "[s]N-1", in one request, and stays.
 *
 *	globs ADDRESS N
 *
 * Prints how many milliseconds the answer took, and waits to be killed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/net.h"

#define PATTERN_MAX 16
#define ANSWER_MAX 32                          /* of what is waited for */

/* Reads until it has come; what comes before it is thrown away. */
static void
await(int fd, const char *what)
{
	char bytes[65536 + ANSWER_MAX];
	size_t size = strlen(what), have = 0;

	for (;;) {
		ssize_t n = recv(fd, bytes + have, 65536, 0);

		if (n <= 0)
			die(what);
		have += (size_t)n;
		if (memmem(bytes, have, "{\"error\"", 8) != NULL)
			die("refused");
		if (memmem(bytes, have, what, size) != NULL)
			return;
		if (have > size) {
			memmove(bytes, bytes + have - size, size);
			have = size;
		}
	}
}

int
main(int argc, char **argv)
{
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, size = 0;
	uint64_t begin;
	char *request;
	int fd;

	if (count == 0 || count > 100000) {
		fprintf(stderr, "usage: globs ADDRESS N\n");
		return 2;
	}
	request = malloc(count * PATTERN_MAX + 64);
	if (request == NULL)
		die("globs");
	size = (size_t)sprintf(request, "{\"subscribe\":[");
	for (size_t i = 0; i < count; i++)
		size += (size_t)sprintf(request + size, "%s\"[s]%zu\"", i > 0 ? "," : "", i);
	size += (size_t)sprintf(request + size, "]}\n");
	fd = net_connect(argv[1]);
	await(fd, "{\"hello\"");
	begin = clock_mono_ns();
	net_write(fd, request, size);
	await(fd, "{\"reply\":\"subscribe\"");
	printf("%.3f\n", (double)(clock_mono_ns() - begin) / 1e6);
	fflush(stdout);
	pause();
	return 0;
}

/* drive - a load that is the same each time, on a daemon that runs:
 *
 *	drive IN OUT [--batch N] [--writes N] [--readers N] [--warm N] [--faults PID]
 *
 * The producer writes N lines at once, and waits until every reader of the stream "bench" has all of
 * them before it writes again: so each write is one read, one batch and one message a reader, and
 * what the daemon does for it can be counted.  --warm writes come before; with --faults, prints how many
 * minor page faults the process has had during those behind them, else nothing.  IN and OUT are the paths of
 * Unix sockets. */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BATCH_MAX 512
#define READERS_MAX 64
#define LINE "{\"pad\":\"012345678901234567890123456789012345\",\"n\":\"%020llu\"," \
	"\"t\":\"00000000000000000000\"}\n"
#define LINE_SIZE 101

static unsigned long batch = 256, writes = 10, reader_count = 1, warm, faults_of;
static int readers[READERS_MAX];
static unsigned long long number;

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(2);
}

static int
open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof address.sun_path)
		die(path);
	strcpy(address.sun_path, path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		die(path);
	return fd;
}

/* Reads until so many lines that begin like this have come. */
static void
await_lines(int fd, const char *prefix, unsigned long count)
{
	static char buffer[1 << 20];
	size_t have = 0;

	while (count > 0) {
		ssize_t n = recv(fd, buffer + have, sizeof buffer - have, 0);
		char *line = buffer, *end;

		if (n <= 0)
			die("the daemon has gone");
		have += (size_t)n;
		while ((end = memchr(line, '\n', have)) != NULL) {
			if (strncmp(line, prefix, strlen(prefix)) == 0)
				count--;
			have -= (size_t)(end + 1 - line);
			line = end + 1;
		}
		memmove(buffer, line, have);
	}
}

static void
subscribe(const char *path, unsigned long i)
{
	static const char request[] = "{\"subscribe\":[\"bench\"],\"lag\":\"block\"}\n";

	readers[i] = open_socket(path);
	if (send(readers[i], request, sizeof request - 1, 0) != sizeof request - 1)
		die("subscribe");
	await_lines(readers[i], "{\"ready\":", 1);
}

static void
write_batch(int fd)
{
	static char lines[BATCH_MAX * LINE_SIZE + 1];
	size_t size = 0;
	unsigned long i;

	for (i = 0; i < batch; i++)
		size += (size_t)sprintf(lines + size, LINE, number++);
	if (send(fd, lines, size, 0) != (ssize_t)size)
		die("send");
	for (i = 0; i < reader_count; i++)
		await_lines(readers[i], "{\"stream\":", batch);
}

static unsigned long
minor_faults(void)
{
	char path[64], text[1024], *behind;
	unsigned long count;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%lu/stat", faults_of);
	file = fopen(path, "re");
	if (file == NULL || fgets(text, sizeof text, file) == NULL)
		die(path);
	fclose(file);
	behind = strrchr(text, ')');
	if (behind == NULL
	    || sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %lu", &count) != 1)
		die("stat");
	return count;
}

static void
parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "batch", required_argument, NULL, 'b' }, { "writes", required_argument, NULL, 'w' },
		{ "readers", required_argument, NULL, 'r' }, { "warm", required_argument, NULL, 'a' },
		{ "faults", required_argument, NULL, 'f' }, { NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		unsigned long value = c != '?' ? strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'b': batch = value; break;
		case 'w': writes = value; break;
		case 'r': reader_count = value; break;
		case 'a': warm = value; break;
		case 'f': faults_of = value; break;
		default: exit(2);
		}
	}
	if (argc - optind != 2 || batch == 0 || batch > BATCH_MAX || reader_count > READERS_MAX) {
		fprintf(stderr, "usage: see the head of tests/drive.c\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	unsigned long before = 0, i;
	int producer;

	parse(argc, argv);
	for (i = 0; i < reader_count; i++)
		subscribe(argv[optind + 1], i);
	producer = open_socket(argv[optind]);
	for (i = 0; i < warm; i++)
		write_batch(producer);
	if (faults_of != 0)
		before = minor_faults();
	for (i = 0; i < writes; i++)
		write_batch(producer);
	if (faults_of != 0)
		printf("%lu\n", minor_faults() - before);
	return 0;
}

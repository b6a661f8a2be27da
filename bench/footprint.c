/* footprint - what a server takes before it does anything: time to start, memory, memory a subscriber.
 *
 *	footprint --dialect D --out ADDRESS [--notify] [--starts N] [--subscribers N] COMMAND [ARGUMENT...]
 *
 * Starts COMMAND N times; ready is when ADDRESS takes a connection, with --notify when READY=1 comes.  The
 * last start stays, is looked at when it has settled, and again behind so many idle subscribers.  Prints
 * one JSON object, with the median of the times. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/dialect.h"
#include "bench/net.h"
#include "bench/server.h"

#define STARTS_MAX 64
#define SETTLE_US 300000
#define READY_WITHIN_NS (10 * NSEC_PER_SEC)

static const struct dialect *dialect;
static const char *out_address;
static bool notify;
static size_t starts = 11, subscribers = 1000;
static int notify_fd = -1;

static void
notify_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length;
	char name[64];

	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(name, sizeof name, "@bench-footprint-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	if (notify_fd < 0 || bind(notify_fd, (struct sockaddr *)&address, length) < 0)
		die("notify socket");
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("FDSTORE", "0", 1);
}

static bool
is_ready(void)
{
	char text[4096];
	ssize_t n;
	int fd;

	if (notify) {
		n = recv(notify_fd, text, sizeof text, 0);
		return n > 0 && memmem(text, (size_t)n, "READY=1", 7) != NULL;
	}
	fd = net_try_connect(out_address);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static pid_t
start(char **command, double *ret_ms)
{
	uint64_t begin = clock_mono_ns();
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, STDOUT_FILENO);
		execvp(command[0], command);
		die(command[0]);
	}
	while (!is_ready()) {
		if (waitpid(child, NULL, WNOHANG) == child || clock_mono_ns() - begin > READY_WITHIN_NS) {
			fprintf(stderr, "footprint: %s did not become ready\n", command[0]);
			exit(1);
		}
		usleep(50);
	}
	*ret_ms = (double)(clock_mono_ns() - begin) / 1e6;
	return child;
}

/* Not SIGTERM: a server that has just begun may forget it. */
static void
stop(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	if (strncmp(out_address, "unix:", 5) == 0)
		unlink(out_address + 5);
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
report(pid_t server, double ready_ms)
{
	unsigned long anon, rss;
	double each;

	usleep(SETTLE_US);
	anon = server_memory(server, "status", "RssAnon:");
	rss = server_memory(server, "status", "VmRSS:");
	printf("{\"server\":\"%s\",\"ready_ms\":%.2f,\"rss_kib\":%lu,\"private_dirty_kib\":%lu",
	    dialect->name, ready_ms, rss, server_memory(server, "smaps_rollup", "Private_Dirty:"));
	for (size_t i = 0; i < subscribers; i++)
		(void)dialect_subscribe(dialect, out_address);
	usleep(SETTLE_US);
	each = 1024.0 / (double)subscribers;
	printf(",\"subscribers\":%zu,\"bytes_per_subscriber\":%.0f,\"with_shared\":%.0f}\n", subscribers,
	    (double)(server_memory(server, "status", "RssAnon:") - anon) * each,
	    (double)(server_memory(server, "status", "VmRSS:") - rss) * each);
}

static void
parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dialect", required_argument, NULL, 'd' }, { "out", required_argument, NULL, 'o' },
		{ "notify", no_argument, NULL, 'n' }, { "starts", required_argument, NULL, 's' },
		{ "subscribers", required_argument, NULL, 'b' }, { NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'd': dialect = dialect_find(optarg); break;
		case 'o': out_address = optarg; break;
		case 'n': notify = true; break;
		case 's': starts = strtoul(optarg, NULL, 10); break;
		case 'b': subscribers = strtoul(optarg, NULL, 10); break;
		default: exit(2);
		}
	}
	if (dialect == NULL || out_address == NULL || optind == argc || starts == 0
	    || starts > STARTS_MAX || subscribers == 0) {
		fprintf(stderr, "usage: see the head of bench/footprint.c\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	double ready_ms[STARTS_MAX];
	pid_t server = 0;

	parse(argc, argv);
	net_raise_limits();
	if (notify)
		notify_open();
	for (size_t i = 0; i < starts; i++) {
		if (server > 0)
			stop(server);
		server = start(argv + optind, &ready_ms[i]);
	}
	qsort(ready_ms, starts, sizeof ready_ms[0], by_value);
	report(server, ready_ms[starts / 2]);
	stop(server);
	return 0;
}

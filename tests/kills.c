/* kills - exactly once across SIGKILL, tried: a daemon under load is killed again and again, and every line that its
 * subscribers get is checked.
 *
 *	kills --awaitd PATH [--kills N] [--rate EVENTS-PER-SECOND] [--seed S] [--signal N]
 *	kills --awaitd PATH --steps FROM-TO
 *
 * This process is the service manager (tests/manager.h), one producer each on a Unix and a TCP socket that hold their
 * one connection, and eight subscribers, of every lag policy on either stream.  The n-th line of a producer is the
 * stream's entry n: so seq, number and content of each line are known.
 *
 * --steps: instead of a random moment, the daemon is let run for k instructions of a working period
 * (ptrace(2), PTRACE_SINGLESTEP) and then killed, for each k of the range.
 *
 * Ends with one JSON object; its status is 0 if nothing was lost, repeated, torn or cut off. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "tests/manager.h"

#define STREAMS 2
#define SUBSCRIBERS 8
#define BUFFER_SIZE (512 * 1024)
#define PATIENCE_NS (60 * NSEC_PER_SEC)

struct producer {
	int fd;
	uint64_t number;              /* of the next line to be made */
	uint64_t limit;               /* make no line from this one on */
	char pending[64 * 1024];
	size_t begin, end;            /* what of it still has to be written */
};

struct subscriber {
	int fd;
	int stream;
	const char *lag;
	bool may_skip;
	uint64_t next;                /* the seq that must come */
	uint64_t skipped;
	size_t have;
	char buffer[BUFFER_SIZE];
};

static struct manager manager;
static struct producer producers[STREAMS];
static struct subscriber subscribers[SUBSCRIBERS];
static struct histogram revival;      /* from SIGKILL to the first line, ns */
static uint64_t killed_at;            /* 0: a line has come since */
static unsigned int kills = 100, killed, step_from, step_to;
static double rate = 50000;
static unsigned int seed;
static int signal_number = SIGKILL;
static const char *daemon_path;
static char directory[] = "/tmp/awaitd-kills-XXXXXX";
static in_port_t tcp_port;
static uint64_t wrong;
static bool failed;

static void
complain(const char *what, const struct subscriber *self, const char *line)
{
	fprintf(stderr, "%s: stream %d, %s, expected seq %llu: %.160s\n", what, self->stream, self->lag,
	    (unsigned long long)self->next, line);
	failed = true;
	if (++wrong > 20)
		exit(1);
}

static const char *
path_in(const char *name)
{
	static char paths[4][128];
	static unsigned int at;
	char *path = paths[at++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

/* ----------------------------------------------------------------- connections */

static int
connect_unix(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path_in(name));
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
connect_tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(tcp_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static in_port_t
free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0
	    || getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		abort();
	close(fd);
	return ntohs(address.sin_port);
}

static void
config_write(void)
{
	FILE *file = fopen(path_in("awaitd.json"), "w");

	if (file == NULL)
		abort();
	fprintf(file,
	    "{\"streams\": {\n"
	    " \"s0\": {\"source\": {\"type\": \"socket\", \"listen\": \"unix:%s/in\", \"framing\": \"ndjson\"},"
	    " \"history\": \"4MiB\"},\n"
	    " \"s1\": {\"source\": {\"type\": \"socket\", \"listen\": \"tcp:%u\", \"framing\": \"ndjson\"},"
	    " \"history\": \"4MiB\"}},\n"
	    " \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"%s/out\", \"block\": true}}}\n",
	    directory, tcp_port, directory);
	fclose(file);
}

/* ------------------------------------------------------------------ subscribers */

static uint64_t
number_behind(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at == NULL ? UINT64_MAX : strtoull(at + strlen(key), NULL, 10);
}

static void
line_event(struct subscriber *self, const char *line)
{
	uint64_t seq = number_behind(line, "\"seq\":");
	char value[96];

	snprintf(value, sizeof value, "\"value\":{\"s\":%d,\"n\":%llu,\"pad\":\"0123456789\"}}",
	    self->stream, (unsigned long long)seq);
	if (strlen(line) < strlen(value)
	    || strcmp(line + strlen(line) - strlen(value), value) != 0) {
		complain("torn or of another event", self, line);
		return;
	}
	if (seq != self->next)
		complain(seq < self->next ? "repeated" : "lost", self, line);
	self->next = seq + 1;
	if (killed_at != 0) {
		histogram_add(&revival, clock_mono_ns() - killed_at);
		killed_at = 0;
	}
}

static void
line_gap(struct subscriber *self, const char *line)
{
	uint64_t from = number_behind(line, "\"from\":"), to = number_behind(line, "\"to\":");
	uint64_t lost = number_behind(line, "\"lost\":");

	if (!self->may_skip)
		complain("a gap for who must have none", self, line);
	else if (from != self->next || to < from || lost != to - from + 1)
		complain("a gap that is not exact", self, line);
	self->skipped += lost;
	self->next = to + 1;
}

static void
line_take(struct subscriber *self, const char *line)
{
	if (strncmp(line, "{\"stream\":", 10) == 0)
		line_event(self, line);
	else if (strncmp(line, "{\"gap\":", 7) == 0)
		line_gap(self, line);
	else if (strncmp(line, "{\"hello\":", 9) != 0 && strncmp(line, "{\"subscribed\":", 14) != 0
	    && strncmp(line, "{\"reply\":", 9) != 0 && strncmp(line, "{\"ready\":", 9) != 0)
		complain("unexpected", self, line);
}

static void
subscriber_read(struct subscriber *self)
{
	ssize_t n = recv(self->fd, self->buffer + self->have, sizeof self->buffer - self->have,
	    MSG_DONTWAIT);
	char *at = self->buffer, *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		complain("cut off", self, n == 0 ? "end of file" : strerror(errno));
		exit(1);
	}
	self->have += (size_t)n;
	while ((end = memchr(at, '\n', self->have)) != NULL) {
		*end = '\0';
		line_take(self, at);
		self->have -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	memmove(self->buffer, at, self->have);
}

static void
subscribers_open(void)
{
	static const char *const lags[] = { "skip", "latest", "block", "close" };

	for (int i = 0; i < SUBSCRIBERS; i++) {
		struct subscriber *self = &subscribers[i];
		char request[128];
		int length;

		self->stream = i % STREAMS;
		self->lag = lags[i / STREAMS];
		self->may_skip = strcmp(self->lag, "skip") == 0 || strcmp(self->lag, "latest") == 0;
		self->next = 1;
		self->fd = connect_unix("out");
		length = snprintf(request, sizeof request,
		    "{\"subscribe\":[\"s%d\"],\"lag\":\"%s\",\"from\":\"oldest\"}\n",
		    self->stream, self->lag);
		if (self->fd < 0 || write(self->fd, request, (size_t)length) != length) {
			perror("subscriber");
			exit(1);
		}
	}
}

/* -------------------------------------------------------------------- producers */

static void
producer_make(struct producer *self, int stream)
{
	while (self->number < self->limit && self->end + 128 < sizeof self->pending) {
		self->end += (size_t)snprintf(self->pending + self->end,
		    sizeof self->pending - self->end,
		    "{\"s\":%d,\"n\":%llu,\"pad\":\"0123456789\"}\n", stream,
		    (unsigned long long)self->number);
		self->number++;
	}
}

static void
producer_write(struct producer *self, int stream)
{
	ssize_t n;

	if (self->begin == self->end)
		self->begin = self->end = 0;
	producer_make(self, stream);
	if (self->begin == self->end)
		return;
	n = send(self->fd, self->pending + self->begin, self->end - self->begin,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		fprintf(stderr, "producer %d cut off: %s\n", stream, strerror(errno));
		exit(1);
	}
	if (n > 0)
		self->begin += (size_t)n;
}

static void
producers_open(void)
{
	producers[0].fd = connect_unix("in");
	producers[1].fd = connect_tcp();
	for (int i = 0; i < STREAMS; i++) {
		producers[i].number = 1;
		producers[i].limit = 1;
		if (producers[i].fd < 0) {
			perror("producer");
			exit(1);
		}
	}
}

/* ----------------------------------------------------------------------- turns */

/* One turn of everything that this process is, for at most `ms`. */
static void
turn(int ms)
{
	struct pollfd fds[1 + STREAMS + SUBSCRIBERS];

	fds[0] = (struct pollfd){ .fd = manager.socket, .events = POLLIN };
	for (int i = 0; i < STREAMS; i++) {
		struct producer *self = &producers[i];
		bool writing = self->begin < self->end || self->number < self->limit;

		fds[1 + i] = (struct pollfd){ .fd = self->fd, .events = writing ? POLLOUT : 0 };
	}
	for (int i = 0; i < SUBSCRIBERS; i++)
		fds[1 + STREAMS + i] = (struct pollfd){ .fd = subscribers[i].fd, .events = POLLIN };
	poll(fds, sizeof fds / sizeof *fds, ms);
	manager_receive(&manager);
	for (int i = 0; i < STREAMS; i++)
		if ((fds[1 + i].revents & POLLOUT) != 0)
			producer_write(&producers[i], i);
	for (int i = 0; i < SUBSCRIBERS; i++)
		if (fds[1 + STREAMS + i].revents != 0)
			subscriber_read(&subscribers[i]);
}

static void
daemon_must_live(void)
{
	int status;

	if (waitpid(manager.pid, &status, WNOHANG) != manager.pid)
		return;
	fprintf(stderr, "the daemon ended by itself, status %#x, after %u kills\n", (unsigned int)status,
	    killed);
	exit(1);
}

static void
start_and_wait(void)
{
	uint64_t give_up = clock_mono_ns() + PATIENCE_NS;

	if (manager_start(&manager) < 0)
		abort();
	while (!manager.ready) {
		struct pollfd fd = { .fd = manager.socket, .events = POLLIN };

		daemon_must_live();
		poll(&fd, 1, 10);
		manager_receive(&manager);
		if (clock_mono_ns() > give_up) {
			fprintf(stderr, "not ready within a minute\n");
			exit(1);
		}
	}
}

static bool
all_delivered(void)
{
	for (int i = 0; i < SUBSCRIBERS; i++)
		if (subscribers[i].next < producers[subscribers[i].stream].number
		    || producers[subscribers[i].stream].number
		        < producers[subscribers[i].stream].limit)
			return false;
	return true;
}

/* Until every subscriber has all that was made. */
static void
settle(void)
{
	uint64_t give_up = clock_mono_ns() + PATIENCE_NS;

	while (!all_delivered()) {
		turn(10);
		daemon_must_live();
		if (clock_mono_ns() < give_up)
			continue;
		for (int i = 0; i < SUBSCRIBERS; i++)
			complain("still waiting", &subscribers[i], "");
		exit(1);
	}
}

/* One line through every connection: from here on each is accepted and stored.  (A kill between accept(2) and the
 * store's taking cuts off whom nobody has greeted yet: docs/architecture.md.) */
static void
warm_up(void)
{
	for (int i = 0; i < STREAMS; i++)
		producers[i].limit++;
	settle();
}

static void
work_for(uint64_t ns)
{
	uint64_t now = clock_mono_ns(), until = now + ns, last = now;
	double due = 0;

	while ((now = clock_mono_ns()) < until) {
		due += (double)(now - last) * 1e-9 * rate / STREAMS;
		last = now;
		for (int i = 0; i < STREAMS; i++)
			producers[i].limit += (uint64_t)due;
		due -= (double)(uint64_t)due;
		turn(1);
		daemon_must_live();
	}
}

static void
kill_and_restart(void)
{
	killed_at = clock_mono_ns();
	manager_kill(&manager, signal_number);
	killed++;
	start_and_wait();
}

static void
run_random(void)
{
	for (unsigned int i = 0; i < kills; i++) {
		work_for((uint64_t)rand_r(&seed) % (40 * NSEC_PER_MSEC));
		kill_and_restart();
	}
	work_for(100 * NSEC_PER_MSEC);
}

/* ------------------------------------------------------------------------ steps */

/* Lets the stopped daemon make `count` instructions; false: it ended. */
static bool
step(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		int status;

		if (ptrace(PTRACE_SINGLESTEP, manager.pid, NULL, NULL) < 0
		    || waitpid(manager.pid, &status, 0) < 0 || !WIFSTOPPED(status))
			return false;
	}
	return true;
}

static void
run_steps(void)
{
	for (unsigned int k = step_from; k <= step_to; k++) {
		int status;

		settle();
		if (ptrace(PTRACE_SEIZE, manager.pid, NULL, NULL) < 0
		    || ptrace(PTRACE_INTERRUPT, manager.pid, NULL, NULL) < 0
		    || waitpid(manager.pid, &status, 0) < 0) {
			perror("ptrace");
			exit(1);
		}
		for (int i = 0; i < STREAMS; i++) {
			producers[i].limit += 3;
			producer_write(&producers[i], i);
		}
		step(k);
		kill_and_restart();
	}
}

/* ------------------------------------------------------------------------- main */

static void
parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "awaitd", required_argument, NULL, 'a' }, { "kills", required_argument, NULL, 'k' },
		{ "rate", required_argument, NULL, 'r' }, { "seed", required_argument, NULL, 's' },
		{ "signal", required_argument, NULL, 'g' }, { "steps", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	seed = (unsigned int)clock_mono_ns();
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a': daemon_path = optarg; break;
		case 'k': kills = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'r': rate = atof(optarg); break;
		case 's': seed = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'g': signal_number = atoi(optarg); break;
		case 't':
			if (sscanf(optarg, "%u-%u", &step_from, &step_to) == 2)
				break;
			exit(2);
		default: exit(2);
		}
	}
	if (daemon_path == NULL) {
		fprintf(stderr, "usage: see the head of tests/kills.c\n");
		exit(2);
	}
}

static void
report(unsigned int first_seed, uint64_t took)
{
	uint64_t events = 0, skipped = 0;

	for (int i = 0; i < STREAMS; i++)
		events += producers[i].number - 1;
	for (int i = 0; i < SUBSCRIBERS; i++)
		skipped += subscribers[i].skipped;
	printf("{\"kills\":%u,\"seed\":%u,\"events\":%llu,\"seconds\":%.1f,\"wrong\":%llu,"
	    "\"skipped_and_told\":%llu,\"revival_ms\":{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}}\n",
	    killed, first_seed, (unsigned long long)events, (double)took / 1e9,
	    (unsigned long long)wrong, (unsigned long long)skipped,
	    (double)histogram_quantile(&revival, .5) / 1e6,
	    (double)histogram_quantile(&revival, .99) / 1e6, (double)revival.max / 1e6);
}

static void
clean_up(void)
{
	static const char *const names[] = { "awaitd.json", "in", "out", "notify" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(path_in(names[i]));
	rmdir(directory);
}

int
main(int argc, char **argv)
{
	static char config_path[128], notify_path[128];
	const char *service[] = { NULL, "-c", config_path, NULL };
	unsigned int first_seed;
	uint64_t begin;

	parse(argc, argv);
	service[0] = daemon_path;
	first_seed = seed;
	if (mkdtemp(directory) == NULL)
		abort();
	tcp_port = free_port();
	config_write();
	snprintf(config_path, sizeof config_path, "%s/awaitd.json", directory);
	snprintf(notify_path, sizeof notify_path, "%s/notify", directory);
	if (manager_open(&manager, (const char *const *)service, notify_path) < 0)
		abort();
	atexit(clean_up);
	begin = clock_mono_ns();
	start_and_wait();
	producers_open();
	subscribers_open();
	warm_up();
	if (step_to > 0)
		run_steps();
	else
		run_random();
	settle();
	report(first_seed, clock_mono_ns() - begin);
	manager_close(&manager);
	return failed ? 1 : 0;
}

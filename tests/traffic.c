#include "tests/traffic_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"

#define PATIENCE_NS (60 * NSEC_PER_SEC)
#define WRONG_MAX 20
#define BEHIND_MAX 8000           /* lines: a quarter of what the histories hold */
#define BURST_MAX 4000

static char directory[] = "/tmp/awaitd-traffic-XXXXXX";

void
traffic_complain(struct traffic *traffic, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	if (++traffic->wrong > WRONG_MAX)
		exit(1);
}

static _Noreturn void
give_up(const char *what)
{
	perror(what);
	exit(1);
}

const char *
traffic_path(const char *name)
{
	static char paths[4][128];
	static unsigned int at;
	char *path = paths[at++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

/* ----------------------------------------------------------------- connections */

int
traffic_connect_unix(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", traffic_path(name));
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
connect_tcp(in_port_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
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

void
subscriber_open(struct subscriber *self, const char *from)
{
	char request[128];
	int length = snprintf(request, sizeof request,
	    "{\"subscribe\":[\"s%d\"],\"lag\":\"%s\",\"from\":\"%s\"}\n", self->stream, self->lag,
	    from);

	self->have = 0;
	self->last[0] = '\0';
	self->next = self->number = 0;
	self->excused = false;
	self->after_newline = false;
	self->fd = traffic_connect_unix("out");
	if (self->fd < 0 || write(self->fd, request, (size_t)length) != length)
		give_up("subscriber");
}

void
traffic_reopen(struct subscriber *self)
{
	close(self->fd);
	subscriber_open(self, "latest");
}

static void
subscribers_open(struct traffic *traffic)
{
	static const char *const lags[] = { "skip", "latest", "block", "close" };

	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++) {
		struct subscriber *self = &traffic->subscribers[i];

		self->stream = i % TRAFFIC_STREAMS;
		self->lag = lags[i / TRAFFIC_STREAMS];
		self->may_skip = strcmp(self->lag, "skip") == 0
		    || strcmp(self->lag, "latest") == 0;
		subscriber_open(self, "oldest");
		self->next = self->number = 1;
	}
}

/* -------------------------------------------------------------------- producers */

static void
producer_open(const struct traffic *traffic, struct producer *self)
{
	uint64_t give_up_at = clock_mono_ns() + PATIENCE_NS;

	do {                            /* until there is a listener again */
		self->fd = self == traffic->producers ? traffic_connect_unix("in")
		                                      : connect_tcp(traffic->port);
		if (self->fd < 0)
			usleep(1000);
	} while (self->fd < 0 && clock_mono_ns() < give_up_at);
	if (self->fd < 0)
		give_up("producer");
}

static void
producers_open(struct traffic *traffic)
{
	for (int i = 0; i < TRAFFIC_STREAMS; i++) {
		struct producer *self = &traffic->producers[i];

		self->number = self->limit = 1;
		producer_open(traffic, self);
	}
}

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

/* What was on its way is lost. */
static void
producer_cut(struct traffic *traffic, struct producer *self, const char *why)
{
	if (!self->may_be_cut) {
		fprintf(stderr, "producer %d cut off: %s\n", (int)(self - traffic->producers), why);
		exit(1);
	}
	close(self->fd);
	producer_open(traffic, self);
	self->begin = self->end = 0;
	self->resumed = self->number;
	traffic->cuts++;
}

static void
producer_write(struct traffic *traffic, struct producer *self)
{
	ssize_t n;

	if (self->begin == self->end)
		self->begin = self->end = 0;
	producer_make(self, (int)(self - traffic->producers));
	if (self->begin == self->end)
		return;
	n = send(self->fd, self->pending + self->begin, self->end - self->begin,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		producer_cut(traffic, self, strerror(errno));
	else if (n > 0)
		self->begin += (size_t)n;
}

void
traffic_make(struct traffic *traffic, unsigned int lines)
{
	for (int i = 0; i < TRAFFIC_STREAMS; i++)
		traffic->producers[i].limit += lines;
}

void
traffic_send(struct traffic *traffic)
{
	for (int i = 0; i < TRAFFIC_STREAMS; i++)
		producer_write(traffic, &traffic->producers[i]);
}

/* ----------------------------------------------------------------------- turns */

static short
producer_events(const struct producer *self)
{
	bool writing = self->begin < self->end || self->number < self->limit;

	return (short)((writing ? POLLOUT : 0) | POLLRDHUP);
}

/* One turn of everything that this process is, for at most `ms`. */
static void
turn(struct traffic *traffic, int ms)
{
	struct pollfd fds[2 + TRAFFIC_STREAMS + TRAFFIC_SUBSCRIBERS];
	struct pollfd *of_producers = fds + 2, *of_subscribers = of_producers + TRAFFIC_STREAMS;

	fds[0] = (struct pollfd){ .fd = traffic->manager.socket, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = traffic->extra_fd, .events = POLLIN };
	for (int i = 0; i < TRAFFIC_STREAMS; i++)
		of_producers[i] = (struct pollfd){ .fd = traffic->producers[i].fd,
			.events = producer_events(&traffic->producers[i]) };
	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++)
		of_subscribers[i]
		    = (struct pollfd){ .fd = traffic->subscribers[i].fd, .events = POLLIN };
	poll(fds, sizeof fds / sizeof *fds, ms);
	manager_receive(&traffic->manager);
	if (traffic->extra != NULL && fds[1].revents != 0)
		traffic->extra(traffic);
	for (int i = 0; i < TRAFFIC_STREAMS; i++)
		if ((of_producers[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
			producer_cut(traffic, &traffic->producers[i], "end of file");
		else if ((of_producers[i].revents & POLLOUT) != 0)
			producer_write(traffic, &traffic->producers[i]);
	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++)
		if (of_subscribers[i].revents != 0)
			traffic_read(traffic, &traffic->subscribers[i]);
}

static void
daemon_must_live(struct traffic *traffic)
{
	int status;

	if (waitpid(traffic->manager.pid, &status, WNOHANG) != traffic->manager.pid)
		return;
	traffic->manager.pid = 0;
	fprintf(stderr, "the daemon ended by itself, status %#x, after %llu deaths\n",
	    (unsigned int)status, (unsigned long long)traffic->deaths);
	exit(1);
}

static bool
all_delivered(const struct traffic *traffic)
{
	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++) {
		const struct subscriber *self = &traffic->subscribers[i];
		const struct producer *producer = &traffic->producers[self->stream];

		if ((self->number < producer->number && !self->excused) || producer->number < producer->limit)
			return false;
	}
	return true;
}

/* What a producer sent through a connection that was cut is lost: one line more shows the end. */
static void
make_up_for_cuts(struct traffic *traffic)
{
	for (int i = 0; i < TRAFFIC_STREAMS; i++)
		traffic->producers[i].limit += traffic->producers[i].may_be_cut;
}

void
traffic_settle(struct traffic *traffic)
{
	uint64_t now = clock_mono_ns(), give_up_at = now + PATIENCE_NS;
	uint64_t more_at = now + 100 * NSEC_PER_MSEC;

	while (!all_delivered(traffic)) {
		turn(traffic, 10);
		daemon_must_live(traffic);
		if (clock_mono_ns() > more_at) {
			make_up_for_cuts(traffic);
			more_at += 100 * NSEC_PER_MSEC;
		}
		if (clock_mono_ns() < give_up_at)
			continue;
		for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++)
			fprintf(stderr, "subscriber %d waits for %llu of %llu, with %zu bytes: %.100s\n", i,
			    (unsigned long long)traffic->subscribers[i].number,
			    (unsigned long long)
			        traffic->producers[traffic->subscribers[i].stream].limit,
			    traffic->subscribers[i].have, traffic->subscribers[i].last);
		exit(1);
	}
}

/* Whoever must have every line can have fallen behind, if this machine is slow. */
static bool
somebody_is_behind(const struct traffic *traffic)
{
	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++) {
		const struct subscriber *self = &traffic->subscribers[i];

		if (!self->excused && self->number != 0
		    && self->number + BEHIND_MAX < traffic->producers[self->stream].limit)
			return true;
	}
	return false;
}

/* While the daemon is dead the producers go on: their lines wait in the sockets. */
static void
pay(struct traffic *traffic)
{
	uint64_t now = clock_mono_ns();
	unsigned int lines;

	if (somebody_is_behind(traffic)) {
		traffic->paid = now;
		return;
	}
	traffic->due += (double)(now - traffic->paid) * 1e-9 * traffic->rate / TRAFFIC_STREAMS;
	traffic->paid = now;
	lines = (unsigned int)traffic->due;
	traffic->due -= lines;
	if (lines > BURST_MAX)
		lines = BURST_MAX;      /* behind a pause of ours */
	traffic_make(traffic, lines);
}

void
traffic_work(struct traffic *traffic, uint64_t ns)
{
	uint64_t until = clock_mono_ns() + ns;

	if (traffic->paid == 0)
		traffic->paid = clock_mono_ns();
	do {
		pay(traffic);
		turn(traffic, 1);
		daemon_must_live(traffic);
	} while (clock_mono_ns() < until);
}

/* -------------------------------------------------------------------- the daemon */

static void
wait_until_ready(struct traffic *traffic)
{
	uint64_t give_up_at = clock_mono_ns() + PATIENCE_NS;

	while (!traffic->manager.ready) {
		struct pollfd fd = { .fd = traffic->manager.socket, .events = POLLIN };

		daemon_must_live(traffic);
		poll(&fd, 1, 10);
		manager_receive(&traffic->manager);
		if (clock_mono_ns() > give_up_at) {
			fprintf(stderr, "not ready within a minute\n");
			exit(1);
		}
	}
}

void
traffic_start(struct traffic *traffic)
{
	if (manager_start(&traffic->manager) < 0)
		abort();
	wait_until_ready(traffic);
}

void
traffic_connect(struct traffic *traffic)
{
	producers_open(traffic);
	subscribers_open(traffic);
	traffic_make(traffic, 1);
	traffic_settle(traffic);
}

void
traffic_kill(struct traffic *traffic, int signal, void (*meanwhile)(struct traffic *traffic))
{
	traffic->killed_at = clock_mono_ns();
	manager_kill(&traffic->manager, signal);
	traffic->deaths++;
	if (meanwhile != NULL)
		meanwhile(traffic);
	traffic_start(traffic);
}

int
traffic_stored(const struct traffic *traffic, const char *name)
{
	for (size_t i = 0; i < traffic->manager.stored; i++)
		if (strcmp(traffic->manager.store[i].name, name) == 0)
			return traffic->manager.store[i].fd;
	return -1;
}

/* --------------------------------------------------------------------- open, close */

void
traffic_config(const struct traffic *traffic, const char *const more[TRAFFIC_STREAMS],
    const char *streams)
{
	FILE *file = fopen(traffic_path("awaitd.json.new"), "w");

	if (file == NULL)
		abort();
	fprintf(file,
	    "{\"streams\": {\n"
	    " \"s0\": {\"source\": {\"type\": \"socket\", \"listen\": \"unix:%s/in\", "
	    "\"framing\": \"ndjson\"}%s},\n"
	    " \"s1\": {\"source\": {\"type\": \"socket\", \"listen\": \"tcp:%u\", "
	    "\"framing\": \"ndjson\"}%s}%s},\n"
	    " \"sinks\": {\"local\": {\"type\": \"unix\", \"path\": \"%s/out\", \"block\": true}}}\n",
	    directory, more[0], traffic->port, more[1], streams, directory);
	fclose(file);
	if (rename(traffic_path("awaitd.json.new"), traffic_path("awaitd.json")) < 0)
		abort();
}

static void
clean_up(void)
{
	static const char *const names[] = { "awaitd.json", "in", "out", "notify", "s1.log" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(traffic_path(names[i]));
	rmdir(directory);
}

static const char *service[] = { NULL, "-c", NULL, NULL };

void
traffic_set_daemon(const char *daemon)
{
	service[0] = daemon;
}

void
traffic_open(struct traffic *traffic, const char *daemon, double rate)
{
	static const char *const more[] = { ", \"history\": \"4MiB\"", ", \"history\": \"4MiB\"" };
	static char config[128], notify[128];

	prctl(PR_SET_PDEATHSIG, SIGKILL);       /* the daemon dies with us, and we with the script */
	service[2] = config;
	traffic_set_daemon(daemon);
	if (mkdtemp(directory) == NULL)
		abort();
	atexit(clean_up);
	traffic->rate = rate;
	traffic->extra_fd = -1;
	traffic->port = free_port();
	traffic_config(traffic, more, "");
	snprintf(config, sizeof config, "%s", traffic_path("awaitd.json"));
	snprintf(notify, sizeof notify, "%s", traffic_path("notify"));
	if (manager_open(&traffic->manager, service, notify) < 0)
		abort();
}

void
traffic_print(const struct traffic *traffic, double seconds)
{
	uint64_t events = 0, lines = 0, skipped = 0;

	for (int i = 0; i < TRAFFIC_STREAMS; i++)
		events += traffic->producers[i].number - 1;
	for (int i = 0; i < TRAFFIC_SUBSCRIBERS; i++) {
		lines += traffic->subscribers[i].taken;
		skipped += traffic->subscribers[i].skipped;
	}
	printf("\"deaths\":%llu,\"seconds\":%.1f,\"events\":%llu,\"events_per_s\":%.0f,"
	    "\"lines_checked\":%llu,\"skipped_and_told\":%llu,\"wrong\":%llu,"
	    "\"revival_ms\":{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}",
	    (unsigned long long)traffic->deaths, seconds, (unsigned long long)events,
	    (double)events / seconds, (unsigned long long)lines, (unsigned long long)skipped,
	    (unsigned long long)traffic->wrong,
	    (double)histogram_quantile(&traffic->revival, .5) / 1e6,
	    (double)histogram_quantile(&traffic->revival, .99) / 1e6,
	    (double)traffic->revival.max / 1e6);
}

void
traffic_close(struct traffic *traffic)
{
	manager_close(&traffic->manager);
}

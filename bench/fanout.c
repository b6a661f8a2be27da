/* fanout - one producer, N subscribers, one server under test: what a delivery costs the server.
 *
 *	fanout --dialect D --in ADDRESS --out ADDRESS --pid PID [--readers N] [--seconds S]
 *	       [--batch B] [--window W] [--rate R] [--dead]
 *
 * The producer (this process) keeps at most W events beyond the slowest reader under way, so that nothing
 * is lost by a server that drops; readers (one child process, epoll) check the number of every delivery.
 * With --rate it sends R events a second, each stamped, and the readers keep a histogram of the
 * one-way latency.  --dead adds a subscriber that never reads and does not count.  Prints one JSON object. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "bench/dialect.h"
#include "bench/net.h"

#define READERS_MAX 8192
#define BATCH_MAX 1024
#define READ_SIZE (256 * 1024)

struct shared {
	_Atomic uint64_t delivered[READERS_MAX];   /* to each reader */
	_Atomic uint64_t wrong;                    /* deliveries out of order, repeated or lost */
	_Atomic bool ready, stop;
	struct histogram latency;                  /* the readers' */
};

struct reader {
	int fd;
	uint64_t next;                             /* the number that must come */
	size_t have;
	char *buffer;
};

static const struct dialect *dialect;
static const char *in_address, *out_address;
static pid_t server;
static size_t readers = 1, batch = 256, window = 16384;
static double seconds = 2, rate;
static bool dead;
static struct shared *shared;

/* ------------------------------------------------------------------- readers */

static void
await_answer(int fd, const char *until, size_t size)
{
	char answer[16384];
	size_t have = 0;

	while (size > 0 && memmem(answer, have, until, size) == NULL) {
		ssize_t n = have < sizeof answer ? recv(fd, answer + have, 1, 0) : 0;

		if (n <= 0)
			die("no answer from the server");
		have += (size_t)n;
	}
}

static int
subscribe(void)
{
	int fd = net_connect(out_address);

	net_write(fd, dialect->hello_subscriber, dialect->hello_subscriber_size);
	await_answer(fd, dialect->until_subscriber, dialect->until_subscriber_size);
	return fd;
}

static size_t
delivery_size(const char *data, size_t size)
{
	const char *end;

	if (dialect->delivery_size > 0)
		return size >= dialect->delivery_size ? dialect->delivery_size : 0;
	end = memchr(data, '\n', size);
	return end == NULL ? 0 : (size_t)(end - data) + 1;
}

static void
delivery_check(struct reader *reader, const char *end, uint64_t now)
{
	if (payload_number(end) != reader->next)
		atomic_fetch_add(&shared->wrong, 1);
	reader->next = payload_number(end) + 1;
	if (rate > 0)
		histogram_add(&shared->latency, now - payload_stamp(end));
}

static void
reader_take(struct reader *reader, size_t index)
{
	ssize_t n = recv(reader->fd, reader->buffer + reader->have, READ_SIZE - reader->have,
	    MSG_DONTWAIT);
	uint64_t now = rate > 0 ? clock_mono_ns() : 0;
	char *at = reader->buffer;
	size_t size;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		die("a reader was cut off");
	reader->have += (size_t)n;
	while ((size = delivery_size(at, reader->have)) > 0) {
		delivery_check(reader, at + size - dialect->tail_size, now);
		at += size;
		reader->have -= size;
	}
	memmove(reader->buffer, at, reader->have);
	atomic_store_explicit(&shared->delivered[index], reader->next, memory_order_relaxed);
}

static void
readers_open(struct reader *all, int epoll)
{
	for (size_t i = 0; i < readers; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u64 = i };

		all[i].fd = subscribe();
		all[i].buffer = malloc(READ_SIZE);
		if (all[i].buffer == NULL || epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event) < 0)
			die("reader");
	}
}

static _Noreturn void
readers_run(void)
{
	struct reader *all = calloc(readers, sizeof *all);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[256];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (all == NULL || epoll < 0)
		die("readers");
	if (dead)
		(void)subscribe();
	readers_open(all, epoll);
	atomic_store(&shared->ready, true);
	while (!atomic_load(&shared->stop)) {
		int n = epoll_wait(epoll, events, 256, 100);

		for (int i = 0; i < n; i++)
			reader_take(&all[events[i].data.u64], events[i].data.u64);
	}
	_exit(0);
}

/* ------------------------------------------------------------------ producer */

static uint64_t
slowest(void)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < readers; i++) {
		uint64_t n = atomic_load_explicit(&shared->delivered[i], memory_order_relaxed);

		if (n < least)
			least = n;
	}
	return least;
}

static void
pause_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = 0, .tv_nsec = (long)ns };

	nanosleep(&ts, NULL);
}

/* Redis answers each PUBLISH. */
static void
drain_answers(int fd)
{
	char answers[65536];

	while (recv(fd, answers, sizeof answers, MSG_DONTWAIT) > 0)
		continue;
}

static void
produce_batch(int fd, uint64_t first, size_t count)
{
	static char frames[BATCH_MAX * FRAME_MAX];
	uint64_t now = rate > 0 ? clock_mono_ns() : 0;
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += dialect_frame(dialect, first + i, now, frames + size);
	net_write(fd, frames, size);
}

static uint64_t
produce_flood(int fd, uint64_t until)
{
	uint64_t sent = 0;

	while (clock_mono_ns() < until) {
		while (sent + batch > slowest() + window)
			pause_ns(20000);
		produce_batch(fd, sent, batch);
		sent += batch;
		drain_answers(fd);
	}
	return sent;
}

static uint64_t
produce_paced(int fd, uint64_t until)
{
	uint64_t interval = (uint64_t)(1e9 / rate), next = clock_mono_ns(), sent = 0;

	while (next < until) {
		struct timespec ts = { (time_t)(next / NSEC_PER_SEC), (long)(next % NSEC_PER_SEC) };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		produce_batch(fd, sent++, 1);
		drain_answers(fd);
		next += interval;
	}
	return sent;
}

/* -------------------------------------------------------------------- server */

static double
server_cpu(void)
{
	char path[64], line[1024], *at;
	unsigned long user = 0, system = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)server);
	file = fopen(path, "r");
	if (file == NULL || fgets(line, sizeof line, file) == NULL)
		die(path);
	fclose(file);
	at = strrchr(line, ')');
	if (at == NULL || sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	    &user, &system) != 2)
		die("stat");
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static unsigned long
server_memory(const char *field)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)server);
	file = fopen(path, "r");
	if (file == NULL)
		die(path);
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			sscanf(line + strlen(field), " %lu", &kib);
	fclose(file);
	return kib;
}

/* ---------------------------------------------------------------------- main */

static void
report(uint64_t sent, double took, double cpu)
{
	double deliveries = (double)sent * (double)readers;

	printf("{\"server\":\"%s\",\"readers\":%zu,\"batch\":%zu,\"dead\":%s,\"rate\":%g,"
	    "\"events\":%llu,\"deliveries\":%.0f,\"wrong\":%llu,\"seconds\":%.3f,"
	    "\"deliveries_per_s\":%.0f,\"cpu_us_per_delivery\":%.5f,"
	    "\"rss_kib\":%lu,\"peak_kib\":%lu",
	    dialect->name, readers, batch, dead ? "true" : "false", rate,
	    (unsigned long long)sent, deliveries, (unsigned long long)shared->wrong, took,
	    deliveries / took, cpu * 1e6 / deliveries, server_memory("VmRSS:"),
	    server_memory("VmHWM:"));
	if (rate > 0)
		printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f",
		    (double)histogram_quantile(&shared->latency, .5) / 1e3,
		    (double)histogram_quantile(&shared->latency, .99) / 1e3,
		    (double)histogram_quantile(&shared->latency, .999) / 1e3);
	printf("}\n");
}

static int
run(void)
{
	double cpu;
	uint64_t begin, sent, give_up;
	pid_t child = fork();
	int fd;

	if (child == 0)
		readers_run();
	while (!atomic_load(&shared->ready)) {
		if (waitpid(child, NULL, WNOHANG) == child)
			return 1;
		pause_ns(1000000);
	}
	fd = net_connect(in_address);
	net_write(fd, dialect->hello_producer, dialect->hello_producer_size);
	await_answer(fd, dialect->until_producer, dialect->until_producer_size);
	cpu = server_cpu();
	begin = clock_mono_ns();
	give_up = begin + (uint64_t)(seconds * 1e9);
	sent = rate > 0 ? produce_paced(fd, give_up) : produce_flood(fd, give_up);
	give_up = clock_mono_ns() + 20 * NSEC_PER_SEC;
	while (slowest() < sent && clock_mono_ns() < give_up)
		pause_ns(100000);
	report(sent, (double)(clock_mono_ns() - begin) / 1e9, server_cpu() - cpu);
	atomic_store(&shared->stop, true);
	waitpid(child, NULL, 0);
	if (slowest() < sent)
		fprintf(stderr, "fanout: %s delivered %llu of %llu\n", dialect->name,
		    (unsigned long long)slowest(), (unsigned long long)sent);
	return slowest() < sent || shared->wrong > 0 ? 1 : 0;
}

static void
parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dialect", required_argument, NULL, 'd' }, { "in", required_argument, NULL, 'i' },
		{ "out", required_argument, NULL, 'o' }, { "pid", required_argument, NULL, 'p' },
		{ "readers", required_argument, NULL, 'n' }, { "seconds", required_argument, NULL, 's' },
		{ "batch", required_argument, NULL, 'b' }, { "window", required_argument, NULL, 'w' },
		{ "rate", required_argument, NULL, 'r' }, { "dead", no_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd': dialect = dialect_find(optarg); break;
		case 'i': in_address = optarg; break;
		case 'o': out_address = optarg; break;
		case 'p': server = (pid_t)atoi(optarg); break;
		case 'n': readers = strtoul(optarg, NULL, 10); break;
		case 's': seconds = atof(optarg); break;
		case 'b': batch = strtoul(optarg, NULL, 10); break;
		case 'w': window = strtoul(optarg, NULL, 10); break;
		case 'r': rate = atof(optarg); break;
		case 'x': dead = true; break;
		default: exit(2);
		}
	}
	if (dialect == NULL || in_address == NULL || out_address == NULL || server == 0
	    || readers == 0 || readers > READERS_MAX || batch == 0 || batch > BATCH_MAX) {
		fprintf(stderr, "usage: see the head of bench/fanout.c\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct rlimit files;

	parse(argc, argv);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	return run();
}

/* fanout - one producer, N subscribers, one server under test: what a delivery costs the server.
 *
 *	fanout --dialect D --in ADDRESS --out ADDRESS --pid PID [--readers N] [--seconds S]
 *	       [--batch B] [--window W] [--rate R] [--dead] [--flood ADDRESS]
 *
 * The producer (this process) keeps at most W events beyond the slowest reader under way, so that nothing
 * is lost by a server that drops; readers (one child process, epoll) check the number of every delivery.
 * With --rate it sends R events a second, each stamped, and the readers keep a histogram of the
 * one-way latency.  --dead adds a subscriber that never reads and does not count; --flood a producer
 * without a limit, of another stream.  Prints one JSON object; status 1 if a delivery was lost or wrong. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/fanout.h"
#include "bench/net.h"
#include "bench/server.h"

static struct fanout run = { .readers = 1, .batch = 256, .window = 16384, .seconds = 2 };
static pid_t server;

uint64_t
fanout_slowest(const struct fanout *fanout)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < fanout->readers; i++) {
		uint64_t n = atomic_load_explicit(&fanout->shared->delivered[i],
		    memory_order_relaxed);

		if (n < least)
			least = n;
	}
	return least;
}

static void
report(const struct produced *produced, double cpu)
{
	const struct histogram *latency = &run.shared->latency;
	double deliveries = (double)produced->sent * (double)run.readers;

	printf("{\"server\":\"%s\",\"readers\":%zu,\"batch\":%zu,\"dead\":%s,\"flooded\":%s,\"rate\":%g,"
	    "\"events\":%llu,\"deliveries\":%.0f,\"missing\":%lld,\"wrong\":%llu,\"seconds\":%.3f,"
	    "\"deliveries_per_s\":%.0f,\"cpu_us_per_delivery\":%.5f,\"silence_ms\":%.1f,"
	    "\"rss_kib\":%lu,\"peak_kib\":%lu",
	    run.dialect->name, run.readers, run.batch, run.dead ? "true" : "false",
	    run.flood_address != NULL ? "true" : "false", run.rate,
	    (unsigned long long)produced->sent, deliveries,
	    (long long)(produced->sent - fanout_slowest(&run)),
	    (unsigned long long)run.shared->wrong, produced->seconds,
	    deliveries / produced->seconds, cpu * 1e6 / deliveries, (double)produced->silence_ns / 1e6,
	    server_memory(server, "status", "VmRSS:"), server_memory(server, "status", "VmHWM:"));
	if (run.rate > 0)
		printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f",
		    (double)histogram_quantile(latency, .5) / 1e3,
		    (double)histogram_quantile(latency, .99) / 1e3,
		    (double)histogram_quantile(latency, .999) / 1e3, (double)latency->max / 1e3);
	printf("}\n");
}

/* The process of the readers, which have subscribed.  Exits if they could not. */
static pid_t
readers_start(void)
{
	const struct timespec pause = { .tv_sec = 0, .tv_nsec = 1000000 };
	pid_t child = fork();

	if (child == 0)
		readers_run(&run);
	while (!atomic_load(&run.shared->ready)) {
		if (waitpid(child, NULL, WNOHANG) == child)
			exit(1);
		nanosleep(&pause, NULL);
	}
	return child;
}

static pid_t
flood_start(void)
{
	pid_t child = run.flood_address != NULL ? fork() : 0;

	if (child == 0 && run.flood_address != NULL)
		produce_without_end(run.flood_address);
	return child;
}

static int
measure(void)
{
	struct produced produced;
	pid_t readers = readers_start(), flood = flood_start();
	double cpu = server_cpu(server);

	produce(&run, &produced);
	cpu = server_cpu(server) - cpu;
	if (flood > 0)
		kill(flood, SIGKILL);
	report(&produced, cpu);
	atomic_store(&run.shared->stop, true);
	waitpid(readers, NULL, 0);
	return fanout_slowest(&run) != produced.sent || run.shared->wrong > 0 ? 1 : 0;
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
		{ "flood", required_argument, NULL, 'f' }, { NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd': run.dialect = dialect_find(optarg); break;
		case 'i': run.in_address = optarg; break;
		case 'o': run.out_address = optarg; break;
		case 'p': server = (pid_t)atoi(optarg); break;
		case 'n': run.readers = strtoul(optarg, NULL, 10); break;
		case 's': run.seconds = atof(optarg); break;
		case 'b': run.batch = strtoul(optarg, NULL, 10); break;
		case 'w': run.window = strtoul(optarg, NULL, 10); break;
		case 'r': run.rate = atof(optarg); break;
		case 'x': run.dead = true; break;
		case 'f': run.flood_address = optarg; break;
		default: exit(2);
		}
	}
	if (run.dialect == NULL || run.in_address == NULL || run.out_address == NULL || server == 0
	    || run.readers == 0 || run.readers > READERS_MAX || run.batch == 0
	    || run.batch > BATCH_MAX || run.batch > run.window) {
		fprintf(stderr, "usage: see the head of bench/fanout.c\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	parse(argc, argv);
	net_raise_limits();
	run.shared = mmap(NULL, sizeof *run.shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.shared == MAP_FAILED)
		die("mmap");
	return measure();
}

/* kills - exactly once across SIGKILL, tried: a daemon under load is killed again and again, and every
 * line that its subscribers get is checked (tests/traffic.h).
 *
 *	kills --awaitd PATH [--other PATH] [--kills N] [--rate EVENTS-PER-SECOND] [--seed S]
 *	      [--signal N] [--reloads] [--steps FROM-TO]
 *
 * --other: every second life is that program's, as in an upgrade and back.
 *
 * --reloads: between the kills, and shortly before them, the config changes and SIGHUP is sent: a
 * stream comes and goes, another gets other operators, and the histories of those under load change
 * their size and move into a file and back.  Now and then it changes between two lives, and now and
 * then into one that is wrong, so that the last good one runs on.
 *
 * --steps: instead of a random moment, the daemon is let run for k instructions of a working period
 * (ptrace(2), PTRACE_SINGLESTEP) and then killed, for each k of the range.
 *
 * Ends with one JSON object; its status is 0 if nothing was lost, repeated, torn or cut off. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/traffic.h"

static struct traffic traffic;
static unsigned int kills = 100, step_from, step_to, seed;
static double rate = 50000;
static int signal_number = SIGKILL;
static bool reloads;
static const char *daemon_path, *other_path;

static uint64_t
random_ns(uint64_t below)
{
	return (uint64_t)rand_r(&seed) % below;
}

static void
upgrade(struct traffic *context)
{
	if (other_path != NULL)
		traffic_set_daemon(context->deaths % 2 == 0 ? daemon_path : other_path);
}

static void
run_random(void)
{
	for (unsigned int i = 0; i < kills; i++) {
		traffic_work(&traffic, random_ns(40 * NSEC_PER_MSEC));
		traffic_kill(&traffic, signal_number, upgrade);
	}
	traffic_work(&traffic, 100 * NSEC_PER_MSEC);
}

/* ---------------------------------------------------------------------- reloads */

/* Entries of streams that come, go and change: each has its seq, whatever its kind. */
static struct {
	int fd;
	uint64_t next[2];            /* of t2, t3; 0: it is not there */
	uint64_t taken, changes, ends;
	size_t have;
	char buffer[256 * 1024];
} other;

static uint64_t
number_behind(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at == NULL ? UINT64_MAX : strtoull(at + strlen(key), NULL, 10);
}

static void
other_line(const char *line)
{
	const char *name = strstr(line, "\":\"t");
	uint64_t *next;

	if (name == NULL || strncmp(line, "{\"ready\":", 9) == 0)
		return;
	next = &other.next[name[4] == '3'];
	other.taken++;
	if (strncmp(line, "{\"subscribed\":", 14) == 0) {
		*next = number_behind(line, "\"next\":");
		return;
	}
	/* Killed before all of its end was said. */
	if (strncmp(line, "{\"error\":\"stream-gone\"", 22) == 0) {
		*next = 0;
		other.ends++;
		return;
	}
	if (number_behind(line, "\"seq\":") != *next)
		traffic_complain(&traffic, "t%c, expected %llu: %s", name[4],
		    (unsigned long long)*next, line);
	++*next;
	other.changes += strstr(line, "\"is\":\"changed\"") != NULL;
	other.ends += strstr(line, "\"is\":\"ended\"") != NULL;
}

static void
other_read(struct traffic *context)
{
	ssize_t n = recv(other.fd, other.buffer + other.have, sizeof other.buffer - other.have,
	    MSG_DONTWAIT);
	char *at = other.buffer, *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		traffic_complain(context, "who listens to t* was cut off");
		exit(1);
	}
	other.have += (size_t)n;
	while ((end = memchr(at, '\n', other.have)) != NULL) {
		*end = '\0';
		other_line(at);
		other.have -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	memmove(other.buffer, at, other.have);
}

static void
other_open(void)
{
	static const char request[] = "{\"subscribe\":[\"t*\"]}\n";

	other.fd = traffic_connect_unix("out");
	if (write(other.fd, request, sizeof request - 1) != (ssize_t)sizeof request - 1)
		abort();
	traffic.extra = other_read;
	traffic.extra_fd = other.fd;
}

/* Whatever the dice say. */
static void
config_write(void)
{
	static const char *const sizes[] = { "4MiB", "8MiB", "16MiB", "32MiB" };
	static const char timer[] = "{\"source\": {\"type\": \"timer\", \"interval\": \"1ms\"}";
	char of_s0[64], of_s1[192], path[160] = "", streams[512] = "";
	const char *const more[] = { of_s0, of_s1 };
	size_t length = 0;

	if (random_ns(2) != 0)
		snprintf(path, sizeof path, ", \"path\": \"%s\"", traffic_path("s1.log"));
	snprintf(of_s0, sizeof of_s0, ", \"history\": \"%s\"", sizes[random_ns(4)]);
	snprintf(of_s1, sizeof of_s1, ", \"history\": {\"size\": \"%s\"%s}", sizes[random_ns(4)],
	    path);
	if (random_ns(2) != 0)
		length = (size_t)snprintf(streams, sizeof streams, ",\n \"t2\": %s}", timer);
	snprintf(streams + length, sizeof streams - length,
	    ",\n \"t3\": %s, \"operators\": [{\"op\": \"drop\", \"count\": %d}]}", timer,
	    (int)random_ns(3));
	traffic_config(&traffic, more, streams);
}

static void
config_change(void)
{
	config_write();
	kill(traffic.manager.pid, SIGHUP);
}

/* With nobody alive. */
static void
config_change_meanwhile(struct traffic *context)
{
	static const char *const wrong[] = { ", \"histroy\": \"1MiB\"", "" };

	switch (random_ns(6)) {
	case 0:
		config_write();
		break;
	case 1:
		traffic_config(context, wrong, "");
		break;
	}
}

static void
run_reloads(void)
{
	other_open();
	config_change();
	for (unsigned int i = 0; i < kills; i++) {
		traffic_work(&traffic, random_ns(30 * NSEC_PER_MSEC));
		config_change();
		/* Into the middle of it, as often as behind it. */
		traffic_work(&traffic, random_ns(i % 2 == 0 ? 2 * NSEC_PER_MSEC : 30 * NSEC_PER_MSEC));
		traffic_kill(&traffic, signal_number, config_change_meanwhile);
	}
	config_change();
	traffic_work(&traffic, 100 * NSEC_PER_MSEC);
	if (kills >= 20 && (other.changes == 0 || other.ends == 0))
		traffic_complain(&traffic, "no stream was changed or ended");
}

/* ------------------------------------------------------------------------ steps */

/* Lets the stopped daemon make `count` instructions. */
static void
step(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		int status;

		if (ptrace(PTRACE_SINGLESTEP, traffic.manager.pid, NULL, NULL) < 0
		    || waitpid(traffic.manager.pid, &status, 0) < 0 || !WIFSTOPPED(status))
			return;
	}
}

static void
run_steps(void)
{
	for (unsigned int k = step_from; k <= step_to; k++) {
		int status;

		traffic_settle(&traffic);
		if (ptrace(PTRACE_SEIZE, traffic.manager.pid, NULL, NULL) < 0
		    || ptrace(PTRACE_INTERRUPT, traffic.manager.pid, NULL, NULL) < 0
		    || waitpid(traffic.manager.pid, &status, 0) < 0) {
			perror("ptrace");
			exit(1);
		}
		traffic_make(&traffic, 3);
		traffic_send(&traffic);
		step(k);
		traffic_kill(&traffic, signal_number, NULL);
	}
}

/* ------------------------------------------------------------------------- main */

static void
parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "awaitd", required_argument, NULL, 'a' },
		{ "other", required_argument, NULL, 'o' },
		{ "kills", required_argument, NULL, 'k' },
		{ "rate", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "signal", required_argument, NULL, 'g' },
		{ "reloads", no_argument, NULL, 'l' },
		{ "steps", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	seed = (unsigned int)clock_mono_ns();
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a': daemon_path = optarg; break;
		case 'o': other_path = optarg; break;
		case 'k': kills = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'r': rate = atof(optarg); break;
		case 's': seed = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'g': signal_number = atoi(optarg); break;
		case 'l': reloads = true; break;
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
run(void)
{
	if (step_to > 0)
		run_steps();
	else if (reloads)
		run_reloads();
	else
		run_random();
	traffic_settle(&traffic);
}

int
main(int argc, char **argv)
{
	unsigned int first_seed;
	uint64_t begin;

	parse(argc, argv);
	first_seed = seed;
	traffic_open(&traffic, daemon_path, rate);
	traffic_start(&traffic);
	traffic_connect(&traffic);
	begin = clock_mono_ns();
	run();
	printf("{\"seed\":%u,", first_seed);
	traffic_print(&traffic, (double)(clock_mono_ns() - begin) / 1e9);
	if (reloads)
		printf(",\"changed\":%llu,\"ended\":%llu", (unsigned long long)other.changes,
		    (unsigned long long)other.ends);
	printf("}\n");
	traffic_close(&traffic);
	return traffic.wrong > 0 ? 1 : 0;
}

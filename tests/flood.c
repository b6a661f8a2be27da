/* flood - as many events as asked for, through a real daemon and real sockets, every line of
 * every reader checked:
 *
 *	flood [--events N] [--readers N] [--producers N] [--lag skip|latest|block|close]
 *	      [--awaitd PATH]
 *
 * Starts ./awaitd with a config of its own: a source of ndjson on a Unix socket, and a sink that
 * allows `block`.  Each producer numbers its lines; each reader looks that every line is valid
 * JSON, that seq goes on without a hole but for gaps that were told, and that each producer's
 * numbers go on, too.
 *
 * Prints lost (not told), repeated, invalid, told (as gaps), the rate, and the daemon's memory at
 * start, middle and end.  Status 0: nothing lost, repeated or invalid, with `block` nothing told
 * either, and the memory flat. Status 2: it could not be tried. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

#define READERS_MAX 1024
#define PRODUCERS_MAX 64
#define BUFFER_SIZE (512 * 1024)
#define PATH_SIZE 64             /* of our folder and a name */
#define FLAT_KIB 1024            /* from the middle to the end it may grow by so much */
#define COMPLAINTS_MAX 10

static struct {
	uint64_t events;
	unsigned int readers, producers;
	const char *lag, *awaitd;
} options = { 1000000, 8, 1, "block", "./awaitd" };

struct reader {
	pthread_t thread;
	int fd;
	uint64_t next;                       /* seq */
	uint64_t numbers[PRODUCERS_MAX];     /* the next of each producer */
	uint64_t events, lost, repeated, invalid, told;
	bool numbered;                       /* no gap since: the numbers have to go on */
	size_t length;
	char *buffer;
};

struct producer {
	pthread_t thread;
	unsigned int index;
	uint64_t count;
};

static char folder[] = "/tmp/awaitd-flood-XXXXXX";
static struct reader readers[READERS_MAX];
static struct producer producers[PRODUCERS_MAX];
static pid_t daemon_pid;
static atomic_uint_fast64_t passed;          /* seqs that the first reader is past */
static atomic_uint complaints, ready_readers;

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	if (daemon_pid > 0)
		kill(daemon_pid, SIGKILL);
	exit(2);
}

static void
complain(const char *what, const struct reader *reader, const char *line, size_t length)
{
	if (atomic_fetch_add(&complaints, 1) < COMPLAINTS_MAX)
		fprintf(stderr, "flood: reader %td, expecting seq %" PRIu64 ": %s: %.*s\n",
		    reader - readers, reader->next, what, (int)(length < 200 ? length : 200), line);
}

/* ----------------------------------------------------------------------- daemon */

static void
path_of(const char *name, char path[static PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s", folder, name);
}

static void
write_config(void)
{
	char path[PATH_SIZE];
	FILE *file;

	path_of("awaitd.json", path);
	file = fopen(path, "w");
	if (file == NULL)
		give_up(path);
	fprintf(file, "{\"streams\":{\"flood\":{\"source\":{\"type\":\"socket\",\"listen\":"
	    "\"unix:%s/in\","
	    "\"framing\":\"ndjson\"}}},\"sinks\":{\"local\":{\"type\":\"unix\",\"path\":\"%s/out\","
	    "\"block\":true,\"block_timeout\":\"never\",\"limits\":{\"connections\":2000}}}}\n",
	    folder, folder);
	if (fclose(file) != 0)
		give_up(path);
}

static void
start_daemon(void)
{
	char config[PATH_SIZE];

	write_config();
	path_of("awaitd.json", config);
	daemon_pid = fork();
	if (daemon_pid < 0)
		give_up("fork");
	if (daemon_pid == 0) {
		execl(options.awaitd, "awaitd", "-c", config, (char *)NULL);
		fprintf(stderr, "flood: %s: %s\n", options.awaitd, strerror(errno));
		_exit(127);
	}
}

/* Tried for half a minute: the daemon has just been started. */
static int
connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int status;

	path_of(name, address.sun_path);
	for (int i = 0; i < 3000; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			give_up("socket");
		if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
			return fd;
		close(fd);
		if (waitpid(daemon_pid, &status, WNOHANG) == daemon_pid) {
			daemon_pid = 0;
			errno = ECHILD;
			give_up("the daemon has ended");
		}
		usleep(10000);
	}
	give_up(name);
}

static uint64_t
daemon_rss_kib(void)
{
	char path[64], line[256];
	uint64_t kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)daemon_pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtoull(line + 6, NULL, 10);
	fclose(file);
	return kib;
}

/* --------------------------------------------------------------------- producers */

static void
send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			give_up("a producer's connection");
		bytes += n;
		length -= (size_t)n;
	}
}

static void *
produce(void *context)
{
	const struct producer *producer = context;
	int fd = connect_to("in");
	char bytes[32768];
	size_t length = 0;

	for (uint64_t n = 1; n <= producer->count; n++) {
		length += (size_t)snprintf(bytes + length, sizeof bytes - length,
		    "{\"p\":%u,\"n\":%" PRIu64 ",\"text\":\"%.*s\"}\n", producer->index, n,
		    (int)(n % 32), "the quick brown fox jumps over t");
		if (length < sizeof bytes - 256 && n < producer->count)
			continue;
		send_all(fd, bytes, length);
		length = 0;
	}
	close(fd);
	return NULL;
}

/* ----------------------------------------------------------------------- readers */

static bool
begins(const char *line, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && memcmp(line, prefix, strlen(prefix)) == 0;
}

/* The number behind a name in a line that is followed by a LF. */
static uint64_t
number_of(const char *line, size_t length, const char *name)
{
	const char *at = memmem(line, length, name, strlen(name));

	return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void
check_numbers(struct reader *reader, const char *line, size_t length)
{
	uint64_t p = number_of(line, length, "\"value\":{\"p\":"), n;

	n = number_of(line, length, ",\"n\":");
	if (p >= PRODUCERS_MAX || n == 0) {
		reader->invalid++;
		complain("not what was written", reader, line, length);
		return;
	}
	if (reader->numbers[p] != 0 && n < reader->numbers[p]) {
		reader->repeated++;
		complain("repeated", reader, line, length);
	} else if (reader->numbered && n != reader->numbers[p]) {
		reader->lost += n - reader->numbers[p];
		complain("lost", reader, line, length);
	}
	reader->numbers[p] = n + 1;
}

static void
check_event(struct reader *reader, const char *line, size_t length)
{
	uint64_t seq = number_of(line, length, "\"seq\":");

	if (seq < reader->next) {
		reader->repeated++;
		complain("seq repeated", reader, line, length);
	} else if (seq > reader->next) {
		reader->lost += seq - reader->next;
		complain("seqs lost", reader, line, length);
	}
	reader->next = seq + 1;
	reader->events++;
	check_numbers(reader, line, length);
}

static void
check_gap(struct reader *reader, const char *line, size_t length)
{
	uint64_t from = number_of(line, length, "\"from\":");
	uint64_t to = number_of(line, length, "\"to\":");

	if (from != reader->next || to < from) {
		reader->invalid++;
		complain("a gap that does not fit", reader, line, length);
	}
	reader->told += to - from + 1;
	reader->next = to + 1;
	reader->numbered = false;
}

static void
check_line(struct reader *reader, const char *line, size_t length)
{
	struct json_checked checked;

	if (json_check_line(line, length, &checked) != JSON_FAULT_NONE || line[0] != '{') {
		reader->invalid++;
		complain("no JSON", reader, line, length);
	} else if (begins(line, length, "{\"stream\":"))
		check_event(reader, line, length);
	else if (begins(line, length, "{\"gap\":"))
		check_gap(reader, line, length);
	else if (begins(line, length, "{\"ready\":"))
		atomic_fetch_add(&ready_readers, 1);
	else if (begins(line, length, "{\"subscribed\":"))
		reader->next = number_of(line, length, "\"next\":");
	else if (!begins(line, length, "{\"hello\":") && !begins(line, length, "{\"reply\":")) {
		reader->invalid++;
		complain("unexpected", reader, line, length);
	}
}

static void
check_lines(struct reader *reader)
{
	char *at = reader->buffer, *end = at + reader->length, *lf;

	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		check_line(reader, at, (size_t)(lf - at));
		at = lf + 1;
	}
	reader->length = (size_t)(end - at);
	memmove(reader->buffer, at, reader->length);
	if (reader == readers)
		atomic_store(&passed, reader->next - 1);
}

static void *
read_all(void *context)
{
	struct reader *reader = context;
	ssize_t n;

	while (reader->next <= options.events) {
		n = recv(reader->fd, reader->buffer + reader->length,
		    BUFFER_SIZE - reader->length, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			complain("the connection ended", reader, "", 0);
			reader->lost += options.events + 1 - reader->next;
			break;
		}
		reader->length += (size_t)n;
		check_lines(reader);
	}
	return NULL;
}

static void
start_readers(void)
{
	char request[128];

	snprintf(request, sizeof request, "{\"subscribe\":[\"flood\"],\"lag\":\"%s\"}\n",
	    options.lag);
	for (unsigned int i = 0; i < options.readers; i++) {
		struct reader *reader = &readers[i];

		reader->fd = connect_to("out");
		reader->next = 1;
		reader->numbered = true;
		for (unsigned int p = 0; p < options.producers; p++)
			reader->numbers[p] = 1;
		reader->buffer = malloc(BUFFER_SIZE);
		if (reader->buffer == NULL)
			give_up("memory");
		send_all(reader->fd, request, strlen(request));
		if (pthread_create(&reader->thread, NULL, read_all, reader) != 0)
			give_up("thread");
	}
	for (int i = 0; atomic_load(&ready_readers) < options.readers; i++) {
		if (i == 3000)
			give_up("not all readers became ready");
		usleep(10000);
	}
}

static void
start_producers(void)
{
	uint64_t each = options.events / options.producers;

	for (unsigned int i = 0; i < options.producers; i++) {
		struct producer *producer = &producers[i];

		producer->index = i;
		producer->count = i == 0 ? options.events - each * (options.producers - 1) : each;
		if (pthread_create(&producer->thread, NULL, produce, producer) != 0)
			give_up("thread");
	}
}

/* ------------------------------------------------------------------------ verdict */

struct total {
	uint64_t events, lost, repeated, invalid, told;
};

static struct total
wait_for_all(uint64_t *ret_middle)
{
	struct total total = { 0 };

	while (atomic_load(&passed) < options.events / 2)
		usleep(2000);
	*ret_middle = daemon_rss_kib();
	for (unsigned int i = 0; i < options.producers; i++)
		pthread_join(producers[i].thread, NULL);
	for (unsigned int i = 0; i < options.readers; i++) {
		pthread_join(readers[i].thread, NULL);
		total.events += readers[i].events;
		total.lost += readers[i].lost;
		total.repeated += readers[i].repeated;
		total.invalid += readers[i].invalid;
		total.told += readers[i].told;
	}
	return total;
}

static bool
stop_daemon(void)
{
	char path[PATH_SIZE];
	int status = 0;

	for (unsigned int i = 0; i < options.readers; i++) {
		close(readers[i].fd);
		free(readers[i].buffer);
	}
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, &status, 0);
	path_of("awaitd.json", path);
	unlink(path);
	rmdir(folder);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	fprintf(stderr, "flood: the daemon ended with wait status %d\n", status);
	return false;
}

static bool
run(void)
{
	uint64_t start, middle, end, begun, ns;
	struct total total;
	bool right;

	start_daemon();
	start_readers();
	start = daemon_rss_kib();
	begun = clock_mono_ns();
	start_producers();
	total = wait_for_all(&middle);
	ns = clock_mono_ns() - begun;
	end = daemon_rss_kib();
	right = total.lost == 0 && total.repeated == 0 && total.invalid == 0
	    && (total.told == 0 || strcmp(options.lag, "block") != 0) && end <= middle + FLAT_KIB;
	printf("events %" PRIu64 ", readers %u, lag %s: lost %" PRIu64 ", repeated %" PRIu64 ", "
	    "invalid %"
	    PRIu64 ", told %" PRIu64 "\n", options.events, options.readers, options.lag, total.lost,
	    total.repeated, total.invalid, total.told);
	printf("%.2f million events/s in, %.2f million deliveries/s out, in %.1f s\n",
	    (double)options.events * 1e3 / (double)ns, (double)total.events * 1e3 / (double)ns,
	    (double)ns / 1e9);
	printf("RSS of the daemon, KiB: start %" PRIu64 ", middle %" PRIu64 ", end "
	    "%" PRIu64 "%s\n", start,
	    middle, end, end <= middle + FLAT_KIB ? "" : ": it grows");
	return stop_daemon() && right;
}

/* ------------------------------------------------------------------------- options */

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: flood [--events N] [--readers N] [--producers N] "
	    "[--lag skip|latest|block|close] [--awaitd PATH]\n");
	exit(2);
}

static uint64_t
number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*end != '\0' || value == 0 || value > max)
		usage();
	return value;
}

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "events", required_argument, NULL, 'e' },
		{ "readers", required_argument, NULL, 'r' },
		{ "producers", required_argument, NULL, 'p' },
		{ "lag", required_argument, NULL, 'l' },
		{ "awaitd", required_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'e')
			options.events = number(optarg, UINT64_MAX / 2);
		else if (option == 'r')
			options.readers = (unsigned int)number(optarg, READERS_MAX);
		else if (option == 'p')
			options.producers = (unsigned int)number(optarg, PRODUCERS_MAX);
		else if (option == 'l')
			options.lag = optarg;
		else if (option == 'a')
			options.awaitd = optarg;
		else
			usage();
	}
	if (optind < argc || options.producers > options.events)
		usage();
	if (mkdtemp(folder) == NULL)
		give_up(folder);
	return run() ? 0 : 1;
}

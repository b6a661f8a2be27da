/* The readers of a run: one process, epoll, the number of every delivery checked. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/fanout.h"
#include "bench/net.h"

#define READ_SIZE (256 * 1024)
#define UNANSWERED_US 300000                       /* for a server that does not say when it has us */

struct reader {
	int fd;
	uint64_t next;                             /* the number that must come */
	size_t have;
	char rest[DELIVERY_MAX];                   /* of a delivery that has come in part */
};

static size_t
delivery_size(const struct dialect *dialect, const char *data, size_t size)
{
	const char *end;

	if (dialect->delivery_size > 0)
		return size >= dialect->delivery_size ? dialect->delivery_size : 0;
	end = memchr(data, '\n', size);
	return end == NULL ? 0 : (size_t)(end - data) + 1;
}

/* Of what is no delivery, at the beginning of `data`. */
static size_t
between_size(const struct dialect *dialect, const char *data, size_t size)
{
	size_t between = dialect->between_size;

	return between > 0 && size >= between && memcmp(data, dialect->between, between) == 0
	    ? between : 0;
}

static void
delivery_check(const struct fanout *run, struct reader *reader, const char *end, uint64_t now)
{
	uint64_t number = payload_number(end);

	if (number != reader->next)
		atomic_fetch_add(&run->shared->wrong, 1);
	reader->next = number + 1;
	if (run->rate > 0)
		histogram_add(&run->shared->latency, now - payload_stamp(end));
}

static void
reader_take(const struct fanout *run, struct reader *reader)
{
	static char buffer[DELIVERY_MAX + READ_SIZE];
	ssize_t n = recv(reader->fd, buffer + reader->have, READ_SIZE, MSG_DONTWAIT);
	uint64_t now = run->rate > 0 ? clock_mono_ns() : 0;
	const char *at = buffer;
	size_t size, have;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		die("a reader was cut off");
	memcpy(buffer, reader->rest, reader->have);
	have = reader->have + (size_t)n;
	for (;;) {
		if ((size = between_size(run->dialect, at, have)) == 0) {
			size = delivery_size(run->dialect, at, have);
			if (size == 0)
				break;
			delivery_check(run, reader, at + size - run->dialect->tail_size, now);
		}
		at += size;
		have -= size;
	}
	if (have > sizeof reader->rest)
		die("a delivery without end");
	memcpy(reader->rest, at, have);
	reader->have = have;
}

static void
readers_open(const struct fanout *run, struct reader *all, int epoll)
{
	for (size_t i = 0; i < run->readers; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u64 = i };

		all[i].fd = dialect_subscribe(run->dialect, run->out_address);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event) < 0)
			die("reader");
	}
}

_Noreturn void
readers_run(const struct fanout *run)
{
	struct reader *all = calloc(run->readers, sizeof *all);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[256];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (all == NULL || epoll < 0)
		die("readers");
	if (run->dead)
		(void)dialect_subscribe_dead(run->dialect, run->out_address);
	readers_open(run, all, epoll);
	if (run->dialect->until_subscriber_size == 0)
		usleep(UNANSWERED_US);
	atomic_store(&run->shared->ready, true);
	while (!atomic_load(&run->shared->stop)) {
		int n = epoll_wait(epoll, events, 256, 100);

		for (int i = 0; i < n; i++) {
			struct reader *reader = &all[events[i].data.u64];

			reader_take(run, reader);
			atomic_store_explicit(&run->shared->delivered[events[i].data.u64], reader->next,
			    memory_order_relaxed);
		}
	}
	_exit(0);
}

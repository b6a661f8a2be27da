/* limit - what no daemon of awaitd's kind can beat by much: one thread that checks each line to be JSON, wraps it with
 * stream, seq and time, keeps a ring, and gives every subscriber all that is new in one send().
 *
 *	limit IN OUT          ("unix:/path" or "tcp:PORT"; one producer at a time, any number of subscribers)
 *
 * Nothing else: no requests, no history, no policy, no restart.  Lossless: the slowest subscriber stops
 * the producer. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "bench/net.h"

#define RING_SIZE ((size_t)1 << 20)
#define READ_SIZE ((size_t)64 * 1024)
#define LINE_MAX_SIZE ((size_t)8192)
#define WRAP_MAX 128
#define SUBSCRIBERS_MAX 8192

enum { TAG_IN_LISTENER = SUBSCRIBERS_MAX, TAG_OUT_LISTENER, TAG_PRODUCER };

struct subscriber {
	int fd;
	uint64_t at;
};

static char *ring;
static uint64_t head, seq;
static struct subscriber subscribers[SUBSCRIBERS_MAX];
static size_t subscriber_count;
static int epoll, producer = -1;
static bool stalled;
static char input[READ_SIZE + LINE_MAX_SIZE];
static size_t input_have;

static void
ring_open(void)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)RING_SIZE) < 0)
		die("memfd");
	ring = mmap(NULL, 2 * RING_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED
	    || mmap(ring, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0)
	        == MAP_FAILED
	    || mmap(ring + RING_SIZE, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0)
	        == MAP_FAILED)
		die("mmap");
	close(fd);
}

static void
watch(int fd, uint32_t events, uint32_t tag, int op)
{
	struct epoll_event event = { .events = events, .data.u32 = tag };

	if (epoll_ctl(epoll, op, fd, &event) < 0)
		die("epoll_ctl");
}

/* ------------------------------------------------------------------- wrapping */

static char *
put_digits(char *at, uint64_t number, int width)
{
	for (int i = width - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + width;
}

/* {"stream":"bench","seq":<10>,"time":"<30>","value": - of one read, with room for the seq. */
static size_t
prefix_render(char *prefix, size_t *ret_seq_at)
{
	static const char begin[] = "{\"stream\":\"bench\",\"seq\":";
	struct timespec now;
	struct tm tm;
	char *at;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	*ret_seq_at = sizeof begin - 1;
	at = prefix + sprintf(prefix, "%s1000000000,\"time\":\"", begin);
	at += strftime(at, 32, "%Y-%m-%dT%H:%M:%S.", &tm);
	at = put_digits(at, (uint64_t)now.tv_nsec, 9);
	memcpy(at, "Z\",\"value\":", 11);
	return (size_t)(at + 11 - prefix);
}

static void
wrap_line(const char *line, size_t size, const char *prefix, size_t prefix_size, size_t seq_at)
{
	char *at = ring + head % RING_SIZE;

	memcpy(at, prefix, prefix_size);
	put_digits(at + seq_at, UINT64_C(1000000000) + seq++, 10);
	memcpy(at + prefix_size, line, size);
	memcpy(at + prefix_size + size, "}\n", 2);
	head += prefix_size + size + 2;
}

static void
wrap_input(void)
{
	char prefix[WRAP_MAX], *at = input, *end = input + input_have;
	char *last = memrchr(input, '\n', input_have);
	size_t seq_at, prefix_size = prefix_render(prefix, &seq_at);

	while (last != NULL && at <= last) {
		struct json_checked checked;

		if (json_check_line(at, (size_t)(end - at), &checked) != JSON_FAULT_NONE)
			die("a line that is no JSON");
		wrap_line(at + checked.begin, checked.end - checked.begin, prefix, prefix_size, seq_at);
		at += checked.stop + 1;
	}
	input_have = (size_t)(end - at);
	if (input_have > LINE_MAX_SIZE)
		die("a line too long");
	memmove(input, at, input_have);
}

/* ------------------------------------------------------------------ delivering */

static void
subscriber_send(struct subscriber *self)
{
	while (self->fd >= 0 && self->at < head) {
		ssize_t n = send(self->fd, ring + self->at % RING_SIZE, (size_t)(head - self->at),
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			close(self->fd);
			self->fd = -1;
			return;
		}
		self->at += (uint64_t)n;
	}
}

static size_t
room(void)
{
	uint64_t floor = head;

	for (size_t i = 0; i < subscriber_count; i++)
		if (subscribers[i].fd >= 0 && subscribers[i].at < floor)
			floor = subscribers[i].at;
	return RING_SIZE - (size_t)(head - floor);
}

/* What a read of `size` bytes may become in the ring: shortest lines grow most. */
static bool
room_for_read(void)
{
	return room() > 3 * (READ_SIZE + LINE_MAX_SIZE);
}

static void
producer_read(void)
{
	ssize_t n;

	if (!room_for_read()) {
		watch(producer, 0, TAG_PRODUCER, EPOLL_CTL_MOD);
		stalled = true;
		return;
	}
	n = recv(producer, input + input_have, READ_SIZE, 0);
	if (n <= 0) {
		close(producer);
		producer = -1;
		input_have = 0;
		return;
	}
	input_have += (size_t)n;
	wrap_input();
	for (size_t i = 0; i < subscriber_count; i++)
		subscriber_send(&subscribers[i]);
}

static void
accept_producer(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (producer >= 0)
		close(producer);
	producer = fd;
	stalled = false;
	watch(fd, EPOLLIN, TAG_PRODUCER, EPOLL_CTL_ADD);
}

static void
accept_subscriber(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 || subscriber_count == SUBSCRIBERS_MAX)
		return;
	subscribers[subscriber_count] = (struct subscriber){ .fd = fd, .at = head };
	watch(fd, EPOLLIN | EPOLLOUT | EPOLLET, (uint32_t)subscriber_count++, EPOLL_CTL_ADD);
}

static void
subscriber_event(struct subscriber *self, uint32_t events)
{
	char ignored[1024];

	if (self->fd >= 0 && (events & EPOLLIN) != 0
	    && recv(self->fd, ignored, sizeof ignored, MSG_DONTWAIT) == 0) {
		close(self->fd);
		self->fd = -1;
	}
	subscriber_send(self);
}

int
main(int argc, char **argv)
{
	struct epoll_event events[256];
	int in, out;

	if (argc != 3) {
		fprintf(stderr, "usage: limit IN OUT\n");
		return 2;
	}
	net_raise_limits();
	ring_open();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	in = net_listen(argv[1]);
	out = net_listen(argv[2]);
	watch(in, EPOLLIN, TAG_IN_LISTENER, EPOLL_CTL_ADD);
	watch(out, EPOLLIN, TAG_OUT_LISTENER, EPOLL_CTL_ADD);
	for (;;) {
		int n = epoll_wait(epoll, events, 256, -1);

		for (int i = 0; i < n; i++) {
			uint32_t tag = events[i].data.u32;

			if (tag == TAG_IN_LISTENER)
				accept_producer(in);
			else if (tag == TAG_OUT_LISTENER)
				accept_subscriber(out);
			else if (tag == TAG_PRODUCER)
				producer_read();
			else
				subscriber_event(&subscribers[tag], events[i].events);
		}
		/* Half of it at least, so that not each few bytes that a reader takes begin a send. */
		if (stalled && producer >= 0 && room() >= RING_SIZE / 2) {
			stalled = false;
			watch(producer, EPOLLIN, TAG_PRODUCER, EPOLL_CTL_MOD);
		}
	}
}

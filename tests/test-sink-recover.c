/* A daemon dies at a system call - before it, or between the kernel's return and the next
 * instruction - and another goes on with its arena and its fds: the peer must not be able to
 * tell.
 *
 * The first daemon is a child of the test that ends in the wrapped syscall(); the second one is
 * the test itself.  Linked with --wrap=syscall. */
#include "recover-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOW_BURST 400           /* so much at once that a message is taken in part */

static int control[2];           /* a byte: feed some more */

/* ------------------------------------------------------------------- the death */

static struct {
	long number;             /* of the system call */
	int at;                  /* the how manieth; 0: never */
	bool before;
	int count;
} death;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long
__wrap_syscall(long number, ...)
{
	bool dies = number == death.number && ++death.count == death.at;
	long a[5], r;
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 5; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (dies && death.before)
		_exit(0);
	r = __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
	if (dies)
		_exit(0);
	return r;
}

/* ---------------------------------------------------------- the first daemon */

static void
first_daemon(size_t ring, int burst)
{
	struct feed *feed;
	char byte;

	recover_store_open();
	sink_open();
	feed = open_feed(ring);
	for (;;) {
		settle();
		if (read(control[0], &byte, 1) == 1)
			feed_more(feed, burst);
		else
			usleep(100);
	}
}

/* -------------------------------------------------------------------- the peer */

/* What there is, from a daemon in another process. */
static void
peer_receive(struct peer *peer)
{
	char bytes[32768];
	ssize_t n;

	while ((n = recv(peer->client->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
		struct client *client = peer->client;

		client->bytes = realloc(client->bytes,
		    client->size = client->length + (size_t)n + 1);
		assert_non_null(client->bytes);
		memcpy(client->bytes + client->length, bytes, (size_t)n);
		client->length += (size_t)n;
	}
	peer->client->end |= n == 0 || (n < 0 && errno != EAGAIN);
	peer_lines(peer);
}

static void
connect_to(struct peer *peer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, setting.path, strlen(setting.path));
	while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		usleep(200);
	*peer = (struct peer){ .client = client_of(fd) };
}

/* Requests in odd pieces, events all the while; until the daemon has died, or had the time to. */
static bool
converse(struct peer *peer, pid_t pid, bool reads)
{
	static const char script[] = "{\"ping\":1,\"id\":1}\n{\"subscribe\":[\"s\"],\"id\":\"x\"}\n"
	    "{\"ping\":1,\"id\":2}\n{\"ping\":1,\"id\":3}\n";
	uint64_t until = clock_mono_ns() + 20 * SECOND;
	size_t sent = 0;
	int status = 0, rounds = 0;

	for (; waitpid(pid, &status, WNOHANG) == 0; rounds++) {
		size_t piece = (size_t)rounds % 7 * 5 + 3;

		if (piece > sizeof script - 1 - sent)
			piece = sizeof script - 1 - sent;
		if (piece > 0 && send(peer->client->fd, script + sent, piece, MSG_NOSIGNAL) > 0)
			sent += piece;
		if (rounds < 200)
			assert_int_equal(write(control[1], "x", 1), 1);
		if (reads || rounds % 50 == 49)
			peer_receive(peer);
		usleep(300);
		if (clock_mono_ns() > until)
			kill(pid, SIGKILL);
	}
	if (sent < sizeof script - 1)
		(void)send(peer->client->fd, script + sent, sizeof script - 1 - sent, MSG_NOSIGNAL);
	return WIFEXITED(status);
}

static void
finish(struct peer *peer, size_t ring)
{
	struct feed *feed = second_daemon(ring);
	uint64_t last;

	for (int i = 0; i < 5; i++) {
		client_read(peer->client);
		peer_lines(peer);
		feed_more(feed, 10);
	}
	client_read(peer->client);
	peer_lines(peer);
	last = log_next_seq(stream_log(feed_stream(feed)));
	/* A death before the fd was stored: the peer was told nothing, and connects again. */
	if (peer->client->end) {
		assert_int_equal(peer->hello, 0);
		return;
	}
	assert_int_equal(peer->hello, 1);
	assert_int_equal(peer->subscribed, 1);
	assert_int_equal(peer->replies, 1);
	assert_int_equal(peer->ready, 1);
	assert_int_equal(peer->pings, 3);
	assert_int_equal(peer->next, last);
}

/* The successor's history is of `ring` bytes.  False: it did not die by itself. */
static bool
die_and_go_on(long number, int at, bool before, size_t ring, bool reads)
{
	struct peer peer;
	bool died;
	pid_t pid;

	assert_int_equal(recover_open(NULL), 0);
	assert_int_equal(pipe2(control, O_NONBLOCK | O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		death.number = number;
		death.at = at;
		death.before = before;
		first_daemon(RING, reads ? 40 : SLOW_BURST);
	}
	connect_to(&peer);
	died = converse(&peer, pid, reads);
	finish(&peer, ring);
	for (int i = 0; i < 2; i++)
		close(control[i]);
	recover_close(NULL);
	return died;
}

/* ----------------------------------------------------------------------- tests */

static void
a_death_at_any_send_is_not_noticed(void **state)
{
	(void)state;
	for (int at = 1; at < 30 && die_and_go_on(SYS_sendmmsg, at, at % 4 == 0, RING,
	    true); at++)
		;
}

static void
a_death_at_any_receive_is_not_noticed(void **state)
{
	(void)state;
	for (int at = 1; at < 7 && die_and_go_on(SYS_recvmmsg, at, at % 3 == 0, RING,
	    true); at++)
		;
}

static void
a_death_while_a_slow_peer_has_half_a_line_is_not_noticed(void **state)
{
	(void)state;
	for (int at = 5; at < 40 && die_and_go_on(SYS_sendmmsg, at, at % 5 == 0, RING,
	    false); at++)
		;
}

static void
a_death_with_half_a_line_sent_and_a_shorter_history_tears_nothing(void **state)
{
	(void)state;
	for (int at = 5; at < 25 && die_and_go_on(SYS_sendmmsg, at, false, 4 * 4096, false); at++)
		;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_death_at_any_send_is_not_noticed),
		cmocka_unit_test(a_death_at_any_receive_is_not_noticed),
		cmocka_unit_test(a_death_while_a_slow_peer_has_half_a_line_is_not_noticed),
		cmocka_unit_test(a_death_with_half_a_line_sent_and_a_shorter_history_tears_nothing),
	};

	return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}

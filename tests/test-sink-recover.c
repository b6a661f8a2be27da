/* A daemon dies at a system call - before it, or between the kernel's return and the next
 * instruction - and another goes on with its arena and its fds: the peer must not be able to
 * tell.
 *
 * The first daemon is a child of the test that ends in the wrapped syscall(); the second one is
 * the test itself.  Linked with --wrap=syscall. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdstore.h"
#include "base/json.h"
#include "manager.h"
#include "sink-fixture.h"

#define RING ((size_t)1 << 20)
#define LOW_FDS 64               /* kept free for what is handed over */
#define SLOW_BURST 400           /* so much at once that a message is taken in part */

static struct manager manager;
static char manager_path[128];
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

/* Armed, the next message of two lines and more is taken exactly up to the end of one of them; and
 * then the peer has no room at all. */
static bool between_lines;

static bool
send_one_line(int fd, struct mmsghdr *message)
{
	struct iovec *span = &message->msg_hdr.msg_iov[message->msg_hdr.msg_iovlen - 1];
	struct iovec whole = *span;
	const char *lf = memchr(span->iov_base, '\n', span->iov_len);

	if (lf == NULL || lf == (const char *)span->iov_base + span->iov_len - 1)
		return false;
	span->iov_len = (size_t)(lf + 1 - (const char *)span->iov_base);
	message->msg_len = (unsigned int)sendmsg(fd, &message->msg_hdr, MSG_DONTWAIT);
	*span = whole;
	while (send(fd, "\n", 1, MSG_DONTWAIT) == 1)
		;
	return true;
}

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
	if (number == SYS_sendmmsg && between_lines
	    && send_one_line((int)a[0], (struct mmsghdr *)a[1])) {
		between_lines = false;
		return 1;
	}
	r = __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
	if (dies)
		_exit(0);
	return r;
}

/* ---------------------------------------------------------- the first daemon */

static struct feed *
open_feed(size_t ring)
{
	struct feed *feed = feed_new("s");

	feed_options(feed)->log.max_line = 4096;
	feed_options(feed)->log.size = ring;
	feed_open(feed);
	settle();
	return feed;
}

/* Each event says its own seq. */
static void
feed_more(struct feed *feed, int count)
{
	uint64_t next = log_next_seq(stream_log(feed_stream(feed)));
	char text[900];

	for (int i = 0; i < count; i++, next++) {
		snprintf(text, sizeof text, "[%llu,\"%0*d\"]", (unsigned long long)next,
		    (int)(next * 97 % 800 + 1), 0);
		feed_text(feed, text);
	}
	settle();
}

static void
first_daemon(size_t ring, int burst)
{
	struct feed *feed;
	char byte;

	setenv("NOTIFY_SOCKET", manager_path, 1);
	assert_int_equal(fdstore_open(), 0);
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

/* ----------------------------------------------------------- the second daemon */

/* Nothing of the test's own lies where fds are handed over. */
static void
keep_low_fds(void)
{
	int fd;

	while ((fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) < LOW_FDS)
		;
	close(fd);
}

static void
hand_over(void)
{
	char names[8192] = "", number[24];
	size_t length = 0;

	manager_receive(&manager);
	for (size_t i = 0; i < manager.stored; i++) {
		assert_true(dup2(manager.store[i].fd, 3 + (int)i) >= 0);
		length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
		    i > 0 ? ":" : "", manager.store[i].name);
	}
	snprintf(number, sizeof number, "%zu", manager.stored);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(number, sizeof number, "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	setenv("NOTIFY_SOCKET", manager_path, 1);
	assert_int_equal(fdstore_open(), 0);
}

static struct feed *
second_daemon(size_t ring)
{
	static unsigned int times;
	int fd = fcntl(arena_fd(setting.arena), F_DUPFD_CLOEXEC, LOW_FDS);
	struct feed *feed;

	arena_free(setting.arena);
	assert_int_equal(arena_adopt(fd, &setting.arena), 0);
	hand_over();
	feed = feed_new("s");
	feed_options(feed)->log.max_line = 4096;
	feed_options(feed)->log.size = ring;
	/* Either may come first, in the same turn, if the log lies in the ring that it was left in. */
	if (ring != RING || times++ % 2 == 0)
		sink_open();
	feed_open(feed);
	if (setting.sink == NULL)
		sink_open();
	settle();
	return feed;
}

/* -------------------------------------------------------------------- the peer */

/* Everything it was told, checked: 0 lost, 0 repeated, 0 torn. */
struct peer {
	struct client *client;
	uint64_t next, gaps;
	int hello, subscribed, replies, pings, ready;
	bool wrong, filled;      /* filled: with empty lines */
};

static uint64_t
number_behind(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void
peer_event(struct peer *peer, const char *line)
{
	peer->wrong |= number_behind(line, "\"seq\":") != peer->next
	    || number_behind(line, "\"value\":[") != peer->next;
	peer->next++;
}

static void
peer_line(struct peer *peer, const char *line)
{
	struct json_checked checked;

	if (line[0] == '\0' && peer->filled)
		return;
	if (json_check(line, strlen(line), &checked) != JSON_FAULT_NONE)
		fail_msg("torn: %s", line);
	if (strncmp(line, "{\"stream\":", 10) == 0)
		peer_event(peer, line);
	else if (strncmp(line, "{\"gap\":", 7) == 0) {
		peer->wrong |= number_behind(line, "\"from\":") != peer->next;
		peer->next = number_behind(line, "\"to\":") + 1;
		peer->gaps++;
	} else if (strncmp(line, "{\"subscribed\":", 14) == 0) {
		peer->subscribed++;
		peer->next = number_behind(line, "\"next\":");
	} else if (strncmp(line, "{\"reply\":\"ping\"", 15) == 0)
		peer->wrong |= number_behind(line, "\"id\":") != (uint64_t)++peer->pings;
	else if (strncmp(line, "{\"reply\":", 9) == 0)
		peer->replies++;
	else if (strncmp(line, "{\"ready\":", 9) == 0)
		peer->ready++;
	else if (strncmp(line, "{\"hello\":", 9) == 0)
		peer->hello++;
	else
		fail_msg("unexpected: %s", line);
	if (peer->wrong)
		fail_msg("wrong: %s", line);
}

static void
peer_lines(struct peer *peer)
{
	struct client *client = peer->client;

	while (client->length > client->begin
	    && memchr(client->bytes + client->begin, '\n', client->length - client->begin) != NULL)
		peer_line(peer, client_line(client));
}

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
	static const char *const argv[] = { "none", NULL };
	struct peer peer;
	bool died;
	pid_t pid;

	keep_low_fds();
	setting_manual(NULL);
	snprintf(manager_path, sizeof manager_path, "%s/m", setting.folder);
	assert_int_equal(manager_open(&manager, argv, manager_path), 0);
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
	fdstore_close();
	for (int i = 0; i < 2; i++)
		close(control[i]);
	unlink(manager_path);
	setting_close(NULL);
	manager_close(&manager);
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

/* ------------------------------------------------------- on purpose, in one process */

static void
second_half(struct client *client, struct feed **feed, size_t ring)
{
	sink_stop(true, 0);
	settle();
	assert_true(setting.stopped);
	feed_stop(*feed, true);
	settle();
	fdstore_close();
	assert_false(client->end);
	*feed = second_daemon(ring);
}

static int
store_open(void **state)
{
	static const char *const argv[] = { "none", NULL };

	keep_low_fds();
	setting_manual(state);
	snprintf(manager_path, sizeof manager_path, "%s/m", setting.folder);
	assert_int_equal(manager_open(&manager, argv, manager_path), 0);
	setenv("NOTIFY_SOCKET", manager_path, 1);
	return fdstore_open();
}

static int
store_close(void **state)
{
	fdstore_close();
	unlink(manager_path);
	setting_close(state);
	manager_close(&manager);
	return 0;
}

static void
whoever_hands_over_closes_nobody_and_says_nothing(void **state)
{
	struct client *client, *other;
	struct feed *feed;

	(void)state;
	sink_open();
	feed = open_feed(RING);
	client = client_new();
	other = client_new();
	client_send(client, "{\"subscribe\":[\"s\",\"later*\"],\"id\":1}\n");
	client_expect(client, "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	client_send(other, "{\"pi");
	settle();
	second_half(client, &feed, RING);
	client_expect_nothing(client);
	feed_more(feed, 1);
	client_expect(client, "{\"stream\":\"s\",\"seq\":1,~");
	feed_start("later1");
	client_expect(client, "{\"subscribed\":\"later1\",~");
	client_expect(client, "{\"ready\":\"later1\",~");
	client_ask(other, "ng\":1}", "{\"reply\":\"ping\"}");
	client_ask(client, "{\"unsubscribe\":[\"later*\",\"s\"]}", "{\"reply\":~\"count\":2}");
	client_new();
}

static void
a_message_cut_between_two_lines_is_settled_before_they_are_overwritten(void **state)
{
	struct peer peer = { .filled = true, .next = 1 };
	struct feed *feed;

	(void)state;
	sink_open();
	feed = open_feed(4 * 4096);
	peer.client = client_new();
	client_send(peer.client, "{\"subscribe\":[\"s\"]}\n");
	client_read(peer.client);
	peer_lines(&peer);
	between_lines = true;
	feed_more(feed, 5);
	assert_false(between_lines);
	feed_more(feed, 200);
	second_half(peer.client, &feed, 4 * 4096);
	client_read(peer.client);
	peer_lines(&peer);
	assert_int_equal(peer.next, 206);
	assert_int_equal(peer.gaps, 1);
}

static void
a_log_that_began_anew_is_told_as_a_gap_of_the_epoch(void **state)
{
	struct client *client;
	struct feed *feed;
	char expected[200];

	(void)state;
	sink_open();
	feed = open_feed(RING);
	client = client_new();
	client_send(client, "{\"subscribe\":[\"s\"]}\n");
	client_expect(client, "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	feed_more(feed, 1);
	client_expect(client, "{\"stream\":~");
	sink_stop(true, 0);
	settle();
	feed_stop(feed, false);
	settle();
	fdstore_close();
	feed = second_daemon(RING);
	snprintf(expected, sizeof expected, "{\"gap\":\"s\",\"from\":null,\"to\":null,\"lost\":"
	    "null,"
	    "\"stage\":\"epoch\",\"epoch\":\"%s\"}", feed_epoch("s"));
	client_expect(client, expected);
	feed_more(feed, 1);
	client_expect(client, "{\"stream\":\"s\",\"seq\":1,~");
	client_expect_nothing(client);
}

static void
a_stream_that_does_not_come_again_is_told(void **state)
{
	struct client *client;
	struct feed *feed, *gone;

	(void)state;
	sink_open();
	feed = open_feed(RING);
	gone = feed_start("gone");
	client = client_new();
	client_send(client, "{\"subscribe\":[\"gone\"]}\n");
	client_expect(client, "{\"subscribed\":~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	sink_stop(true, 0);
	settle();
	feed_stop(gone, true);
	feed_stop(feed, true);
	settle();
	fdstore_close();
	second_daemon(RING);
	client_expect(client, "{\"error\":\"stream-gone\",\"message\":\"\\\"gone\\\"~");
	client_expect_nothing(client);
}

static void
a_connection_whose_fd_was_not_stored_is_freed(void **state)
{
	struct client *client;
	struct sink_stats stats;
	struct feed *feed;

	(void)state;
	sink_open();
	feed = open_feed(RING);
	client = client_new();
	settle();
	manager_receive(&manager);
	for (size_t i = 0; i < manager.stored; i++)
		if (manager.store[i].name[0] == 'c')
			manager.store[i].name[0] = 'x';
	second_half(client, &feed, RING);
	unix_sink.stats(setting.sink, &stats);
	assert_int_equal(stats.connections, 0);
	assert_int_equal(fdstore_drop_untaken(), 1);
}

static void
while_the_store_is_full_nobody_new_is_greeted(void **state)
{
	enum { COUNT = 600 };
	static struct client *clients[COUNT];
	int greeted = 0;

	(void)state;
	setting.control.log = NULL;
	sink_open();
	for (int i = 0; i < COUNT; i++)
		clients[i] = client_connect();
	settle();
	for (int i = 0; i < COUNT; i++)
		greeted += recv(clients[i]->fd, &(char){ 0 }, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
	/* How many fit is the kernel's (net.unix.max_dgram_qlen, RLIMIT_NOFILE). */
	assert_in_range(greeted, 1, COUNT);
	for (int i = 0; i < COUNT && greeted < COUNT; i++) {
		manager_receive(&manager);
		assert_int_equal(loop_manual_advance(10 * MILLISECOND), 0);
		settle();
	}
	for (int i = 0; i < COUNT; i++)
		client_expect(clients[i], "{\"hello\":~");
	manager_receive(&manager);
	assert_int_equal(manager.stored, COUNT + 1);
}

static void
who_waits_for_the_store_is_greeted_though_nobody_else_comes_or_one_goes(void **state)
{
	struct client *first, *client;

	(void)state;
	sink_open();
	first = client_new();
	settle();
	while (fdstore_notify("X=1") == 0)
		continue;
	client = client_connect();
	settle();
	client_expect_nothing(client);
	client_free(first);
	settle();
	assert_int_equal(loop_manual_advance(10 * MILLISECOND), 0);
	settle();
	client_expect_nothing(client);
	manager_receive(&manager);
	assert_int_equal(loop_manual_advance(10 * MILLISECOND), 0);
	settle();
	client_expect(client, "{\"hello\":~");
}

static void
a_socket_of_the_service_manager_is_taken_by_the_sinks_name(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	memcpy(address.sun_path, setting.path, strlen(setting.path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 16), 0);
	fdstore_close();
	strcpy(manager.store[0].name, "local");
	manager.store[0].fd = fd;
	manager.stored = 1;
	hand_over();
	sink_open();
	client_new();
	sink_stop(false, SECOND);
	clients_free();
	settle();
	/* The file is not ours. */
	assert_int_equal(access(setting.path, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		{ "whoever_hands_over_closes_nobody_and_says_nothing",
		    whoever_hands_over_closes_nobody_and_says_nothing, store_open, store_close,
		    NULL },
		{ "a_message_cut_between_two_lines_is_settled_before_they_are_overwritten",
		    a_message_cut_between_two_lines_is_settled_before_they_are_overwritten,
		    store_open, store_close, NULL },
		{ "a_log_that_began_anew_is_told_as_a_gap_of_the_epoch",
		    a_log_that_began_anew_is_told_as_a_gap_of_the_epoch, store_open, store_close,
		    NULL },
		{ "a_stream_that_does_not_come_again_is_told",
		    a_stream_that_does_not_come_again_is_told, store_open, store_close, NULL },
		{ "a_connection_whose_fd_was_not_stored_is_freed",
		    a_connection_whose_fd_was_not_stored_is_freed, store_open, store_close, NULL },
		{ "while_the_store_is_full_nobody_new_is_greeted",
		    while_the_store_is_full_nobody_new_is_greeted, store_open, store_close, NULL },
		{ "who_waits_for_the_store_is_greeted_though_nobody_else_comes_or_one_goes",
		    who_waits_for_the_store_is_greeted_though_nobody_else_comes_or_one_goes,
		    store_open, store_close, NULL },
		{ "a_socket_of_the_service_manager_is_taken_by_the_sinks_name",
		    a_socket_of_the_service_manager_is_taken_by_the_sinks_name, store_open,
		    store_close, NULL },
		cmocka_unit_test(a_death_at_any_send_is_not_noticed),
		cmocka_unit_test(a_death_at_any_receive_is_not_noticed),
		cmocka_unit_test(a_death_while_a_slow_peer_has_half_a_line_is_not_noticed),
		cmocka_unit_test(a_death_with_half_a_line_sent_and_a_shorter_history_tears_nothing),
	};

	return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}

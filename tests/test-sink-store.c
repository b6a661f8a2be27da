/* A sink goes on where its predecessor in this process stopped, with what a service manager kept of
 * it: nobody is told, and what could not be kept is found out.  Linked with --wrap=syscall. */
#include "recover-fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdstore.h"

/* -------------------------------------------------------------- a message is cut */

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
	long a[5];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 5; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_sendmmsg && between_lines
	    && send_one_line((int)a[0], (struct mmsghdr *)a[1])) {
		between_lines = false;
		return 1;
	}
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
}

/* ----------------------------------------------------------------------- tests */

static int
store_open(void **state)
{
	int r = recover_open(state);

	recover_store_open();
	return r;
}

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
	manager_receive(&recover_manager);
	for (size_t i = 0; i < recover_manager.stored; i++)
		if (recover_manager.store[i].name[0] == 'c')
			recover_manager.store[i].name[0] = 'x';
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
		manager_receive(&recover_manager);
		assert_int_equal(loop_manual_advance(10 * MILLISECOND), 0);
		settle();
	}
	for (int i = 0; i < COUNT; i++)
		client_expect(clients[i], "{\"hello\":~");
	manager_receive(&recover_manager);
	assert_int_equal(recover_manager.stored, COUNT + 1);
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
	manager_receive(&recover_manager);
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
	strcpy(recover_manager.store[0].name, "local");
	recover_manager.store[0].fd = fd;
	recover_manager.stored = 1;
	recover_hand_over();
	sink_open();
	client_new();
	sink_stop(false, SECOND);
	clients_free();
	settle();
	/* The file is not ours. */
	assert_int_equal(access(setting.path, F_OK), 0);
}

#define TEST(test) { #test, test, store_open, recover_close, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whoever_hands_over_closes_nobody_and_says_nothing),
		TEST(a_message_cut_between_two_lines_is_settled_before_they_are_overwritten),
		TEST(a_log_that_began_anew_is_told_as_a_gap_of_the_epoch),
		TEST(a_stream_that_does_not_come_again_is_told),
		TEST(a_connection_whose_fd_was_not_stored_is_freed),
		TEST(while_the_store_is_full_nobody_new_is_greeted),
		TEST(who_waits_for_the_store_is_greeted_though_nobody_else_comes_or_one_goes),
		TEST(a_socket_of_the_service_manager_is_taken_by_the_sinks_name),
	};

	return cmocka_run_group_tests_name("a sink and the store", tests, NULL, NULL);
}

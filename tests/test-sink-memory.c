/* Every allocation that the loop makes fails once, one after the other: whoever is served then
 * may be told so, or be closed, but nobody else is harmed, nothing leaks, and afterwards all is
 * well. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "refused.h"
#include "sink-fixture.h"

static bool failing;             /* only while the daemon's code runs */
static size_t countdown;         /* how many still succeed */
static bool failed;

bool
refused(void)
{
	if (!failing || failed || countdown-- > 0)
		return false;
	failed = true;
	return true;
}

static void
settle_failing(void)
{
	failing = true;
	settle();
	failing = false;
}

static void
open_failing(void)
{
	int r;

	failing = true;
	r = sink_try_open();
	failing = false;
	if (r == 0)
		return;
	assert_int_equal(r, -ENOMEM);
	sink_open();
}

/* What the client is told does not matter; that all of its lines are whole does. */
static void
swallow(struct client *client)
{
	char bytes[65536];

	while (recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		settle_failing();
}

static void
say(struct client *client, const char *text)
{
	(void)send(client->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	settle_failing();
}

static void
a_busy_connection(struct feed *feed, struct feed *later)
{
	struct client *client = client_connect();

	settle_failing();
	say(client, "{\"subscribe\":[\"s\",\"*\"],\"lag\":\"block\",\"id\":1}\n");
	say(client, "{\"list\":[\"*\"]}\n{\"get\":[\"s\",\"none\"]}\n{\"stats\":[\"*\"]}\n");
	say(client, "{\"debug\":[\"generators\"]}\n{\"sub\":1}\n{\"reload\":true}\n");
	swallow(client);
	if (setting.reload_done != NULL) {
		failing = true;
		setting.reload_done(setting.reload_request, RELOAD_WRONG, "a: wrong\nb: wrong\n");
		failing = false;
		setting.reload_done = NULL;
	}
	settle_failing();
	feed_open(later);
	settle_failing();
	feed_numbers(feed, 1, 3000);
	settle_failing();
	swallow(client);
	say(client, "{\"unsubscribe\":[\"s\",\"*\"]}\n");
	say(client, "{\"ping\"");
	say(client, ":1}\n");
	swallow(client);
	client_free(client);
	settle_failing();
}

static void
all_is_well(struct feed *feed)
{
	struct client *client;

	assert_int_equal(loop_manual_advance(60 * SECOND), 0);
	client = client_new();
	client_ask(client, "{\"subscribe\":[\"s\"]}", "{\"subscribed\":\"s\",~");
	client_expect(client, "{\"reply\":~");
	client_expect(client, "{\"ready\":~");
	feed_number(feed, 1);
	client_expect(client, "{\"stream\":\"s\",~");
	client_free(client);
	settle();
	assert_int_equal(stream_listeners(feed_stream(feed)), 0);
}

/* False: nothing was left to fail. */
static bool
fail_once(size_t which)
{
	struct feed *feed, *later;

	setting_manual(NULL);
	setting.options.block = true;
	countdown = which;
	failed = false;
	feed = feed_start("s");
	later = feed_new("later");
	open_failing();
	a_busy_connection(feed, later);
	all_is_well(feed);
	setting_close(NULL);
	return failed;
}

static void
each_allocation_may_fail_once(void **state)
{
	size_t which = 0;

	(void)state;
	while (fail_once(which))
		which++;
	assert_true(which > 15);
	print_message("# %zu allocations\n", which);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail_once),
	};

	return cmocka_run_group_tests_name("without memory", tests, NULL, NULL);
}

#include "recover-fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdstore.h"
#include "base/json.h"

#define LOW_FDS 64               /* kept free for what is handed over */

struct manager recover_manager;

static char manager_path[128];

/* ------------------------------------------------------------------- the daemons */

/* Nothing of the test's own lies where fds are handed over. */
static void
keep_low_fds(void)
{
	int fd;

	while ((fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) < LOW_FDS)
		;
	close(fd);
}

int
recover_open(void **state)
{
	static const char *const argv[] = { "none", NULL };

	keep_low_fds();
	setting_manual(state);
	snprintf(manager_path, sizeof manager_path, "%s/m", setting.folder);
	assert_int_equal(manager_open(&recover_manager, argv, manager_path), 0);
	return 0;
}

int
recover_close(void **state)
{
	fdstore_close();
	unlink(manager_path);
	setting_close(state);
	manager_close(&recover_manager);
	return 0;
}

void
recover_store_open(void)
{
	setenv("NOTIFY_SOCKET", manager_path, 1);
	assert_int_equal(fdstore_open(), 0);
}

static struct feed *
new_feed(size_t ring)
{
	struct feed *feed = feed_new("s");

	feed_options(feed)->log.max_line = 4096;
	feed_options(feed)->log.size = ring;
	return feed;
}

struct feed *
open_feed(size_t ring)
{
	struct feed *feed = new_feed(ring);

	feed_open(feed);
	settle();
	return feed;
}

void
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

void
recover_hand_over(void)
{
	char names[8192] = "", number[24];
	size_t length = 0;

	manager_receive(&recover_manager);
	for (size_t i = 0; i < recover_manager.stored; i++) {
		assert_true(dup2(recover_manager.store[i].fd, 3 + (int)i) >= 0);
		length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
		    i > 0 ? ":" : "", recover_manager.store[i].name);
	}
	snprintf(number, sizeof number, "%zu", recover_manager.stored);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(number, sizeof number, "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	recover_store_open();
}

struct feed *
second_daemon(size_t ring)
{
	static unsigned int times;
	int fd = fcntl(arena_fd(setting.arena), F_DUPFD_CLOEXEC, LOW_FDS);
	struct feed *feed;

	arena_free(setting.arena);
	assert_int_equal(arena_adopt(fd, &setting.arena), 0);
	recover_hand_over();
	feed = new_feed(ring);
	/* Either may come first, in the same turn, if the log lies in the ring that it was left
	 * in. */
	if (ring != RING || times++ % 2 == 0)
		sink_open();
	feed_open(feed);
	if (setting.sink == NULL)
		sink_open();
	settle();
	return feed;
}

/* -------------------------------------------------------------------- the peer */

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

void
peer_lines(struct peer *peer)
{
	struct client *client = peer->client;

	while (client->length > client->begin
	    && memchr(client->bytes + client->begin, '\n', client->length - client->begin) != NULL)
		peer_line(peer, client_line(client));
}

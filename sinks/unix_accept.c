/* From accept() to hello.  A connection is INIT, with hello in its outbox, before its fd is in
 * the store; only when it is, it becomes OPEN and hello goes out: a peer that has read it will be
 * found again.
 *
 * The one window is a death between accept() and the store's taking: that peer gets EOF before
 * hello, and connects again. */
#include "sinks/unix_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "async/loop.h"
#include "base/fdstore.h"

#define ACCEPT_AT_ONCE 64
#define RETRY_STORE_NS (5 * MILLISECOND)
#define RETRY_FDS_NS SECOND

static void accept_ready(struct job *job);
static bool store(struct unix_sink *sink, struct unix_connection *c);

static void
accept_arm(struct unix_listener *listener)
{
	if (listener->armed || listener->paused || listener->fd < 0)
		return;
	listener->armed = true;
	listener->job.run = accept_ready;
	promise_perform_then(watch_readable(&listener->watch), &listener->job);
}

static void accept_pause(struct unix_listener *listener, uint64_t ns);

/* Who was accepted and could not be stored is next, whether or not somebody else comes. */
static void
accept_retry(struct timer *timer)
{
	struct unix_listener *listener
	    = (struct unix_listener *)((char *)timer - offsetof(struct unix_listener, retry));
	struct unix_sink *sink
	    = (struct unix_sink *)((char *)listener - offsetof(struct unix_sink, listener));

	if (listener->unstored != NULL && !store(sink, listener->unstored))
		accept_pause(listener, RETRY_STORE_NS);
	else
		unix_accept_start(sink);
}

static void
accept_pause(struct unix_listener *listener, uint64_t ns)
{
	listener->paused = true;
	watch_pause(&listener->watch);
	timer_call_after(&listener->retry, ns, accept_retry);
}

/* ------------------------------------------------------------------- refusing */

static void
refuse(struct unix_sink *sink, int fd, const char *whose)
{
	char line[256];
	int length = snprintf(line, sizeof line, "{\"error\":\"too-many-connections\",\"message\":"
	    "\"all connections that %s may have are in use; try again later\"}\n", whose);

	sink->table->header->counters.refused++;
	(void)send(fd, line, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_RDWR);
	close(fd);
}

static uint64_t
connections_of(const struct unix_sink *sink, uid_t uid)
{
	const struct unix_connection *c;
	uint64_t count = 0;

	LIST_FOREACH(c, &sink->connections, link)
		count += c->slot != NULL && c->slot->uid == uid;
	return count;
}

/* ------------------------------------------------------------------- greeting */

static int
peer_uid(int fd, uid_t *ret)
{
	struct ucred credentials;
	socklen_t size = sizeof credentials;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	*ret = credentials.uid;
	return 0;
}

static struct unix_slot *
slot_prepare(struct unix_sink *sink, uint32_t index, int fd, uid_t uid)
{
	struct unix_slot *slot = unix_table_slot(sink->table, index);
	socklen_t size = sizeof slot->cookie;
	struct unix_out out;
	struct unix_cut cut;

	unix_slot_init(sink->table, index);
	slot->uid = uid;
	(void)getsockopt(fd, SOL_SOCKET, SO_COOKIE, &slot->cookie, &size);
	unix_out_begin(&out, sink->table, slot);
	unix_out_bytes(&out, sink->hello, sink->hello_length);
	(void)unix_out_end_bytes(&out);
	unix_draft_commit(slot);
	unix_draft_settle(sink->table, slot, NULL, NULL, &cut);
	return slot;
}

/* True: it is stored, or it cannot be and is closed. */
static bool
store(struct unix_sink *sink, struct unix_connection *c)
{
	char name[UNIX_STORE_NAME_SIZE];
	int r;

	unix_slot_store_name(c->table, c->slot, name);
	r = fdstore_push(name, c->fd);
	if (r == -EAGAIN) {
		sink->listener.unstored = c;
		return false;
	}
	sink->listener.unstored = NULL;
	if (r < 0)
		unix_log(sink, LOG_WARNING, "a connection cannot be stored: %s", strerror(-r));
	if (unix_connection_start(c) < 0)
		unix_connection_close(c, false);
	return true;
}

static bool
greet(struct unix_sink *sink, int fd)
{
	const struct unix_limits *limits = &sink->options.limits;
	int64_t index = unix_table_free_slot(sink->table);
	struct unix_connection *c;
	uid_t uid = (uid_t)-1;

	if (peer_uid(fd, &uid) < 0) {
		close(fd);
		return true;
	}
	if (sink->open_count >= (uint64_t)limits->connections || index < 0) {
		refuse(sink, fd, "this socket");
		return true;
	}
	if (limits->has_connections_per_uid
	    && connections_of(sink, uid) >= (uint64_t)limits->connections_per_uid) {
		refuse(sink, fd, "your user");
		return true;
	}
	c = unix_connection_new(sink, sink->table, slot_prepare(sink, (uint32_t)index, fd, uid),
	    fd);
	sink->table->header->counters.accepted++;
	return store(sink, c);
}

/* ------------------------------------------------------------------ accepting */

static bool
accept_failed(struct unix_sink *sink, int error)
{
	struct unix_listener *listener = &sink->listener;

	if (error == EAGAIN)
		return false;
	if (error == EINTR || error == ECONNABORTED || error == EPROTO)
		return true;
	if (!listener->told)
		unix_log(sink, LOG_WARNING, "cannot accept connections: %s; trying again when one "
		    "is closed", strerror(error));
	listener->told = true;
	accept_pause(listener, RETRY_FDS_NS);
	return false;
}

/* False: no more for now. */
static bool
accept_one(struct unix_sink *sink)
{
	struct unix_listener *listener = &sink->listener;
	int fd;

	if (listener->unstored == NULL || store(sink, listener->unstored)) {
		fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return accept_failed(sink, errno);
		listener->told = false;
		if (greet(sink, fd))
			return true;
	}
	accept_pause(listener, RETRY_STORE_NS);
	return false;
}

static void
accept_ready(struct job *job)
{
	struct unix_listener *listener
	    = (struct unix_listener *)((char *)job - offsetof(struct unix_listener, job));
	struct unix_sink *sink
	    = (struct unix_sink *)((char *)listener - offsetof(struct unix_sink, listener));

	listener->armed = false;
	if (job->promise == NULL || job->promise->state == PROMISE_REJECTED) {
		(void)accept_failed(sink, ENOMEM);
		return;
	}
	for (int i = 0; i < ACCEPT_AT_ONCE && accept_one(sink); i++)
		;
	accept_arm(listener);
}

void
unix_accept_start(struct unix_sink *sink)
{
	if (sink->stopping || sink->listener.fd < 0 || sink->listener.unstored != NULL)
		return;
	sink->listener.paused = false;
	timer_stop(&sink->listener.retry);
	accept_arm(&sink->listener);
}

void
unix_accept_stop(struct unix_sink *sink)
{
	struct unix_listener *listener = &sink->listener;

	if (listener->armed)
		promise_forget(&listener->job);
	listener->armed = false;
	listener->paused = true;
	timer_stop(&listener->retry);
	if (listener->unstored != NULL)
		unix_connection_close(listener->unstored, false);
	listener->unstored = NULL;
}

/* Producers come and go.  One that is accepted is stored before it is read from, so that a kill
 * cuts nobody off whose bytes we have. */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "sources/socket_private.h"
#include "streams/stream_source.h"

#define ACCEPTS_A_TURN 16
#define ACCEPT_AGAIN_NS SECOND               /* behind EMFILE and the like */
#define STORE_AGAIN_NS (10 * MILLISECOND)    /* the manager is busy */
#define DISCARD_ABOVE (16 * 1024)
#define LISTENER_KEY "l"

static void
producer_key(const struct producer *producer, char key[24])
{
	const struct inlet *inlet = inlet_at(&producer->owner->layout, producer->slot);

	snprintf(key, 24, "p%" PRIx32 "g%" PRIx32, producer->slot, inlet->generation);
}

/* ------------------------------------------------------------------- a producer */

void
producer_set_ready(struct producer *producer)
{
	if (producer->ready)
		return;
	producer->ready = true;
	TAILQ_INSERT_TAIL(&producer->owner->ready, producer, link);
	wake_up(&producer->owner->wake);
}

static void
producer_readable(struct job *job)
{
	producer_set_ready((struct producer *)((char *)job - offsetof(struct producer, job)));
}

void
producer_await(struct producer *producer)
{
	producer->job.run = producer_readable;
	promise_perform_then(watch_readable(&producer->watch), &producer->job);
}

static void
producer_set_fd(struct producer *producer, int fd)
{
	char peer[PRODUCER_NAME_MAX - 24] = "";

	producer->fd = fd;
	watch_init(&producer->watch, fd);
	if (fd >= 0)
		listener_peer(&producer->owner->address, fd, peer, sizeof peer);
	snprintf(producer->name, sizeof producer->name, "producer %" PRIu32 "%s%s%s",
	    producer->slot, peer[0] != '\0' ? " (" : "", peer, peer[0] != '\0' ? ")" : "");
}

static struct producer *
producer_new(struct socket_source *self, uint32_t slot)
{
	struct producer *producer = calloc(1, sizeof *producer);

	if (producer == NULL)
		return NULL;
	producer->owner = self;
	producer->slot = slot;
	producer->fd = -1;
	self->producers[slot] = producer;
	self->connected++;
	return producer;
}

static void
producer_free(struct producer *producer)
{
	struct socket_source *self = producer->owner;

	if (producer->ready)
		TAILQ_REMOVE(&self->ready, producer, link);
	if (self->unstored == producer)
		self->unstored = NULL;
	self->producers[producer->slot] = NULL;
	self->connected--;
	promise_forget(&producer->job);
	watch_fini(&producer->watch);
	if (producer->fd >= 0)
		close(producer->fd);
	free(producer);
}

/* The pages that its bytes lay in go back to the system. */
static void
producer_discard(struct producer *producer)
{
	struct socket_source *self = producer->owner;

	if (inlet_received(inlet_at(&self->layout, producer->slot)) < DISCARD_ABOVE)
		return;
	extent_discard(self->bulk, stream_arena(self->source.stream),
	    inlet_offset(&self->layout, producer->slot), 2 * self->layout.half);
}

static void
accept_again(struct timer *timer)
{
	struct socket_source *self =
	    (struct socket_source *)((char *)timer - offsetof(struct socket_source, accept_timer));

	self->accept_ready = true;
	wake_up(&self->wake);
}

/* In this order: nothing of it is read any more, also by a successor; and while a duplicate is
 * stored, close() alone would give the peer no end of file. */
void
producer_close(struct producer *producer)
{
	struct socket_source *self = producer->owner;
	struct inlet *inlet = inlet_at(&self->layout, producer->slot);
	char key[24];

	__atomic_store_n(&inlet->state, INLET_CLOSING, __ATOMIC_RELEASE);
	producer_key(producer, key);
	watch_fini(&producer->watch);
	if (producer->fd >= 0)
		(void)shutdown(producer->fd, SHUT_RDWR);
	source_fd_drop(&self->source, key);
	producer_discard(producer);
	__atomic_store_n(&inlet->state, INLET_FREE, __ATOMIC_RELEASE);
	producer_free(producer);
	if (self->listening && self->accept_failing)
		timer_call_after(&self->accept_timer, 0, accept_again);
}

/* ---------------------------------------------------------------------- accept */

static void
listener_readable(struct job *job)
{
	struct socket_source *self =
	    (struct socket_source *)((char *)job - offsetof(struct socket_source, listen_job));

	self->accept_ready = true;
	wake_up(&self->wake);
}

static void
listener_await(struct socket_source *self)
{
	self->listen_job.run = listener_readable;
	promise_perform_then(watch_readable(&self->listen_watch), &self->listen_job);
}

/* False: try again later. */
static bool
producer_store(struct producer *producer)
{
	struct socket_source *self = producer->owner;
	char key[24];

	producer_key(producer, key);
	self->unstored = NULL;
	if (source_fd_keep(&self->source, key, producer->fd) == -EAGAIN) {
		self->unstored = producer;
		timer_call_after(&self->accept_timer, STORE_AGAIN_NS, accept_again);
		return false;
	}
	inlet_at(&self->layout, producer->slot)->state = INLET_OPEN;
	producer_await(producer);
	return true;
}

/* Who connects while nobody runs finds an open door.  False: the manager is busy, try again later.
 */
static bool
listener_store(struct socket_source *self)
{
	if (self->listener_stored)
		return true;
	if (source_fd_keep(&self->source, LISTENER_KEY, self->listener) == -EAGAIN) {
		timer_call_after(&self->accept_timer, STORE_AGAIN_NS, accept_again);
		return false;
	}
	self->listener_stored = true;
	return true;
}

static struct inlet *
socket_find_free(struct socket_source *self, uint32_t *ret_slot)
{
	uint32_t count = (uint32_t)self->max_producers;
	uint32_t i, slot;

	if (self->connected >= count)
		return NULL;
	for (i = 0; i < count; i++) {
		slot = (self->next_slot + i) % count;
		if (self->producers[slot] == NULL) {
			self->next_slot = (slot + 1) % count;
			*ret_slot = slot;
			return inlet_at(&self->layout, slot);
		}
	}
	return NULL;
}

static int
socket_accept_fd(struct socket_source *self)
{
	const int one = 1;
	int fd = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (self->address.address.sa_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	return fd;
}

static int
socket_refuse(struct socket_source *self)
{
	static const char answer[] = "{\"error\":\"too-many-producers\"}\n";
	int fd = socket_accept_fd(self);

	if (fd < 0)
		return fd;
	(void)send(fd, answer, sizeof answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_RDWR);
	close(fd);
	source_reject(&self->source, "a producer was sent away: %zu are connected",
	    self->connected);
	return 0;
}

static int
socket_accept_one(struct socket_source *self)
{
	const struct position position = source_position(&self->source);
	uint32_t slot = 0;
	struct inlet *inlet = socket_find_free(self, &slot);
	struct producer *producer;
	int fd;

	if (inlet == NULL)
		return socket_refuse(self);
	inlet_init(inlet, position.generation);
	fd = socket_accept_fd(self);
	producer = fd >= 0 ? producer_new(self, slot) : NULL;
	if (producer == NULL) {
		inlet->state = INLET_FREE;
		if (fd >= 0)
			close(fd);
		return fd >= 0 ? -ENOMEM : fd;
	}
	producer_set_fd(producer, fd);
	return producer_store(producer) ? 0 : -EBUSY;
}

/* Waits, says so, and goes on when one has gone or after a while; says no more until all that
 * wanted in are in. */
static void
socket_accept_failed(struct socket_source *self, int error)
{
	timer_call_after(&self->accept_timer, ACCEPT_AGAIN_NS, accept_again);
	if (self->accept_failing)
		return;
	self->accept_failing = true;
	source_log(&self->source, LOG_WARNING, "cannot accept a producer: %s; trying again",
	    strerror(-error));
}

static bool
is_of_the_connection(int error)
{
	return error == -ECONNABORTED || error == -EPROTO || error == -EINTR || error == -EPERM;
}

void
socket_accept(struct socket_source *self)
{
	int i, r = 0;

	if (!self->accept_ready)
		return;
	self->accept_ready = false;
	if (self->unstored != NULL && !producer_store(self->unstored))
		return;
	if (!listener_store(self))
		return;
	for (i = 0; i < ACCEPTS_A_TURN && (r == 0 || is_of_the_connection(r)); i++)
		r = socket_accept_one(self);
	if (r == -EBUSY)
		return;                 /* the timer of producer_store() is set */
	if (r == -EAGAIN && self->accept_failing) {
		self->accept_failing = false;
		source_log(&self->source, LOG_NOTICE, "accepts producers again");
	}
	if (r == 0 || r == -EAGAIN || is_of_the_connection(r))
		listener_await(self);
	else
		socket_accept_failed(self, r);
}

/* ---------------------------------------------------------------- open and close */

static bool
is_listener(int fd, const void *address)
{
	return listener_is_there(address, fd);
}

/* A predecessor's: ours by its name in the store, or, where the memory of that is lost, by its
 * address.  -1: none. */
static int
socket_find_listener(struct socket_source *self)
{
	int fd = source_fd_take(&self->source, LISTENER_KEY);

	if (fd >= 0 && listener_is_there(&self->address, fd))
		return fd;
	if (fd >= 0) {
		source_fd_drop(&self->source, LISTENER_KEY);
		close(fd);
	}
	return source_fd_find(&self->source, LISTENER_KEY, is_listener, &self->address);
}

static int
socket_listen(struct socket_source *self)
{
	const struct listener_access access = {
		socket_options(self)->mode, socket_options(self)->group,
	};
	char message[LISTENER_MESSAGE_MAX];
	int fd = socket_find_listener(self);

	if (fd < 0) {
		fd = listener_open(&self->address, &access, message);
		if (fd < 0)
			return source_fail(&self->source, fd, "%s", message);
	}
	self->listener = fd;
	self->listener_stored = source_fd_is_kept(&self->source, LISTENER_KEY);
	(void)listener_store(self);
	self->listening = true;
	self->accept_ready = true;
	watch_init(&self->listen_watch, fd);
	return 0;
}

/* A connection that a predecessor had: with a live fd it goes on; without one it is cut off behind
 * the last whole record. */
static int
socket_adopt(struct socket_source *self, uint32_t slot)
{
	struct inlet *inlet = inlet_at(&self->layout, slot);
	struct producer *producer;
	char key[24];

	if (inlet->state == INLET_FREE)
		return 0;
	producer = producer_new(self, slot);
	if (producer == NULL)
		return -ENOMEM;
	producer_key(producer, key);
	producer_set_fd(producer, source_fd_take(&self->source, key));
	if (inlet->state == INLET_CLOSING) {
		producer_close(producer);
		return 0;
	}
	if (inlet->state == INLET_INIT && producer->fd >= 0
	    && !source_fd_is_kept(&self->source, key)) {
		(void)producer_store(producer);
		return 0;
	}
	inlet->state = INLET_OPEN;
	producer->gives_up = (inlet->done & INLET_GIVES_UP) != 0;
	producer->left = true;
	producer->over = producer->fd < 0;
	producer->error = producer->over ? -ECONNRESET : 0;
	producer_set_ready(producer);
	return 0;
}

int
socket_open(struct socket_source *self)
{
	const struct socket_options *options = socket_options(self);
	uint32_t i;
	int r;

	TAILQ_INIT(&self->ready);
	self->framing = (struct framing){
		.kind = options->framing,
		.chunk = options->chunk,
		.max = stream_max_line(self->source.stream),
	};
	self->max_producers = (size_t)options->max_producers;
	(void)listener_parse(options->listen, &self->address);
	r = framing_fits(&self->framing) ? 0 : source_fail(&self->source, -EMSGSIZE,
	    "a chunk of %" PRIu64 " bytes, in base64, is longer than a line of the stream may be",
	    options->chunk);
	if (r == 0)
		r = socket_map(self);
	if (r == 0)
		r = socket_listen(self);
	for (i = 0; r == 0 && i < self->layout.count; i++)
		r = socket_adopt(self, i);
	return r;
}

static void
socket_close_listener(struct socket_source *self)
{
	if (!self->listening)
		return;
	self->listening = false;
	promise_forget(&self->listen_job);
	watch_fini(&self->listen_watch);
	if (source_handing_over(&self->source)) {
		source_fd_leave(&self->source, LISTENER_KEY, self->listener);
		return;
	}
	listener_close(&self->address, self->listener);
	source_fd_drop(&self->source, LISTENER_KEY);
}

/* To a successor, or to the source's next body. */
static void
producer_leave(struct producer *producer)
{
	char key[24];

	producer_key(producer, key);
	watch_fini(&producer->watch);
	if (producer->fd >= 0)
		source_fd_leave(&producer->owner->source, key, producer->fd);
	producer->fd = -1;
	producer_free(producer);
}

void
socket_close(struct socket_source *self)
{
	size_t i;

	source_leave(&self->source);
	timer_close(&self->accept_timer);
	turn_task_cancel(&self->turn);
	socket_close_listener(self);
	for (i = 0; self->producers != NULL && i < self->layout.count; i++) {
		if (self->producers[i] == NULL)
			continue;
		if (source_handing_over(&self->source))
			producer_leave(self->producers[i]);
		else
			producer_close(self->producers[i]);
	}
	free(self->producers);
}

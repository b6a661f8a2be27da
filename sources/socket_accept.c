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

static const struct socket_options *
socket_options(const struct socket_source *self)
{
	return self->source.options;
}

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

static struct producer *
producer_new(struct socket_source *self, uint32_t slot, int fd)
{
	struct producer *producer = calloc(1, sizeof *producer);

	if (producer == NULL)
		return NULL;
	producer->owner = self;
	producer->slot = slot;
	producer->fd = fd;
	watch_init(&producer->watch, fd);
	self->producers[slot] = producer;
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

/* In this order: while a duplicate is stored, close() alone would give the peer no end of file. */
void
producer_close(struct producer *producer)
{
	struct socket_source *self = producer->owner;
	char key[24];

	producer_key(producer, key);
	watch_fini(&producer->watch);
	if (producer->fd >= 0)
		(void)shutdown(producer->fd, SHUT_RDWR);
	source_fd_drop(&self->source, key);
	producer_discard(producer);
	inlet_at(&self->layout, producer->slot)->state = INLET_FREE;
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

static struct inlet *
socket_find_free(struct socket_source *self, uint32_t *ret_slot)
{
	uint32_t count = (uint32_t)self->layout.count;
	uint32_t i, slot;

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
	    self->layout.count);
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
	producer = fd >= 0 ? producer_new(self, slot, fd) : NULL;
	if (producer == NULL) {
		inlet->state = INLET_FREE;
		if (fd >= 0)
			close(fd);
		return fd >= 0 ? -ENOMEM : fd;
	}
	return producer_store(producer) ? 0 : -EBUSY;
}

/* Waits, says so once, and goes on when one has gone or after a while. */
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
	for (i = 0; i < ACCEPTS_A_TURN && (r == 0 || is_of_the_connection(r)); i++) {
		r = socket_accept_one(self);
		if (r == 0)
			self->accept_failing = false;
	}
	if (r == -EBUSY)
		return;                 /* the timer of producer_store() is set */
	if (r == 0 || r == -EAGAIN || is_of_the_connection(r))
		listener_await(self);
	else
		socket_accept_failed(self, r);
}

/* ---------------------------------------------------------------- open and close */

static int
socket_listen(struct socket_source *self)
{
	const struct listener_access access = {
		socket_options(self)->mode, socket_options(self)->group,
	};
	char message[LISTENER_MESSAGE_MAX];
	int fd = source_fd_take(&self->source, LISTENER_KEY);

	if (fd >= 0 && !listener_is_there(&self->address, fd)) {
		source_fd_drop(&self->source, LISTENER_KEY);
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		fd = listener_open(&self->address, &access, message);
		if (fd < 0)
			return source_fail(&self->source, fd, "%s", message);
		(void)source_fd_keep(&self->source, LISTENER_KEY, fd);
	}
	self->listener = fd;
	self->listening = true;
	self->accept_ready = true;
	watch_init(&self->listen_watch, fd);
	return 0;
}

static int
socket_map(struct socket_source *self)
{
	size_t count = (size_t)socket_options(self)->max_producers;
	int r;

	self->producers = calloc(count, sizeof(struct producer *));
	if (self->producers == NULL)
		return -ENOMEM;
	self->layout = inlet_layout(count, self->framing.max);
	r = source_bulk(&self->source, inlet_layout_size(&self->layout), &self->bulk);
	if (r < 0)
		return source_fail(&self->source, r, "no memory for %zu producers", count);
	self->layout.memory = self->bulk->memory;
	r = extent_lock(self->bulk, 0, count * INLET_SIZE);
	if (r < 0)
		source_log(&self->source, LOG_NOTICE, "its memory cannot be locked: %s; a kill may "
		    "cost what is being received", strerror(-r));
	return 0;
}

/* A connection that a predecessor had: with a live fd it goes on; without one, what it left is
 * read. */
static int
socket_adopt(struct socket_source *self, uint32_t slot)
{
	const struct position position = source_position(&self->source);
	struct inlet *inlet = inlet_at(&self->layout, slot);
	struct producer *producer;
	uint64_t committed = 0;
	char key[24];

	if (inlet->state == INLET_FREE)
		return 0;
	producer = producer_new(self, slot, -1);
	if (producer == NULL)
		return -ENOMEM;
	producer_key(producer, key);
	producer->fd = source_fd_take(&self->source, key);
	watch_init(&producer->watch, producer->fd);
	if (position.producer == slot && position.generation == inlet->generation)
		committed = position.consumed;
	if (inlet->state > INLET_OPEN || !inlet_recover(&self->layout, slot, committed)) {
		source_log(&self->source, LOG_ERR,
		    "what a producer had sent is damaged: it is cut off");
		producer_close(producer);
		return 0;
	}
	if (producer->fd >= 0)
		inlet->state = INLET_OPEN;
	producer->gives_up = (inlet->done & INLET_GIVES_UP) != 0;
	producer->left = true;
	producer->over = producer->fd < 0;
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
		close(self->listener);
		return;
	}
	listener_close(&self->address, self->listener);
	source_fd_drop(&self->source, LISTENER_KEY);
}

void
socket_close(struct socket_source *self)
{
	size_t i;

	timer_close(&self->accept_timer);
	turn_task_cancel(&self->turn);
	socket_close_listener(self);
	for (i = 0; self->producers != NULL && i < self->layout.count; i++) {
		if (self->producers[i] == NULL)
			continue;
		if (source_handing_over(&self->source))
			producer_free(self->producers[i]);
		else
			producer_close(self->producers[i]);
	}
	free(self->producers);
}

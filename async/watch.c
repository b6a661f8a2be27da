#include "async/watch.h"

#include <poll.h>
#include <stdlib.h>

#include "async/abandon.h"
#include "async/loop.h"

#define UNHEARD_MAX 8

struct watch_write {
	struct loop_io io;
	struct promise promise;
};

static struct watch *
watch_of_io(struct loop_io *io)
{
	return (struct watch *)((char *)io - offsetof(struct watch, io));
}

static struct watch_write *
write_of_io(struct loop_io *io)
{
	return (struct watch_write *)((char *)io - offsetof(struct watch_write, io));
}

void
watch_init(struct watch *watch, int fd)
{
	*watch = (struct watch){ .io = { .fd = fd, .what = LOOP_READ | LOOP_PERSIST } };
}

struct watch *
watch_open(int fd)
{
	struct watch *watch = malloc(sizeof *watch);

	if (watch != NULL)
		watch_init(watch, fd);
	return watch;
}

static void
watch_write_close(struct watch_write *self)
{
	if (self == NULL)
		return;
	loop_io_remove(&self->io);
	promise_abandon(&self->promise);
	free(self);
}

void
watch_fini(struct watch *watch)
{
	loop_io_remove(&watch->io);
	promise_abandon(&watch->promise);
	watch_write_close(watch->write);
	watch->write = NULL;
}

void
watch_close(struct watch *watch)
{
	if (watch == NULL)
		return;
	watch_fini(watch);
	free(watch);
}

int
watch_fd(const struct watch *watch)
{
	return watch->io.fd;
}

/* Makes the promise pending, unless it is, and waits for the io. */
static struct promise *
await_io(struct loop_io *io, struct promise *promise)
{
	int r;

	if (promise->state != PROMISE_PENDING) {
		promise_fini(promise);
		promise_init(promise);
	}
	r = loop_io_add(io);
	if (r < 0)
		promise_fail(promise, r);
	return promise;
}

static bool
nobody_awaits(const struct promise *promise)
{
	return promise->state != PROMISE_PENDING;
}

/* ------------------------------------------------------------------ reading */

/* In a cut turn the reader's jobs may just not have come so far: to take the fd off and put it back
 * would be two system calls a batch.  But it is looked at again and again until it is. */
static bool
may_be_heard_yet(struct loop_io *io)
{
	return loop_is_cut() && ++io->unheard <= UNHEARD_MAX;
}

static void
readable_fire(struct loop_io *io, unsigned what)
{
	struct watch *watch = watch_of_io(io);

	(void)what;
	if (!nobody_awaits(&watch->promise)) {
		io->unheard = 0;
		promise_fulfill(&watch->promise, value_number(WATCH_READABLE));
	} else if (!may_be_heard_yet(io)) {
		io->unheard = 0;
		loop_io_remove(io);
	}
}

struct promise *
watch_readable(struct watch *watch)
{
	if (watch == NULL)
		return NULL;
	watch->io.fire = readable_fire;
	return await_io(&watch->io, &watch->promise);
}

void
watch_pause(struct watch *watch)
{
	loop_io_remove(&watch->io);
}

/* ------------------------------------------------------------------- closed */

static bool
fd_hung_up(int fd)
{
	struct pollfd self = { .fd = fd };

	return poll(&self, 1, 0) > 0 && (self.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

/* The edge comes for the end of file, too, and at each change of what the fd is registered for. */
static void
closed_fire(struct loop_io *io, unsigned what)
{
	struct watch *watch = watch_of_io(io);

	(void)what;
	if (fd_hung_up(io->fd))
		promise_fulfill(&watch->promise, value_number(WATCH_CLOSED));
}

static struct promise *await_write(struct watch_write *self, bool edge);

struct promise *
watch_closed(struct watch *watch)
{
	struct watch_write *write;

	if (watch == NULL)
		return NULL;
	if (watch->io.fire != closed_fire) {
		loop_io_remove(&watch->io);
		watch->io.what = LOOP_CLOSED | LOOP_EDGE | LOOP_PERSIST;
		watch->io.fire = closed_fire;
	}
	write = watch->write;
	if (write != NULL && write->io.added)
		await_write(write, true);
	await_io(&watch->io, &watch->promise);
	if (fd_hung_up(watch->io.fd))
		promise_fulfill(&watch->promise, value_number(WATCH_CLOSED));
	return &watch->promise;
}

/* ------------------------------------------------------------------ writing */

static void
writable_fire(struct loop_io *io, unsigned what)
{
	(void)what;
	promise_fulfill(&write_of_io(io)->promise, value_number(WATCH_WRITABLE));
}

/* libevent does not mix edge and level on one fd.  Registering it looks at the fd, so that what is
 * ready already gives an edge as well. */
static struct promise *
await_write(struct watch_write *self, bool edge)
{
	uint8_t what = edge ? LOOP_WRITE | LOOP_EDGE : LOOP_WRITE;

	if (self->io.what != what)
		loop_io_remove(&self->io);
	self->io.what = what;
	return await_io(&self->io, &self->promise);
}

struct promise *
watch_writable(struct watch *watch)
{
	if (watch == NULL)
		return NULL;
	if (watch->write == NULL) {
		watch->write = calloc(1, sizeof *watch->write);
		if (watch->write == NULL)
			return NULL;
		watch->write->io.fd = watch->io.fd;
		watch->write->io.fire = writable_fire;
	}
	return await_write(watch->write, (watch->io.what & LOOP_EDGE) != 0);
}

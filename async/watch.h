/* watch.h - waiting until a fd is ready.
 *
 *	self->watch = watch_open(fd);           // or watch_init(&self->watch, fd)
 *	AWAIT(watch_readable(self->watch));     // NULL watch: rejected with -ENOMEM
 *	n = read(fd, ...);
 *	...
 *	FINALLY;
 *	watch_close(self->watch);               // before close(fd), always
 *	close(fd);
 *
 * The promises lie in the watch.  Each call gives one that is fulfilled when the fd is ready,
 * with enum watch_event as its number; rejected with -errno when the fd cannot be watched
 * (-EPERM: a file of a disk).  Readiness is level-triggered and a hint: an error and a hang-up
 * wake a reader and a writer, who then find it by read() and write(); -EAGAIN means await
 * again. One awaits reading at a time, and one writing.
 *
 * A fd stays registered for reading while it is read from each time it is ready: no system call
 * an event.  Ready with nobody awaiting it, it is taken off until the next await: so who does
 * not ask is not told, and what comes in stays in the kernel.  (In turns that are cut,
 * loop_is_cut(), the reader may be about to: then it is taken off when it has been ready some
 * times.)
 *
 * A file that tells by EPOLLPRI (an attribute of sysfs): put it in an epoll of its own
 * and watch that one's fd. */
#ifndef ASYNC_WATCH_H
#define ASYNC_WATCH_H

#include <stdbool.h>

#include "async/loop_backend.h"
#include "async/promise.h"

enum watch_event {
	WATCH_READABLE = 1,
	WATCH_WRITABLE = 2,
	WATCH_CLOSED = 4,
};

struct watch_write;

struct watch {
	struct loop_io io;               /* for reading; then for watch_closed() */
	struct promise promise;
	struct watch_write *write;       /* made at the first watch_writable() */
};

/* NULL: no memory.  The fd is borrowed and is closed only behind watch_close(). */
struct watch *watch_open(int fd);

/* Takes NULL.  An await that goes on is rejected with -ECANCELED. */
void watch_close(struct watch *watch);

/* The same in the caller's memory. */
void watch_init(struct watch *watch, int fd);

/* Also for a zeroed watch that was never initialised, and a second time. */
void watch_fini(struct watch *watch);

int watch_fd(const struct watch *watch);

struct promise *watch_readable(struct watch *watch);

/* Asked for after -EAGAIN.  One-shot: registered while it is awaited. */
struct promise *watch_writable(struct watch *watch);

/* For a socket whose peer has said its last word (read() gave 0) while we still write:
 * fulfilled when it has closed altogether, or with an error.  Takes the place of
 * watch_readable() for good: end of file would keep the fd readable, and waiting for a hang-up
 * level-triggered would never sleep. */
struct promise *watch_closed(struct watch *watch);

/* Nobody awaits now, though the fd may become ready: takes it off at once instead of when it
 * fires.  For who stops reading for long. */
void watch_pause(struct watch *watch);

#endif

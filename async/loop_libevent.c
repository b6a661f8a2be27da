/* The loop on libevent: the only file that knows it.  Timers do not go through it (its own are
 * late by milliseconds, or cost a system call a turn): they share one timerfd. */
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "async/loop.h"
#include "async/loop_backend.h"
#include "async/timer.h"

_Static_assert(sizeof(struct event) <= sizeof((struct loop_io *)NULL)->backend.event,
    "struct loop_io has room for libevent's struct event");

static struct {
	struct event_base *base;
	struct event timer;
	int timer_fd;
} libevent;

static struct event *
io_event(struct loop_io *io)
{
	return (struct event *)(void *)io->backend.event;
}

/* The caller reads errno behind what it warns of. */
static void
on_log(int severity, const char *message)
{
	int saved = errno;

	if (severity != EVENT_LOG_DEBUG)
		loop_log(message);
	errno = saved;
}

/* libevent would exit(). */
static void
on_fatal(int error)
{
	fprintf(stderr, "libevent: fatal error %d\n", error);
	abort();
}

static int
error_or(int fallback)
{
	return errno > 0 ? -errno : fallback;
}

/* --------------------------------------------------------------------- open */

enum { FDS_OF_A_BASE = 3 };      /* the epoll fd and the two ends of the signals' pipe */

/* Without the fds for that pipe, libevent ends the process. */
static int
fds_are_left(void)
{
	int fds[FDS_OF_A_BASE], count = 0, r = 0;

	while (count < FDS_OF_A_BASE) {
		fds[count] = fcntl(libevent.timer_fd, F_DUPFD_CLOEXEC, 0);
		if (fds[count] < 0) {
			r = -errno;
			break;
		}
		count++;
	}
	while (count > 0)
		close(fds[--count]);
	return r;
}

/* The environment must not switch on the changelist, which loses a fd that was closed and made
 * again within a turn. */
static struct event_base *
base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (config == NULL)
		return NULL;
	event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_O1 | EV_FEATURE_EARLY_CLOSE);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	loop_timer_fired();
}

static int
libevent_open_base(void)
{
	int r = fds_are_left();

	if (r < 0)
		return r;
	errno = 0;
	libevent.base = base_new();
	if (libevent.base == NULL)
		return error_or(-ENOMEM);
	if (event_assign(&libevent.timer, libevent.base, libevent.timer_fd, EV_READ | EV_PERSIST,
	        on_timer, NULL) == 0
	    && event_add(&libevent.timer, NULL) == 0)
		return 0;
	r = error_or(-ENOMEM);
	event_base_free(libevent.base);
	return r;
}

static int
libevent_open(void)
{
	int r;

	if (event_get_struct_event_size() > sizeof((struct loop_io *)NULL)->backend.event)
		return -EPROTO;
	event_set_log_callback(on_log);
	event_set_fatal_callback(on_fatal);
	libevent.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (libevent.timer_fd < 0)
		return -errno;
	r = libevent_open_base();
	if (r < 0)
		close(libevent.timer_fd);
	return r;
}

static void
libevent_close(void)
{
	event_del(&libevent.timer);
	close(libevent.timer_fd);
	event_base_free(libevent.base);
	libevent.base = NULL;
}

/* -------------------------------------------------------------------- turns */

/* NONBLOCK alone would not return while a level-triggered fd is ready. */
static int
libevent_turn(bool wait)
{
	errno = 0;
	if (event_base_loop(libevent.base, wait ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK) < 0)
		return error_or(-EIO);
	return 1;
}

static uint64_t
libevent_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* Setting it anew takes the readiness of an expiry away: nothing reads it.  Zero would disarm. */
static int
libevent_arm(uint64_t deadline)
{
	struct itimerspec when = { .it_value = {
		.tv_sec = (time_t)(deadline / SECOND),
		.tv_nsec = (long)(deadline % SECOND),
	} };

	if (deadline == UINT64_MAX)
		when.it_value = (struct timespec){ .tv_sec = 0 };
	else if (deadline == 0)
		when.it_value.tv_nsec = 1;
	if (timerfd_settime(libevent.timer_fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return -errno;
	return 0;
}

/* ---------------------------------------------------------------------- ios */

static void
on_fd(evutil_socket_t fd, short events, void *context)
{
	unsigned what = 0;

	(void)fd;
	if ((events & (EV_READ | EV_SIGNAL)) != 0)
		what |= LOOP_READ;
	if ((events & EV_WRITE) != 0)
		what |= LOOP_WRITE;
	if ((events & EV_CLOSED) != 0)
		what |= LOOP_CLOSED;
	loop_io_fire(context, what);
}

static short
io_events(const struct loop_io *io)
{
	int events = io->signal ? EV_SIGNAL : 0;

	if ((io->what & LOOP_READ) != 0 && !io->signal)
		events |= EV_READ;
	if ((io->what & LOOP_WRITE) != 0)
		events |= EV_WRITE;
	if ((io->what & LOOP_CLOSED) != 0)
		events |= EV_CLOSED;
	if ((io->what & LOOP_PERSIST) != 0)
		events |= EV_PERSIST;
	if ((io->what & LOOP_EDGE) != 0)
		events |= EV_ET;
	return (short)events;
}

static int
libevent_add(struct loop_io *io)
{
	errno = 0;
	if (event_assign(io_event(io), libevent.base, io->fd, io_events(io), on_fd, io) < 0
	    || event_add(io_event(io), NULL) < 0)
		return error_or(-ENOMEM);
	return 0;
}

static void
libevent_remove(struct loop_io *io)
{
	event_del(io_event(io));
}

const struct loop_backend loop_libevent = {
	.name = "libevent",
	.jobs_max = 256,            /* some 10 us: so long a flood keeps others waiting */
	.open = libevent_open,
	.close = libevent_close,
	.turn = libevent_turn,
	.now = libevent_now,
	.arm = libevent_arm,
	.add = libevent_add,
	.remove = libevent_remove,
};

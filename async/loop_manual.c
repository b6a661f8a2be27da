#include "async/loop_manual.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "async/loop.h"
#include "async/loop_backend.h"
#include "async/timer.h"

TAILQ_HEAD(ios, loop_io);

struct ready {
	int fd;
	unsigned what;
};

static struct {
	struct ios ios;          /* in the order of being added */
	struct ready *ready;
	size_t count;
	uint64_t clock, limit, round;
	bool real;
} manual;

static int
manual_open(void)
{
	TAILQ_INIT(&manual.ios);
	manual.clock = 0;
	manual.limit = UINT64_MAX;
	manual.real = false;
	return 0;
}

static void
manual_close(void)
{
	free(manual.ready);
	manual.ready = NULL;
	manual.count = 0;
}

static uint64_t
manual_now(void)
{
	return manual.clock;
}

static int
manual_arm(uint64_t deadline)
{
	(void)deadline;
	return 0;
}

static int
manual_add(struct loop_io *io)
{
	io->backend.manual.round = manual.round;
	io->backend.manual.seen = 0;
	TAILQ_INSERT_TAIL(&manual.ios, io, backend.manual.link);
	return 0;
}

static void
manual_remove(struct loop_io *io)
{
	TAILQ_REMOVE(&manual.ios, io, backend.manual.link);
}

/* -------------------------------------------------------------------- ready */

static struct ready *
ready_find(int fd)
{
	for (size_t i = 0; i < manual.count; i++)
		if (manual.ready[i].fd == fd)
			return &manual.ready[i];
	return NULL;
}

int
loop_manual_ready(int fd, unsigned what)
{
	struct ready *ready = ready_find(fd);

	if (ready == NULL) {
		ready = reallocarray(manual.ready, manual.count + 1, sizeof *ready);
		if (ready == NULL)
			return -ENOMEM;
		manual.ready = ready;
		ready = &manual.ready[manual.count++];
	}
	*ready = (struct ready){ .fd = fd, .what = what };
	return 0;
}

void
loop_manual_poll(bool real)
{
	manual.real = real;
}

enum { HUNG_UP = 256 };          /* beside enum loop_what: an edge of its own */

static unsigned
poll_events(const struct loop_io *io)
{
	return ((io->what & LOOP_READ) != 0 ? POLLIN : 0u)
	    | ((io->what & LOOP_WRITE) != 0 ? POLLOUT : 0u)
	    | ((io->what & LOOP_CLOSED) != 0 ? POLLRDHUP : 0u);
}

/* As libevent does: an error and a hang-up wake who reads and who writes. */
static unsigned
poll_io(const struct loop_io *io, int timeout)
{
	struct pollfd fd = { .fd = io->fd, .events = (short)poll_events(io) };
	unsigned what = 0;

	if (poll(&fd, 1, timeout) <= 0 || (fd.revents & POLLNVAL) != 0)
		return 0;
	if ((fd.revents & (POLLERR | POLLHUP)) != 0)
		what |= LOOP_READ | LOOP_WRITE;
	if ((fd.revents & POLLIN) != 0)
		what |= LOOP_READ;
	if ((fd.revents & POLLOUT) != 0)
		what |= LOOP_WRITE;
	if ((fd.revents & (POLLRDHUP | POLLHUP)) != 0)
		what |= LOOP_CLOSED;
	if ((fd.revents & POLLHUP) != 0)
		what |= HUNG_UP;
	return what;
}

static unsigned
io_state(const struct loop_io *io)
{
	const struct ready *ready;
	unsigned what = 0;

	if (io->signal)
		return 0;
	if ((io->what & LOOP_REAL) != 0)
		return poll_io(io, 0);
	ready = ready_find(io->fd);
	if (ready != NULL)
		what = ready->what;
	if (manual.real)
		what |= poll_io(io, 0);
	return what;
}

static bool
io_ready(struct loop_io *io, unsigned *ret_what)
{
	unsigned what = io_state(io), new = what;

	if ((io->what & LOOP_EDGE) != 0) {
		new &= ~io->backend.manual.seen;
		io->backend.manual.seen = what;
	}
	if ((new & (io->what | HUNG_UP)) == 0)
		return false;
	*ret_what = what & io->what;
	return *ret_what != 0;
}

/* Each at most once in a round; one callback may remove any other. */
static bool
fire_one_ready(void)
{
	struct loop_io *io;

	TAILQ_FOREACH(io, &manual.ios, backend.manual.link) {
		unsigned what;

		if (io->backend.manual.round == manual.round || !io_ready(io, &what))
			continue;
		io->backend.manual.round = manual.round;
		if ((io->what & LOOP_PERSIST) == 0)
			manual_remove(io);
		loop_io_fire(io, what);
		return true;
	}
	return false;
}

static bool
fire_ready(void)
{
	bool any = false;

	manual.round++;
	while (fire_one_ready())
		any = true;
	return any;
}

void
loop_manual_raise(int signo)
{
	struct loop_io *io;

	TAILQ_FOREACH(io, &manual.ios, backend.manual.link) {
		if (io->signal && io->fd == signo) {
			loop_io_fire(io, LOOP_READ);
			return;
		}
	}
}

/* -------------------------------------------------------------------- turns */

static bool
fire_timers(void)
{
	loop_now_forget();
	return timers_run(manual.clock) > 0;
}

/* Somebody else's thread works for us. */
static bool
wait_for_real(void)
{
	struct loop_io *io;

	if (loop_busy_count() == 0)
		return false;
	TAILQ_FOREACH(io, &manual.ios, backend.manual.link)
		if ((io->what & LOOP_REAL) != 0)
			return poll_io(io, -1) != 0 && fire_ready();
	return false;
}

static bool
jump_to_timer(void)
{
	uint64_t earliest = timers_earliest();

	if (earliest == UINT64_MAX || earliest > manual.limit)
		return false;
	if (earliest > manual.clock)
		manual.clock = earliest;
	return fire_timers();
}

static int
manual_turn(bool wait)
{
	bool any = fire_ready();

	if (timers_earliest() <= manual.clock && fire_timers())
		any = true;
	if (!any && wait)
		any = wait_for_real() || jump_to_timer();
	return any ? 1 : 0;
}

static int
turn_until(uint64_t limit)
{
	int r;

	manual.limit = limit;
	do
		r = loop_turn();
	while (r > 0);
	manual.limit = UINT64_MAX;
	return r;
}

int
loop_manual_advance(uint64_t ns)
{
	uint64_t limit = manual.clock + ns;
	int r = turn_until(limit);

	if (r < 0)
		return r;
	manual.clock = limit;
	loop_now_forget();
	return 0;
}

int
loop_manual_settle(void)
{
	return turn_until(manual.clock);
}

const struct loop_backend loop_manual = {
	.name = "manual",
	.jobs_max = SIZE_MAX,
	.open = manual_open,
	.close = manual_close,
	.turn = manual_turn,
	.now = manual_now,
	.arm = manual_arm,
	.add = manual_add,
	.remove = manual_remove,
};

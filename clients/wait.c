#include "clients/wait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clients/duration.h"

static volatile sig_atomic_t stop_signal;
static sigset_t open_mask;
static bool output_may_hang_up;

static void
remember_signal(int signal)
{
	stop_signal = signal;
}

void
wait_prepare(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = remember_signal, .sa_flags = (int)SA_RESETHAND };
	struct stat status;
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct sigaction old;

		sigaction(signals[i], NULL, &old);
		if (old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
		sigaddset(&blocked, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &open_mask);
	signal(SIGPIPE, SIG_IGN);

	/* A file never hangs up; poll() says so of a pipe, a socket and a terminal. */
	output_may_hang_up = fstat(STDOUT_FILENO, &status) == 0
		&& (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(STDOUT_FILENO));
}

static struct timespec *
time_left(uint64_t deadline, struct timespec *left)
{
	uint64_t now = clock_now();
	uint64_t ns = deadline > now ? deadline - now : 0;

	if (deadline == DEADLINE_NONE)
		return NULL;
	*left = (struct timespec) { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
	return left;
}

static int
wait_until(int fd, short events, uint64_t deadline, bool stoppable)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = events },
		{ .fd = output_may_hang_up ? STDOUT_FILENO : -1 },
	};
	struct timespec left;
	int ready;

	do {
		if (stoppable && stop_signal != 0)
			return -EINTR;
		ready = ppoll(fds, 2, time_left(deadline, &left), &open_mask);
	} while (ready < 0 && errno == EINTR);

	if (ready < 0)
		return -errno;
	if ((fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
		return -EPIPE;
	return ready == 0 ? -ETIMEDOUT : 0;
}

int
wait_for(int fd, short events, uint64_t deadline)
{
	return wait_until(fd, events, deadline, true);
}

int
wait_to_finish(int fd, short events, uint64_t deadline)
{
	return wait_until(fd, events, deadline, false);
}

void
wait_die_by_signal(void)
{
	if (stop_signal == 0)
		return;
	signal(stop_signal, SIG_DFL);
	sigprocmask(SIG_SETMASK, &open_mask, NULL);
	raise(stop_signal);
}

void
wait_restore(void)
{
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &open_mask, NULL);
}

#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/crash.h"

static void
process_mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(how, &set, NULL);
}

void
process_block_signals(void)
{
	process_mask(SIG_BLOCK);
}

void
process_unblock_signals(void)
{
	process_mask(SIG_UNBLOCK);
}

/* A socket that came to be fd 2 would be written errors to. */
static void
process_open_standard_fds(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	if (fd >= 0)
		close(fd);
}

static void
process_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

void
process_prepare(void)
{
	process_open_standard_fds();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);         /* a history that may not grow is an error, no death */
	(void)crash_open();
	process_raise_limit();
}

static bool locked;

/* The limit counts all that is mapped, though with MCL_ONFAULT nothing is read in for it. */
void
process_lock_memory(bool lock, struct problems *problems)
{
	struct rlimit limit = { .rlim_cur = 0 };

	if (lock == locked)
		return;
	if (!lock) {
		(void)munlockall();
		locked = false;
		return;
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) {
		locked = true;
		return;
	}
	problems_add(problems, "memory cannot be locked (\"lock_memory\"): %s; the limit is %" PRIu64
	    " KiB, LimitMEMLOCK=infinity in the unit would be right",
	    strerror(errno), getrlimit(RLIMIT_MEMLOCK, &limit) == 0
	        ? (uint64_t)limit.rlim_cur / 1024 : 0);
}

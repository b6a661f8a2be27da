/* supervisor - what systemd is to awaitd, for shell scripts (tests/manager.h):
 *
 *	supervisor [-w SECONDS] [-f NAME=FILE] DIR PROGRAM [ARGUMENT...]
 *
 * Runs the program with NOTIFY_SOCKET=DIR/notify, keeps its fds, and starts it again whenever it
 * ends, but for the exit statuses 2 and 78.  What happens is written into DIR/log, a line each:
 * START pid fds, EXIT status or SIGNAL number, and each line of each message.  DIR/pid is the
 * program's.
 *
 * -w: WATCHDOG_USEC; without a WATCHDOG=1 for so long it is sent SIGABRT.  -f: the open file is in
 * the store from the beginning, any number of them.
 *
 * It dies with who started it, and the program with it.
 *
 * SIGTERM ends both, SIGUSR1 is `systemctl restart`, SIGHUP is handed on. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/manager.h"

static FILE *logfile;
static uint64_t watchdog_ns, alive_ns;
static bool ending;
static char *files[16];
static size_t file_count;

static void
heard(struct manager *manager, const char *text)
{
	(void)manager;
	if (strstr(text, "WATCHDOG=1") != NULL)
		alive_ns = clock_mono_ns();
	fprintf(logfile, "%s\n", text);
}

static void
start(struct manager *manager, const char *folder)
{
	char path[PATH_MAX + 20];
	FILE *file;

	fprintf(logfile, "START fds=%zu\n", manager->stored);
	if (manager_start(manager) < 0)
		exit(125);
	alive_ns = clock_mono_ns();
	snprintf(path, sizeof path, "%s/pid", folder);
	file = fopen(path, "w");
	if (file == NULL)
		exit(125);
	fprintf(file, "%d\n", (int)manager->pid);
	fclose(file);
}

/* The child is gone: starts it again, or gives the status to end with. */
static int
gone(struct manager *manager, const char *folder, int status)
{
	manager->pid = 0;
	manager_receive(manager);
	if (WIFSIGNALED(status))
		fprintf(logfile, "SIGNAL %d\n", WTERMSIG(status));
	else
		fprintf(logfile, "EXIT %d\n", WEXITSTATUS(status));
	if (ending || (WIFEXITED(status)
	        && (WEXITSTATUS(status) == 78 || WEXITSTATUS(status) == 2)))
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	start(manager, folder);
	return -1;
}

static int
reap(struct manager *manager, const char *folder)
{
	int status;

	if (waitpid(manager->pid, &status, WNOHANG) != manager->pid)
		return -1;
	return gone(manager, folder, status);
}

static int
signalled(struct manager *manager, const char *folder, int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof info) != (ssize_t)sizeof info)
		return -1;
	switch (info.ssi_signo) {
	case SIGCHLD:
		return reap(manager, folder);
	case SIGUSR1:
		kill(manager->pid, SIGTERM);
		return -1;
	case SIGHUP:
		kill(manager->pid, SIGHUP);
		return -1;
	default:
		ending = true;
		kill(manager->pid, SIGTERM);
		return -1;
	}
}

static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int
serve(struct manager *manager, const char *folder)
{
	struct pollfd fds[2] = {
		{ .fd = manager->socket, .events = POLLIN },
		{ .fd = signals_open(), .events = POLLIN },
	};
	int status = -1;

	start(manager, folder);
	while (status < 0) {
		poll(fds, 2, watchdog_ns > 0 ? 50 : -1);
		if ((fds[0].revents & POLLIN) != 0)
			manager_receive(manager);
		if ((fds[1].revents & POLLIN) != 0)
			status = signalled(manager, folder, fds[1].fd);
		if (watchdog_ns > 0 && clock_mono_ns() - alive_ns > watchdog_ns) {
			fprintf(logfile, "WATCHDOG EXPIRED\n");
			alive_ns = clock_mono_ns();
			kill(manager->pid, SIGABRT);
		}
	}
	return status;
}

/* NAME=FILE */
static void
store_file(struct manager *manager, char *file)
{
	char *path = strchr(file, '=');
	size_t i = manager->stored++;

	if (path == NULL)
		exit(125);
	*path++ = '\0';
	snprintf(manager->store[i].name, sizeof manager->store[i].name, "%s", file);
	manager->store[i].fd = open(path, O_RDWR | O_CLOEXEC);
	if (manager->store[i].fd < 0) {
		perror(path);
		exit(125);
	}
}

static void
watchdog_set(const char *seconds)
{
	char usec[32];

	watchdog_ns = (uint64_t)(strtod(seconds, NULL) * (double)NSEC_PER_SEC);
	snprintf(usec, sizeof usec, "%llu", (unsigned long long)(watchdog_ns / NSEC_PER_USEC));
	setenv("WATCHDOG_USEC", usec, 1);
	unsetenv("WATCHDOG_PID");
}

static int
options_read(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+w:f:")) != -1) {
		if (option == 'w')
			watchdog_set(optarg);
		else if (option == 'f' && file_count < 16)
			files[file_count++] = optarg;
		else
			return -1;
	}
	return argc - optind < 2 ? -1 : optind;
}

int
main(int argc, char **argv)
{
	static struct manager manager;
	char path[PATH_MAX + 20], logpath[PATH_MAX + 20], folder[PATH_MAX];
	int first = options_read(argc, argv), status;

	if (first < 0) {
		fprintf(stderr, "usage: supervisor [-w SECONDS] [-f NAME=FILE] DIR PROGRAM "
		    "[ARGUMENT...]\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);        /* with its script, whatever ends that */
	if (realpath(argv[first], folder) == NULL) {
		perror(argv[first]);
		return 125;
	}
	snprintf(path, sizeof path, "%s/notify", folder);
	snprintf(logpath, sizeof logpath, "%s/log", folder);
	logfile = fopen(logpath, "ae");
	if (logfile == NULL
	    || manager_open(&manager, (const char *const *)argv + first + 1, path) < 0) {
		perror(argv[first]);
		return 125;
	}
	setvbuf(logfile, NULL, _IOLBF, 0);
	manager.heard = heard;
	for (size_t i = 0; i < file_count; i++)
		store_file(&manager, files[i]);
	status = serve(&manager, folder);
	manager_close(&manager);
	fclose(logfile);
	return status;
}

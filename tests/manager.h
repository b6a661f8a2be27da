/* manager.h - a small service manager for tests: what systemd is to awaitd, without systemd.  Runs one process with
 * NOTIFY_SOCKET, keeps the fds that it stores (sd_pid_notify_with_fds(3)) and hands them to the next
 * (sd_listen_fds_with_names(3)). */
#ifndef TESTS_MANAGER_H
#define TESTS_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MANAGER_FDS_MAX 4096
#define MANAGER_NAME_MAX 64

struct manager {
	const char *const *argv;     /* of the service; ended by NULL */
	const char *socket_path;     /* of NOTIFY_SOCKET */
	int socket;                  /* readable: call manager_receive() */
	pid_t pid;                   /* 0: not running */
	bool ready;                  /* READY=1 since the last start */
	size_t stored;
	struct {
		char name[MANAGER_NAME_MAX];
		int fd;
	} store[MANAGER_FDS_MAX];
	char status[256];            /* the last STATUS= */
	void (*heard)(struct manager *manager, const char *text);   /* each message; or NULL */
};

/* 0 or -errno. */
int manager_open(struct manager *manager, const char *const *argv, const char *socket_path);

/* Starts the process with all that is stored.  0 or -errno. */
int manager_start(struct manager *manager);

/* Takes the messages that have come; never blocks. */
void manager_receive(struct manager *manager);

/* Sends the signal, waits for the death, and takes what was still said before it.  Returns the wait
 * status. */
int manager_kill(struct manager *manager, int signal);

/* Kills it, and closes all. */
void manager_close(struct manager *manager);

#endif

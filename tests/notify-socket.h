/* notify-socket.h - a service manager's end of $NOTIFY_SOCKET, and nothing more: the test reads
 * what came.  (manager.h is one that runs a process.) */
#ifndef TESTS_NOTIFY_SOCKET_H
#define TESTS_NOTIFY_SOCKET_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct notify_socket {
	char folder[64], path[96];
	int socket;
};

/* Setup of a test: *state is it.  0 or -1. */
static inline int
notify_socket_open(void **state)
{
	static struct notify_socket manager;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(manager.folder, "/tmp/awaitd-notify-XXXXXX");
	if (mkdtemp(manager.folder) == NULL)
		return -1;
	snprintf(manager.path, sizeof manager.path, "%s/notify", manager.folder);
	memcpy(address.sun_path, manager.path, strlen(manager.path));
	manager.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(manager.socket, (struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	setenv("NOTIFY_SOCKET", manager.path, 1);
	*state = &manager;
	return 0;
}

static inline void
notify_socket_close(struct notify_socket *manager)
{
	close(manager->socket);
	unlink(manager->path);
	rmdir(manager->folder);
}

#endif

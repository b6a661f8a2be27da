#include "tests/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FD_FIRST 3   /* SD_LISTEN_FDS_START */

int
manager_open(struct manager *manager, const char *const *argv, const char *socket_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int size = 8 << 20;

	*manager = (struct manager){ .argv = argv, .socket_path = socket_path };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
	unlink(socket_path);
	manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (manager->socket < 0)
		return -errno;
	setsockopt(manager->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (bind(manager->socket, (struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return 0;
}

/* ------------------------------------------------------------------- starting */

static void
environment_set(const struct manager *manager)
{
	static char names[MANAGER_FDS_MAX * MANAGER_NAME_MAX];
	char number[32];
	size_t length = 0;

	for (size_t i = 0; i < manager->stored; i++)
		length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
		    i > 0 ? ":" : "", manager->store[i].name);
	setenv("NOTIFY_SOCKET", manager->socket_path, 1);
	if (manager->stored > 0) {      /* as systemd does: none is not LISTEN_FDS=0 */
		setenv("LISTEN_FDNAMES", names, 1);
		snprintf(number, sizeof number, "%zu", manager->stored);
		setenv("LISTEN_FDS", number, 1);
		snprintf(number, sizeof number, "%d", (int)getpid());
		setenv("LISTEN_PID", number, 1);
	}
	snprintf(number, sizeof number, "%d", MANAGER_FDS_MAX);
	setenv("FDSTORE", number, 1);
}

/* In the child: the stored fds become 3, 4, ... ; they are moved out of the way first. */
static void
fds_place(const struct manager *manager)
{
	int above = FD_FIRST + (int)manager->stored, moved[MANAGER_FDS_MAX];

	for (size_t i = 0; i < manager->stored; i++)
		moved[i] = fcntl(manager->store[i].fd, F_DUPFD_CLOEXEC, above);
	for (size_t i = 0; i < manager->stored; i++)
		dup2(moved[i], FD_FIRST + (int)i);
}

int
manager_start(struct manager *manager)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		environment_set(manager);
		fds_place(manager);
		execv(manager->argv[0], (char *const *)(const void *)manager->argv);
		perror(manager->argv[0]);
		_exit(127);
	}
	manager->pid = pid;
	manager->ready = false;
	return 0;
}

/* ------------------------------------------------------------------ messages */

static void
store_add(struct manager *manager, const char *name, int fd)
{
	size_t i = manager->stored;

	if (i == MANAGER_FDS_MAX) {
		close(fd);
		return;
	}
	snprintf(manager->store[i].name, MANAGER_NAME_MAX, "%s", name);
	manager->store[i].fd = fd;
	manager->stored++;
}

static void
store_remove(struct manager *manager, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < manager->stored; i++) {
		if (strcmp(manager->store[i].name, name) == 0)
			close(manager->store[i].fd);
		else
			manager->store[kept++] = manager->store[i];
	}
	manager->stored = kept;
}

struct message {
	char name[MANAGER_NAME_MAX];
	bool store, remove;
};

static void
message_line(struct manager *manager, struct message *message, const char *line)
{
	if (strcmp(line, "READY=1") == 0)
		manager->ready = true;
	else if (strcmp(line, "FDSTORE=1") == 0)
		message->store = true;
	else if (strcmp(line, "FDSTOREREMOVE=1") == 0)
		message->remove = true;
	else if (strncmp(line, "FDNAME=", 7) == 0)
		snprintf(message->name, sizeof message->name, "%s", line + 7);
	else if (strncmp(line, "STATUS=", 7) == 0)
		snprintf(manager->status, sizeof manager->status, "%s", line + 7);
}

static void
message_take(struct manager *manager, char *text, const int *fds, size_t count)
{
	struct message message = { .store = false };
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		message_line(manager, &message, line);
	if (message.remove)
		store_remove(manager, message.name);
	for (size_t i = 0; i < count; i++) {
		if (message.store)
			store_add(manager, message.name, fds[i]);
		else
			close(fds[i]);
	}
}

void
manager_receive(struct manager *manager)
{
	char text[4096];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * 64)];

	for (;;) {
		struct iovec iov = { text, sizeof text - 1 };
		struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control, .msg_controllen = sizeof control };
		ssize_t n = recvmsg(manager->socket, &header, MSG_CMSG_CLOEXEC);
		struct cmsghdr *part = n >= 0 ? CMSG_FIRSTHDR(&header) : NULL;
		int fds[64];
		size_t count = 0;

		if (n < 0)
			return;
		text[n] = '\0';
		if (manager->heard != NULL)
			manager->heard(manager, text);
		if (part != NULL && part->cmsg_type == SCM_RIGHTS) {
			count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(fds, CMSG_DATA(part), count * sizeof(int));
		}
		message_take(manager, text, fds, count);
	}
}

/* -------------------------------------------------------------------- ending */

int
manager_kill(struct manager *manager, int signal)
{
	int status = 0;

	if (manager->pid == 0)
		return 0;
	kill(manager->pid, signal);
	while (waitpid(manager->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	manager->pid = 0;
	manager_receive(manager);
	return status;
}

void
manager_close(struct manager *manager)
{
	manager_kill(manager, SIGKILL);
	for (size_t i = 0; i < manager->stored; i++)
		close(manager->store[i].fd);
	manager->stored = 0;
	close(manager->socket);
	unlink(manager->socket_path);
}

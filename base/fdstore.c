/* libsystemd could send all this (sd_pid_notify_with_fds), but it opens a socket for each call and
 * waits where the manager's queue (512 datagrams) is full.  A daemon that waits for its manager is
 * one that the manager's watchdog kills; so the socket here is kept, and nothing ever waits. */
#include "base/fdstore.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define SEND_BUFFER (1 << 20)

struct handed {
	char *name;
	int fd;                      /* -1: taken */
};

struct removal {
	STAILQ_ENTRY(removal) link;
	char name[];
};

static struct {
	int socket;                  /* -1: nobody to tell */
	bool present;
	struct sockaddr_un address;
	socklen_t address_length;
	struct handed *handed;
	size_t handed_count;
	STAILQ_HEAD(, removal) owed;
} store = { .socket = -1, .owed = STAILQ_HEAD_INITIALIZER(store.owed) };

/* ------------------------------------------------------------------ sending */

/* ETOOMANYREFS: as many fds as RLIMIT_NOFILE allows are on their way, unread (unix(7)). */
static int
send_error(int error)
{
	return error == ENOBUFS || error == ETOOMANYREFS ? -EAGAIN : -error;
}

static int
store_send_now(const char *message, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)message, .iov_len = strlen(message) };
	struct msghdr header = {
		.msg_name = &store.address,
		.msg_namelen = store.address_length,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	if (fd >= 0) {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof control.bytes;
		CMSG_FIRSTHDR(&header)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&header)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&header)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &fd, sizeof fd);
	}
	while (sendmsg(store.socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return send_error(errno);
	return 0;
}

static int
store_remove_now(const char *name)
{
	char message[FDSTORE_NAME_MAX + 40];

	snprintf(message, sizeof message, "FDSTOREREMOVE=1\nFDNAME=%s", name);
	return store_send_now(message, -1);
}

bool
fdstore_flush(void)
{
	struct removal *removal;

	while ((removal = STAILQ_FIRST(&store.owed)) != NULL) {
		if (store_remove_now(removal->name) == -EAGAIN)
			return false;
		STAILQ_REMOVE_HEAD(&store.owed, link);
		free(removal);
	}
	return true;
}

int
fdstore_notify(const char *message)
{
	if (store.socket < 0)
		return 0;
	if (!fdstore_flush())
		return -EAGAIN;
	return store_send_now(message, -1);
}

int
fdstore_notify_urgent(const char *message)
{
	return store.socket < 0 ? 0 : store_send_now(message, -1);
}

int
fdstore_push(const char *name, int fd)
{
	char message[FDSTORE_NAME_MAX + 40];

	if (!store.present)
		return 0;
	if (strlen(name) > FDSTORE_NAME_MAX)
		return -ENAMETOOLONG;
	if (!fdstore_flush())
		return -EAGAIN;
	/* FDPOLL=0: else the manager drops a producer's socket at its HUP, with unread bytes in
	 * it. */
	snprintf(message, sizeof message, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	return store_send_now(message, fd);
}

void
fdstore_remove(const char *name)
{
	struct removal *removal;
	size_t size = strlen(name) + 1;

	if (!store.present || size > FDSTORE_NAME_MAX + 1)
		return;
	if (fdstore_flush() && store_remove_now(name) != -EAGAIN)
		return;
	removal = malloc(sizeof *removal + size);
	if (removal == NULL)
		return;
	memcpy(removal->name, name, size);
	STAILQ_INSERT_TAIL(&store.owed, removal, link);
}

/* ------------------------------------------------------------------- taking */

int
fdstore_take(const char *name)
{
	for (size_t i = 0; i < store.handed_count; i++) {
		struct handed *handed = &store.handed[i];
		int fd = handed->fd;

		if (fd < 0 || strcmp(handed->name, name) != 0)
			continue;
		handed->fd = -1;
		return fd;
	}
	return -1;
}

void
fdstore_each(void (*each)(const char *name, int fd, void *context), void *context)
{
	for (size_t i = 0; i < store.handed_count; i++)
		if (store.handed[i].fd >= 0)
			each(store.handed[i].name, store.handed[i].fd, context);
}

size_t
fdstore_drop_untaken(void)
{
	size_t dropped = 0;

	for (size_t i = 0; i < store.handed_count; i++) {
		struct handed *handed = &store.handed[i];

		if (handed->fd < 0)
			continue;
		fdstore_remove(handed->name);
		close(handed->fd);
		handed->fd = -1;
		dropped++;
	}
	return dropped;
}

/* ------------------------------------------------------------------ opening */

static int
store_address(const char *path)
{
	size_t length = strlen(path);

	if (path[0] != '/' && path[0] != '@')
		return -EAFNOSUPPORT;
	if (length < 2 || length >= sizeof store.address.sun_path)
		return -ENAMETOOLONG;
	store.address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(store.address.sun_path, path, length);
	store.address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (path[0] == '@')
		store.address.sun_path[0] = '\0';       /* the abstract namespace, unix(7) */
	else
		store.address_length++;
	return 0;
}

static int
store_connect(void)
{
	const char *path = getenv("NOTIFY_SOCKET"), *max = getenv("FDSTORE");
	int error, size = SEND_BUFFER;

	if (path == NULL)
		return 0;
	error = store_address(path);
	if (error < 0)
		return error;
	store.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (store.socket < 0)
		return -errno;
	/* A sender's buffer holds what the manager has not read yet. */
	(void)setsockopt(store.socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	store.present = max == NULL || atoi(max) > 0;
	return 0;
}

static int
store_receive(void)
{
	char **names = NULL;
	int count = getenv("LISTEN_FDS") != NULL ? sd_listen_fds_with_names(1, &names) : 0;

	if (count <= 0)
		return count;
	store.handed = calloc((size_t)count, sizeof *store.handed);
	for (int i = 0; i < count; i++) {
		if (store.handed != NULL)
			store.handed[i] = (struct handed){ names[i], SD_LISTEN_FDS_START + i };
		else
			free(names[i]);
	}
	free(names);
	if (store.handed == NULL)
		return -ENOMEM;
	store.handed_count = (size_t)count;
	return 0;
}

int
fdstore_open(void)
{
	int connected = store_connect(), received = store_receive();

	unsetenv("NOTIFY_SOCKET");
	unsetenv("FDSTORE");
	return connected < 0 ? connected : received;
}

void
fdstore_close(void)
{
	struct removal *removal;

	(void)fdstore_flush();
	while ((removal = STAILQ_FIRST(&store.owed)) != NULL) {
		STAILQ_REMOVE_HEAD(&store.owed, link);
		free(removal);
	}
	for (size_t i = 0; i < store.handed_count; i++) {
		if (store.handed[i].fd >= 0)
			close(store.handed[i].fd);
		free(store.handed[i].name);
	}
	free(store.handed);
	if (store.socket >= 0)
		close(store.socket);
	store.handed = NULL;
	store.handed_count = 0;
	store.socket = -1;
	store.present = false;
}

bool
fdstore_present(void)
{
	return store.present;
}

bool
fdstore_notified(void)
{
	return store.socket >= 0;
}

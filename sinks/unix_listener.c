/* The socket's file: made, taken over from one that died, or handed in by the service manager. */
#include "sinks/unix_private.h"

#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fdstore.h"

/* What is wrong, for the caller, and what would be right. */
struct wrong {
	char *text;
	size_t size;
};

static int wrong(const struct wrong *w, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int
wrong(const struct wrong *w, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->text, w->size, format, args);
	va_end(args);
	return error;
}

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof address.sun_path - 1);
	return address;
}

/* ------------------------------------------------------------- what is there */

/* Does somebody listen there?  A full backlog (EAGAIN) is an answer, too. */
static int
probe(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		r = -errno;
	close(fd);
	return r == -EAGAIN ? 0 : r;
}

/* Removes what a daemon that died has left, and nothing else. */
static int
remove_stale(const char *path, const struct wrong *w)
{
	struct stat file;
	int r;

	if (lstat(path, &file) < 0)
		return errno == ENOENT ? 0
		                       : wrong(w, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(file.st_mode))
		return wrong(w, -EEXIST, "%s is there and is no socket: remove it, or set another "
		    "\"path\"", path);
	r = probe(path);
	if (r == 0)
		return wrong(w, -EADDRINUSE, "another daemon listens on %s: stop it, or set "
		    "another \"path\"", path);
	if (r != -ECONNREFUSED)
		return wrong(w, r, "%s is there, and who listens cannot be found out: %s", path,
		    strerror(-r));
	if (unlink(path) < 0)
		return wrong(w, -errno, "cannot remove the stale socket %s: %s", path,
		    strerror(errno));
	return 0;
}

/* ------------------------------------------------------------------- making it */

int
unix_listener_permit(const char *path, const struct unix_options *options, char *message,
    size_t size)
{
	const struct wrong w = { message, size };

	if (options->group != OPTION_ID_NONE && chown(path, (uid_t)-1, options->group) < 0)
		return wrong(&w, -errno, "cannot give %s to the group %" PRIu32 ": %s (only root, "
		    "or its owner as a member of the group, may)", path, options->group,
		    strerror(errno));
	if (chmod(path, options->mode) < 0)
		return wrong(&w, -errno, "cannot set the mode of %s: %s", path, strerror(errno));
	return 0;
}

/* Nobody can connect before listen(), by when mode and group are right. */
static int
bind_and_listen(int fd, const struct unix_options *options, const struct wrong *w)
{
	struct sockaddr_un address = address_of(options->path);
	mode_t mask = umask(0177);
	int r = bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;

	umask(mask);
	if (r < 0)
		return wrong(w, r, "cannot make the socket %s: %s", options->path, strerror(-r));
	r = unix_listener_permit(options->path, options, w->text, w->size);
	if (r == 0 && listen(fd, SOMAXCONN) < 0)
		r = wrong(w, -errno, "cannot listen on %s: %s", options->path, strerror(errno));
	if (r < 0)
		(void)unlink(options->path);
	return r;
}

static void
note_file(struct unix_listener *listener, const char *path)
{
	struct stat file;

	if (lstat(path, &file) < 0)
		return;
	listener->device = file.st_dev;
	listener->inode = file.st_ino;
}

static int
make_socket(const struct unix_options *options, struct unix_listener *ret, const struct wrong *w)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return wrong(w, -errno, "cannot make a socket: %s", strerror(errno));
	r = remove_stale(options->path, w);
	if (r == 0)
		r = bind_and_listen(fd, options, w);
	if (r < 0) {
		close(fd);
		return r;
	}
	ret->fd = fd;
	note_file(ret, options->path);
	return 0;
}

static int
open_folder(const char *path, const struct wrong *w)
{
	char copy[sizeof((struct sockaddr_un *)NULL)->sun_path];
	const char *folder;
	int fd;

	snprintf(copy, sizeof copy, "%s", path);
	folder = dirname(copy);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return wrong(w, -ENOENT, "there is no folder %s for the socket %s: make it, or set "
		    "another \"path\"", folder, path);
	return wrong(w, -errno, "cannot look into the folder %s of the socket %s: %s", folder, path,
	    strerror(errno));
}

/* Two that start at the same moment must not take each other's socket for stale: the folder is
 * locked meanwhile.  If somebody else holds that lock, it goes without. */
static int
make_locked(const struct unix_options *options, struct unix_listener *ret, const struct wrong *w)
{
	int folder = open_folder(options->path, w), r;

	if (folder < 0)
		return folder;
	for (int i = 0; i < 50 && flock(folder, LOCK_EX | LOCK_NB) < 0; i++)
		usleep(1000);
	r = make_socket(options, ret, w);
	close(folder);
	return r;
}

/* ------------------------------------------------------------------ taking it */

static int
socket_option(int fd, int option)
{
	int value = 0;
	socklen_t size = sizeof value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0 ? -1 : value;
}

static bool
is_listening(int fd)
{
	return socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_TYPE) == SOCK_STREAM
	    && socket_option(fd, SO_ACCEPTCONN) == 1;
}

static bool
has_path(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof address;

	return getsockname(fd, (struct sockaddr *)&address, &size) == 0
	    && strncmp(address.sun_path, path, sizeof address.sun_path) == 0;
}

/* It can be reached: it listens at the path, and its file has not been removed. */
static bool
listens_at(int fd, const char *path)
{
	struct stat file;

	return is_listening(fd) && has_path(fd, path) && lstat(path, &file) == 0
	    && S_ISSOCK(file.st_mode);
}

static void
listener_name(const struct unix_sink *sink, char name[static UNIX_STORE_NAME_SIZE])
{
	snprintf(name, UNIX_STORE_NAME_SIZE, "l-%" PRIu64 "-%" PRIu64, sink->table->header->listener_table,
	    sink->table->header->listener);
}

/* Of a path that is no longer ours.  The store has a duplicate: shut down, it refuses as if
 * closed. */
static void
drop_stored(const char *name, int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof address - 1;
	char text[256];

	if (is_listening(fd) && getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
		(void)shutdown(fd, SHUT_RDWR);
		if (address.sun_path[0] == '/')
			(void)remove_stale(address.sun_path, &(struct wrong){ text, sizeof text });
	}
	fdstore_remove(name);
	close(fd);
}

/* A predecessor's. */
static bool
take_stored(struct unix_sink *sink)
{
	char name[UNIX_STORE_NAME_SIZE];
	int fd;

	if (sink->table->header->listener == 0)
		return false;
	listener_name(sink, name);
	fd = fdstore_take(name);
	if (fd < 0)
		return false;
	if (!listens_at(fd, sink->options.path)) {
		drop_stored(name, fd);
		return false;
	}
	sink->listener.fd = fd;
	note_file(&sink->listener, sink->options.path);
	return true;
}

struct left {
	const char *path;
	char name[UNIX_STORE_NAME_SIZE];
};

static void
left_find(const char *name, int fd, void *context)
{
	struct left *left = context;

	if (strncmp(name, "l-", 2) == 0 && strlen(name) < sizeof left->name
	    && listens_at(fd, left->path))
		strcpy(left->name, name);
}

/* A predecessor's whose table is damaged, or whose sink had another name: it listens on, for
 * nobody else. */
static bool
take_left(struct unix_sink *sink)
{
	struct left left = { .path = sink->options.path };

	fdstore_each(left_find, &left);
	if (left.name[0] == '\0')
		return false;
	sink->listener.fd = fdstore_take(left.name);
	fdstore_remove(left.name);
	note_file(&sink->listener, sink->options.path);
	return true;
}

/* Of a socket unit: FileDescriptorName= is the sink's name, or none was given and it is the
 * unit's. */
static int
take_activated(struct unix_sink *sink, const struct wrong *w)
{
	int fd = fdstore_take(sink->name);

	if (fd < 0)
		fd = fdstore_take("awaitd.socket");
	if (fd < 0)
		return 0;
	if (!is_listening(fd) || !has_path(fd, sink->options.path)) {
		close(fd);
		return wrong(w, -EINVAL, "the service manager's socket is not that of \"path\" "
		    "(%s): let ListenStream= say the same", sink->options.path);
	}
	sink->listener.fd = fd;
	sink->listener.activated = true;
	return 1;
}

static void
store(struct unix_sink *sink)
{
	char name[UNIX_STORE_NAME_SIZE];

	if (sink->listener.activated)
		return;
	sink->table->header->listener_table = sink->table->extent->id;
	sink->table->header->listener = ++sink->table->header->generations;
	listener_name(sink, name);
	if (fdstore_push(name, sink->listener.fd) < 0)
		sink->table->header->listener = 0;
}

static void
listener_begin(struct unix_listener *listener)
{
	(void)fcntl(listener->fd, F_SETFL, O_NONBLOCK);
	watch_init(&listener->watch, listener->fd);
}

int
unix_listener_open(struct unix_sink *sink, char *message, size_t size)
{
	const struct wrong w = { message, size };
	int r;

	sink->listener.fd = -1;
	if (take_stored(sink))
		r = unix_listener_permit(sink->options.path, &sink->options, message, size);
	else if (take_left(sink)) {
		r = unix_listener_permit(sink->options.path, &sink->options, message, size);
		store(sink);
	} else {
		r = take_activated(sink, &w);
		if (r == 0)
			r = make_locked(&sink->options, &sink->listener, &w);
		if (r >= 0)
			store(sink);
	}
	if (r < 0) {
		unix_listener_close(sink, true);
		return r;
	}
	listener_begin(&sink->listener);
	return 0;
}

static bool
is_ours(const struct unix_listener *listener, const char *path)
{
	struct stat file;

	return listener->inode != 0 && lstat(path, &file) == 0 && file.st_dev == listener->device
	    && file.st_ino == listener->inode;
}

void
unix_listener_close(struct unix_sink *sink, bool drop)
{
	struct unix_listener *listener = &sink->listener;
	char name[UNIX_STORE_NAME_SIZE];

	if (listener->fd < 0)
		return;
	unix_accept_stop(sink);
	watch_fini(&listener->watch);
	if (drop && sink->table->header->listener != 0) {
		listener_name(sink, name);
		fdstore_remove(name);
		sink->table->header->listener = 0;
	}
	if (drop && is_ours(listener, sink->options.path))
		(void)unlink(sink->options.path);
	close(listener->fd);
	listener->fd = -1;
}

int
unix_listener_move(struct unix_sink *sink, const struct unix_options *to, char *message,
    size_t size)
{
	struct unix_listener fresh = { .fd = -1 };
	int r = make_locked(to, &fresh, &(struct wrong){ message, size });

	if (r < 0)
		return r;
	unix_listener_close(sink, true);
	sink->listener = fresh;
	store(sink);
	listener_begin(&sink->listener);
	return 0;
}

/* fdstore.h - systemd's file descriptor store (systemd.service(5), FileDescriptorStoreMax=;
 * sd_pid_notify_with_fds(3)): where fds wait while no process of ours lives.
 *
 * Names are short, [a-z0-9-], and never used again for another fd: they end in a generation.
 * Without a store every push succeeds and keeps nothing, so that callers need no second path. */
#ifndef BASE_FDSTORE_H
#define BASE_FDSTORE_H

#include <stdbool.h>
#include <stddef.h>

#define FDSTORE_NAME_MAX 255   /* what systemd takes (FDNAME=) */

/* Reads NOTIFY_SOCKET, FDSTORE, LISTEN_FDS and LISTEN_FDNAMES and takes them out of the
 * environment.  A store is assumed where NOTIFY_SOCKET is set and FDSTORE is unset (systemd before
 * 254 does not say) or above 0.  0 or -errno: -EAFNOSUPPORT, -ENAMETOOLONG (NOTIFY_SOCKET is no
 * address that can be sent to), -EBADF (LISTEN_FDS lies), -EMFILE, -ENOMEM; what could be had works
 * all the same. */
int fdstore_open(void);

/* Closes the socket and what nobody took; what is stored stays stored. */
void fdstore_close(void);

bool fdstore_present(void);

/* Somebody listens to fdstore_notify(). */
bool fdstore_notified(void);

/* Hands a duplicate to the store, with FDPOLL=0.  Never blocks: -EAGAIN when the manager's queue is
 * full, and then nothing was stored.  The caller keeps its fd. */
int fdstore_push(const char *name, int fd);

/* Takes the name out of the store.  Never fails visibly: what the manager's queue has no room for
 * is sent later, before anything else is; without memory to remember it, it is removed at the next
 * start. */
void fdstore_remove(const char *name);

/* Sends the removals that are still owed.  True: there are none left. */
bool fdstore_flush(void);

/* The fd that the manager handed over under this name, once; it is then the caller's (CLOEXEC,
 * O_NONBLOCK untouched).  -1: none.  Socket activation's fds come under their
 * FileDescriptorName. */
int fdstore_take(const char *name);

/* For each name handed over and not taken yet; the callee may take it. */
void fdstore_each(void (*each)(const char *name, int fd, void *context), void *context);

/* After everyone took theirs: the rest is removed from the store and closed.  How many. */
size_t fdstore_drop_untaken(void);

/* Sends one sd_notify(3) message over the same socket: "READY=1", "STATUS=...", ...  0 also without
 * anyone to tell; -EAGAIN as above; -errno. */
int fdstore_notify(const char *message);

/* The same, before the removals that found no room and are still owed. */
int fdstore_notify_urgent(const char *message);

#endif

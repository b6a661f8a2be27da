/* fdstore.h - systemd's file descriptor store (systemd.service(5), FileDescriptorStoreMax=;
 * sd_pid_notify_with_fds(3)): where fds wait while no process of ours lives.
 *
 * Names are short, [a-z0-9-], and never used again for another fd: they end in a generation. Without a
 * store every push succeeds and keeps nothing, so that callers need no second path. */
#ifndef BASE_FDSTORE_H
#define BASE_FDSTORE_H

#include <stdbool.h>

/* Reads NOTIFY_SOCKET, FDSTORE, LISTEN_FDS and LISTEN_FDNAMES and takes them out of the
 * environment.  A store is assumed where NOTIFY_SOCKET is set and FDSTORE is unset (systemd before
 * 254 does not say) or above 0.  0 or -errno. */
int fdstore_open(void);
void fdstore_close(void);

bool fdstore_present(void);

/* Hands a duplicate to the store, with FDPOLL=0.  Never blocks: -EAGAIN when the manager's queue is
 * full, and then nothing was stored.  The caller keeps its fd. */
int fdstore_push(const char *name, int fd);

/* Takes the name out of the store.  Never fails visibly: what stays is removed at the next start. */
void fdstore_remove(const char *name);

/* The fd that the manager handed over under this name, once; it is then the caller's (CLOEXEC,
 * O_NONBLOCK untouched).  -1: none.  Socket activation's fds come under their FileDescriptorName. */
int fdstore_take(const char *name);

/* For each name handed over and not taken yet; the callee may take it. */
void fdstore_each(void (*each)(const char *name, int fd, void *context), void *context);

/* Sends one sd_notify(3) message over the same socket: "READY=1", "STATUS=...", ... */
int fdstore_notify(const char *message);

#endif

/* signal_watch.h - signals as events: SIGTERM and SIGINT to stop, SIGHUP to reload.
 *
 * While a signal is watched it does nothing else, and the loop goes on running to wait for it.  One
 * watch a signal.  Signals that come while another one of the kind waits to be taken are one,
 * as with the kernel. */
#ifndef ASYNC_SIGNAL_WATCH_H
#define ASYNC_SIGNAL_WATCH_H

#include <stdbool.h>

#include "async/loop_backend.h"
#include "async/promise.h"

struct signal_watch {
	struct loop_io io;
	struct promise promise;
	void (*on_signal)(struct signal_watch *watch);
	bool asked;              /* signal_next() waits for it */
	bool arrived;            /* before it was asked for */
};

/* Watches from now on.  `on_signal` is called in the loop for each; NULL: signal_next() tells.  0 or
 * -errno: -ENOMEM, -EINVAL. */
int signal_watch_init(struct signal_watch *watch, int signo,
    void (*on_signal)(struct signal_watch *watch));

/* The default action is back.  An await that goes on is rejected with -ECANCELED.  Also for a zeroed one. */
void signal_watch_fini(struct signal_watch *watch);

/* Fulfilled with the signal's number when it arrives, or has since the last time. */
struct promise *signal_next(struct signal_watch *watch);

#endif

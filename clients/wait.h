/* wait.h - the one place where awaitctl waits, so that a signal, the end of the time and a reader
 * that has left end every wait alike. */
#ifndef CLIENTS_WAIT_H
#define CLIENTS_WAIT_H

#include <stdint.h>

/* SIGINT, SIGTERM and SIGHUP are blocked from here on except inside wait_for(): a line that is
 * being written is written whole.  The second one kills at once.  SIGPIPE is ignored: a reader
 * that leaves is seen as -EPIPE. */
void wait_prepare(void);

/* Waits until `fd` is ready for `events` (poll(2)); -1 waits for the time alone.
 * Gives 0, -ETIMEDOUT at the deadline (DEADLINE_NONE: never), -EINTR once a signal asks to stop,
 * -EPIPE once nobody reads stdout any more. */
int wait_for(int fd, short events, uint64_t deadline);

/* The same for what has to be finished: the first signal does not end it, the second kills. */
int wait_to_finish(int fd, short events, uint64_t deadline);

/* Ends the program as the signal that asked would have, so that a shell's loop ends too;
 * returns if there was none. */
void wait_die_by_signal(void);

/* Undoes wait_prepare(), before another program is executed. */
void wait_restore(void);

#endif

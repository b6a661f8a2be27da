/* loop_manual.h - the loop for tests: its clock stands at 0 until a test or the next timer
 * moves it, and fds are ready when the test says so.  Nothing waits and nothing is left to chance.
 *
 * A turn: what is ready, in the order in which it began to be waited for; then the timers that are due.  With
 * neither, and no jobs left, the clock jumps to the earliest timer and it fires.  So loop_run()
 * runs to idle; it returns too when all that is left is watches that are not ready.  Drains have no cap.
 *
 * Calls of a worker are waited for before the clock moves: they take no time. */
#ifndef ASYNC_LOOP_MANUAL_H
#define ASYNC_LOOP_MANUAL_H

#include <stdbool.h>
#include <stdint.h>

extern const struct loop_backend loop_manual;

/* Moves the clock by `ns`, firing what falls due on the way, each at its own time.  0 or
 * -errno. */
int loop_manual_advance(uint64_t ns);

/* Turns without moving the clock, until nothing is left to do.  0 or -errno. */
int loop_manual_settle(void);

enum {
	MANUAL_READABLE = 1,
	MANUAL_WRITABLE = 2,
	MANUAL_CLOSED = 4,
};

/* From now on `fd`, any number, is ready for just that (0: nothing), until said otherwise.  0 or
 * -ENOMEM. */
int loop_manual_ready(int fd, unsigned what);

/* The fds are real ones, and poll(2) is asked at each turn, too; it does not wait. */
void loop_manual_poll(bool real);

/* The signal arrives, now; from outside of the loop.  Nobody watches it: nothing. */
void loop_manual_raise(int signo);

#endif

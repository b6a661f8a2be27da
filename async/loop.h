/* loop.h - the agent's event loop.  One at a time, in one thread.
 *
 * A turn: jobs that were made outside; wait until something is ready; for each thing that is,
 * its callback and then the jobs that it made; then the turn-end tasks and their jobs; then the
 * report of unhandled rejections.  No drain runs more than 256 jobs, some 10 us, so that a body
 * that feeds itself delays nobody; what is left runs behind the next look at what is ready.
 *
 * Two backends: loop_libevent waits for the kernel, loop_manual.h for its test. */
#ifndef ASYNC_LOOP_H
#define ASYNC_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct loop_backend;
extern const struct loop_backend loop_libevent;

/* 0 or -errno: -EMFILE, -ENFILE, -ENOMEM, -EALREADY when one is open. */
int loop_open(const struct loop_backend *backend);

/* Everything that waits on the loop has been closed before: watches, signals, workers; timers
 * are forgotten.  Without an open loop: nothing. */
void loop_close(void);

bool loop_is_open(void);

/* Turns until loop_stop() or until nothing is left that could ever happen: no job, no timer, no
 * watch, no signal waited for, no call of a worker.  0 or -errno. */
int loop_run(void);

/* loop_run() returns behind the turn that is going on; one that comes later runs again. */
void loop_stop(void);

/* One turn; it waits only when there is no job and no turn-end task to begin with.  1; 0 when
 * nothing was done and nothing is left that could happen; or -errno. */
int loop_turn(void);

/* Turns since loop_open(): what a watchdog looks at. */
uint64_t loop_turns(void);

/* Jobs are left to the next turn: this one's drain has run as many as it may. */
bool loop_is_cut(void);

/* CLOCK_MONOTONIC in nanoseconds, read once a turn, when first asked for. */
uint64_t loop_now(void);

/* The same, read now. */
uint64_t loop_now_refresh(void);

/* --------------------------------------------------------- turn-end tasks
 * Embedded in who registers it; zeroed but for `run` before the first time.  Each registration
 * is one call, in order, behind the drain of the turn's jobs; one that is made in a task or
 * behind it is for the next turn, which then does not wait. */
struct turn_task {
	void (*run)(struct turn_task *task);
	TAILQ_ENTRY(turn_task) link;
	bool registered;
};

/* Registered already: nothing. */
void loop_at_turn_end(struct turn_task *task);

/* Before its memory goes away.  Not registered: nothing. */
void turn_task_cancel(struct turn_task *task);

/* ------------------------------------------------------------------- log
 * What the library below says of its own: a line without its end.  NULL (the default): standard
 * error. */
void loop_set_log(void (*log)(const char *line));

#endif

/* loop_backend.h - what the loop asks of a backend, and what a backend tells the loop.  For
 * async/ alone. */
#ifndef ASYNC_LOOP_BACKEND_H
#define ASYNC_LOOP_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum loop_what {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
	LOOP_CLOSED = 4,       /* the peer has shut down its writing, or more */
	LOOP_PERSIST = 8,      /* stays added when it has fired */
	LOOP_EDGE = 16,        /* edge-triggered */
	LOOP_INTERNAL = 32,    /* does not keep the loop running */
	LOOP_REAL = 64,        /* a real fd even on the manual loop */
};

/* One thing to wait for: an fd, or a signal.  In the memory of who waits. */
struct loop_io {
	void (*fire)(struct loop_io *io, unsigned what);
	int fd;                /* or the signal's number */
	uint8_t what;          /* enum loop_what */
	bool added;
	bool signal;
	uint8_t unheard;       /* watch.c: so often in a row it has fired with nobody awaiting it */
	union {
		/* libevent's struct event, whose size only loop_libevent.c knows. */
		_Alignas(void *) unsigned char event[128];
		struct {
			TAILQ_ENTRY(loop_io) link;
			uint64_t round;
			unsigned seen;   /* for LOOP_EDGE */
		} manual;
	} backend;
};

struct loop_backend {
	const char *name;

	/* How many jobs one drain runs at most. */
	size_t jobs_max;

	/* 0 or -errno.  After an error everything is as before. */
	int (*open)(void);
	void (*close)(void);

	/* Calls everything that is ready, each by loop_io_fire() or timers_run(); with `wait`
	 * nothing else is left to do, and it waits until something is.  1; 0 when nothing was ready
	 * and, with `wait`, nothing is going to be; or -errno. */
	int (*turn)(bool wait);

	/* CLOCK_MONOTONIC, or the manual clock. */
	uint64_t (*now)(void);

	/* The earliest deadline has changed to one before what the backend was told last, or
	 * that one has passed.  UINT64_MAX: there is none.  0 or -errno. */
	int (*arm)(uint64_t deadline);

	/* Begins and ends waiting for an io that is not added, or is.  add: 0 or -errno. */
	int (*add)(struct loop_io *io);
	void (*remove)(struct loop_io *io);
};

/* For who waits.  An io added already, or not added: nothing. */
int loop_io_add(struct loop_io *io);
void loop_io_remove(struct loop_io *io);

/* Calls in progress elsewhere (worker.c): while there are some, the loop goes on. */
void loop_busy(int change);
unsigned loop_busy_count(void);

/* For a backend: the io has happened.  Its callback, then its jobs; it may be gone then. */
void loop_io_fire(struct loop_io *io, unsigned what);

/* Runs jobs, at most jobs_max: the end of every callback. */
void loop_drain(void);

/* The clock has changed within a turn. */
void loop_now_forget(void);

/* The deadline that arm() was told last has come. */
void loop_timer_fired(void);

void loop_log(const char *line);

#endif

/* crash.h - input that crashes the process is given up after three attempts, and nothing else is.
 *
 * Whoever reads input says where it is before it looks at it: a place in memory that survives, and
 * which piece of the input it is.  A handler for the signals by which a process dies of itself
 * (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, also of an assertion or of a watchdog) notes the death
 * there, and lets the signal do what it does.  A successor that comes to a piece which was in hand
 * at three deaths in a row skips it, and says so.
 *
 * So a SIGKILL is never counted, nor a death with other input in hand, or none: an innocent piece
 * is given up only if the process died of itself three times in a row, without getting any
 * further, and each time just while it was at this piece. */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRASH_ATTEMPTS 3

/* For one input, in memory that survives; zeroed at first.  A reader's, but for what the handler
 * writes. */
struct crash_place {
	uint64_t at;             /* the piece that is in hand, or was the last: an offset, say */
	uint64_t died_at;        /* the piece of the last death; by the handler, as what follows */
	uint32_t deaths;         /* in a row, at that piece; 0: none */
	uint32_t signal;         /* of the last one; 0: it has been told of */
};

/* The input in hand of this thread; NULL: none. */
extern _Thread_local struct crash_place *crash_place;

/* From here on this thread has in hand what was at `place->at` when it was last entered, or
 * nothing (NULL). */
static inline void
crash_resume(struct crash_place *place)
{
	__atomic_store_n(&crash_place, place, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* From here on it has the piece at `at` in hand.  False: that is to be given up. */
static inline bool
crash_enter(struct crash_place *place, uint64_t at)
{
	__atomic_store_n(&place->at, at, __ATOMIC_RELAXED);
	crash_resume(place);
	return place->deaths < CRASH_ATTEMPTS || place->died_at != at;
}

/* It is done with what it had in hand. */
static inline void
crash_leave(void)
{
	crash_resume(NULL);
}

/* Before a place's memory goes. */
static inline void
crash_forget(const struct crash_place *place)
{
	if (crash_place == place)
		crash_leave();
}

/* The input at this place is another, whose pieces may have the names of former ones. */
static inline void
crash_reset(struct crash_place *place)
{
	__atomic_store_n(&place->deaths, 0, __ATOMIC_RELAXED);
}

/* Installs the handlers, on a stack of their own.  What they find installed is called behind them.
 * 0 or -errno. */
int crash_open(void);

#endif

/* stream_private.h - struct stream, for the files that it is spread over:
 *	stream.c	its life: new, begin, listeners
 *	stream_end.c	its source is done, its chain failed, or its owner stops it
 *	stream_change.c	other options, under a reload
 *	chain.c		its generators, put together, and the kept block that they share
 *	pump.c		from the chain into the log, and the entries that are the stream's own
 *	stream_fds.c	what its source leaves to a successor: fds and bulk
 *	stream_reports.c	what is told to whoever logs
 *	table.c		all streams by name */
#ifndef STREAMS_STREAM_PRIVATE_H
#define STREAMS_STREAM_PRIVATE_H

#include "async/for_await.h"
#include "async/loop.h"
#include "async/timer.h"
#include "base/crash.h"
#include "streams/retry.h"
#include "streams/stream.h"

/* How long to wait behind what should not have failed: no memory. */
#define BEGIN_AGAIN_NS RETRY_FIRST_NS

enum stream_phase {
	PHASE_IDLE,          /* nothing runs: nobody listens, or it has not begun */
	PHASE_WAITING,       /* to begin: for room in the log, or for memory */
	PHASE_RUNNING,
	PHASE_CLOSING,       /* its pump is cancelled; pump_ended() goes on */
	PHASE_ENDING,        /* its source is done; `ended` waits for room in the log */
	PHASE_ENDED,
	PHASE_REMOVED,       /* out of the table; lives on until its last readers have run */
};

struct stream {
	struct stream_options options;
	struct arena *arena;
	struct log *log;
	struct extent *bulk;             /* NULL: not asked for yet */
	struct stream_fd *fds;
	struct iterator *chain;          /* what the pump iterates; owns all below it */
	struct iterator *retry;          /* the innermost of it */
	struct for_await *pump;
	const struct event *held;        /* waits for room */
	struct crash_place *in_hand;     /* the input that the chain is at; or NULL */
	struct promise gate;             /* what the pump then waits for */
	struct job room;                 /* our reaction on the log's room */
	struct timer timer;              /* linger while running, else to begin again */
	struct timer expect;
	struct turn_task last_turn;
	uint64_t arrived_ns;             /* the last event, if it is to be expected again */
	uint64_t unreported, report_from_ns;
	size_t listeners;
	unsigned char committed[KEPT_MAX];   /* the kept block as of the last commit */
	size_t kept_size;                /* how much of it the chain uses */
	void (*stopped)(struct stream *stream, void *context);
	void *context;
	uint8_t phase;                   /* enum stream_phase */
	uint8_t state;                   /* enum stream_state */
	uint8_t said;                    /* the last one that is in the log */
	uint8_t turns_left;              /* PHASE_REMOVED */
	bool lost_fds;                   /* a predecessor's may be in the store, and not adopted */
	bool stopping, handing_over;
	bool renewing;                   /* its generators end so that new ones go on there */
	bool say_changed;                /* of another unit, as soon as there is room */
	bool settling;                   /* sinks look at the log as it was left */
};

/* For a part of the chain that is about to look at an event: if that kills the process, its input
 * is to blame. */
static inline void
stream_resume(const struct stream *stream)
{
	crash_resume(stream->in_hand);
}

/* What it had in hand is consumed. */
void stream_leave(struct stream *stream);

static inline struct stream *
stream_of_timer(struct timer *timer)
{
	return (struct stream *)((char *)timer - offsetof(struct stream, timer));
}

/* -------------------------------------------------------------------- life */

/* -E2BIG: it keeps more than a commit holds. */
int stream_options_check(const struct stream_options *options);

/* Of another chain, too. */
void stream_set_options(struct stream *stream, const struct stream_options *options);

/* False: the log is still of the chain before this one. */
bool stream_owns_log(const struct stream *stream);

/* Shall it be read? */
bool stream_is_wanted(const struct stream *stream);

/* Begins or stops reading, as listeners and options now are. */
void stream_consider(struct stream *stream);

void stream_begin_later(struct stream *stream, uint64_t ns);

/* Stops reading: PHASE_CLOSING until the pump is over, if one runs. */
void stream_close(struct stream *stream);

/* Of a stream of which nothing else is left. */
void stream_free(struct stream *stream);

/* The pump is over; for pump.c. */
void stream_pump_ended(struct stream *stream, int error);

/* ------------------------------------------------------------------- chain */

/* The chain's word in the log: its configuration, and the shape of what it keeps.  Never 0; its
 * upper half is of the source alone, the origin. */
uint64_t chain_word(const struct stream_options *options);
uint32_t chain_origin(const struct stream_options *options);

/* Bytes of its kept block. */
size_t chain_kept_size(const struct stream_options *options);

/* Makes the generators over the log's kept block.  0 or -ENOMEM. */
int chain_build(struct stream *stream);

/* The options have moved. */
void chain_rebind(struct stream *stream);

/* What was worked on since the last commit never happened. */
void chain_revert(struct stream *stream);

/* A commit has been made: remembers what is kept by it. */
void chain_committed(struct stream *stream);

/* Another chain: clears the kept block.  Of the same source: what operators kept. */
void chain_reset(struct stream *stream);
void chain_reset_operators(struct stream *stream);

/* -------------------------------------------------------------------- pump */

/* Begins to iterate stream->chain.  0 or -ENOMEM. */
int pump_start(struct stream *stream);
void pump_cancel(struct stream *stream);

/* Logs an entry of the stream's own, which commits nothing of what the chain is at but
 * `position`.  0, or -EAGAIN: there is no room. */
int stream_say(struct stream *stream, enum stream_state state, int error,
    struct position position);

/* False: there is room in the log.  True: `run` is called, once, when there is, with
 * &stream->room. */
bool stream_await_room(struct stream *stream, void (*run)(struct job *job));

/* For `run`: whose reaction it was, which is over by that.  Not *ret_has_room: there was no memory
 * to wait. */
struct stream *stream_of_room(struct job *job, bool *ret_has_room);

/* The `expect` timer begins anew, or stops. */
void expect_start(struct stream *stream);
void expect_stop(struct stream *stream);

/* --------------------------------------------------------------------- fds */

/* Finds what a predecessor stored for this stream. */
int stream_fds_adopt(struct stream *stream);

/* Those that the source did not take are out of date. */
void stream_fds_drop_untaken(struct stream *stream);

/* All of them, and the bulk: of a source that is gone. */
void stream_fds_drop(struct stream *stream);

/* Forgets, and leaves them to a successor. */
void stream_fds_release(struct stream *stream);

/* ------------------------------------------------------------------- table */

int table_insert(struct stream *stream);
void table_remove(struct stream *stream);
void table_tell_added(struct stream *stream);
void table_tell_removed(struct stream *stream);
void table_tell_changed(struct stream *stream);

/* ----------------------------------------------------------------- reports */

void stream_report(const struct stream *stream, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An entry of state that has been logged. */
void stream_report_state(const struct stream *stream, const struct event *event);

#endif

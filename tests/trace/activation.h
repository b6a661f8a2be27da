/* activation.h - one run of a generator's or consumer's body: an interpreter of statements that
 * stops where the body waits, by an explicit stack of frames. */
#ifndef TRACE_ACTIVATION_H
#define TRACE_ACTIVATION_H

#include "async/async_generator.h"
#include "async/delegate.h"
#include "async/iteration.h"
#include "async/sync_iterator.h"
#include "async/timer.h"
#include "tests/trace/program.h"

enum outcome_type {
	OUT_NORMAL,
	OUT_THROW,
	OUT_RETURN,
	OUT_BREAK,
	OUT_CONTINUE,
};

struct outcome {
	enum outcome_type type;
	union value value;
};

struct activation;
struct frame;

/* Goes on with a frame: with how what it waited for, or the frame above it, has ended.  True:
 * *outcome is for the frame that is the topmost now.  False: the body stops with activation->step. */
typedef bool (*frame_resume)(struct activation *activation, struct frame *frame,
    struct outcome *outcome);

struct frame {
	struct frame *outer;
	frame_resume resume;
	const struct statement *statement;
	const struct block *block;       /* of a block's frame */
	size_t at;                       /* next statement, round or phase */
	size_t rounds;                   /* of a for-await */
	struct outcome saved;            /* what finally replaces or goes on with */
	union value waits_for;           /* a plain value that is awaited for a tick */
	struct call *call;
	struct iteration loop;
	struct delegate delegate;
	struct sync_delegate sync_delegate;
	struct timer timer;
	struct block front;              /* of a loop by callbacks: the body before its gate */
	struct promise *gate;            /* of the same: what on_value() has returned last */
};

enum activation_kind {
	IN_ASYNC,
	IN_SYNC,
	IN_CONSUMER,
};

struct activation {
	const char *who;
	enum activation_kind kind;
	const struct block *body;
	bool begun, ended;
	unsigned calls;
	union value registers[REG_COUNT];
	struct frame *top;
	struct coroutine *co;            /* while it runs */
	enum step step;                  /* how it stops */
	struct outcome entering;         /* for the first frame when a new coroutine goes on */
	struct for_await *loop;          /* for_await() goes on in its place */
};

struct activation *activation_new(const char *who, enum activation_kind kind,
    const struct block *body);

/* The body of every coroutine here; its frame is a pointer to the activation. */
enum step activation_body(struct coroutine *co, void *frame);

/* Runs frames from the topmost to above `until`; false when the body waits. */
bool activation_run(struct activation *activation, const struct frame *until,
    struct outcome *outcome);

struct frame *frame_push(struct activation *activation, frame_resume resume,
    const struct statement *statement);
void frame_pop(struct activation *activation);
void block_push(struct activation *activation, const struct block *block);

union value evaluate(const struct expr *expr, const struct activation *activation);

/* Stops at an await of the value; what is received goes through frame_received(). */
bool frame_await(struct activation *activation, struct frame *frame, union value value);
void frame_received(const struct frame *frame, struct outcome *outcome);

/* Begins a statement; as frame_resume. */
bool statement_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome);

bool yield_begin(struct activation *, const struct statement *, struct outcome *);
bool yield_star_begin(struct activation *, const struct statement *, struct outcome *);
bool for_await_begin(struct activation *, const struct statement *, struct outcome *);
bool try_begin(struct activation *, const struct statement *, struct outcome *);
bool loop_begin(struct activation *, const struct statement *, struct outcome *);
bool if_begin(struct activation *, const struct statement *, struct outcome *);
bool spread_begin(struct activation *, const struct statement *, struct outcome *);
bool call_begin(struct activation *, const struct statement *, struct outcome *);
bool ticker_begin(struct activation *, const struct statement *, struct outcome *);

/* The same as for_await_begin(), by for_await(); false: it cannot be. */
struct instance;
bool callbacks_possible(const struct activation *, const struct statement *,
    const struct instance *);
void callbacks_begin(struct activation *, const struct statement *, struct instance *);

/* An async function: a coroutine with one next().  Starts it, or goes on with its activation. */
void consumer_resume(struct activation *activation);

/* Cancels what the consumers wait for. */
void consumers_cancel(void);

#endif

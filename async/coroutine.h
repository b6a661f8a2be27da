/* coroutine.h - the body of a generator, and the seven words it is written in.
 *
 * The contract: a body is a function that is called again and again with the same frame, does the
 * next piece of its work and says by what it returns how it stopped.  It may be written by hand, or
 * interpreted, against just that (struct coroutine's `received`, enum step).  The words below make
 * it read from top to bottom:
 *
 *	static enum step
 *	body(struct coroutine *co, void *frame)
 *	{
 *		struct counter *self = frame;           // runs at each resumption
 *
 *		BEGIN(co);
 *		acquire;
 *		for (...) {
 *			AWAIT(promise);                 // co->value is what it gave
 *			YIELD(pointer);
 *			if (bad)
 *				THROW(-EIO);
 *		}
 *		FINALLY;                                // on end, throw() and return(); may AWAIT
 *		release;                                // unconditionally: every free takes NULL
 *		END;
 *	}
 *
 * What must live across an AWAIT lives in the frame (a local that does is a compile error).  No
 * AWAIT in a switch of the body, no plain return, no cleanup attribute: the first two abort with
 * a message, the third does not compile. */
#ifndef ASYNC_COROUTINE_H
#define ASYNC_COROUTINE_H

#include <stdbool.h>

#include "async/iterator.h"

enum step {
	/* Suspend until the promise in co->value.pointer has settled.  The reference to it is
	 * handed over; NULL is a promise rejected with -ENOMEM. */
	STEP_AWAIT,
	/* Make the call of the request in co->value.pointer, which iterator_next_begin() has begun,
	 * and suspend until its promise has settled.  A call that threw says so in the request. */
	STEP_NEXT,
	/* Suspend for one tick, as an await of a plain value does. */
	STEP_TICK,
	/* yield co->value: one tick, then the request in front is answered with it. */
	STEP_YIELD,
	/* The same without the tick: the value was awaited already, or is of a yield*. */
	STEP_YIELD_AWAITED,
	/* The body is over, with co->value; `return v` awaits v before. */
	STEP_RETURN,
	/* The body is over, with the error co->value. */
	STEP_THROW,
};

struct coroutine;
typedef enum step (*coroutine_body)(struct coroutine *co, void *frame);

struct coroutine {
	coroutine_body body;
	const char *name;        /* for people; outlives the coroutine */
	const char *file;        /* of the body, once begun */
	union value value;       /* in: what was received; out: as enum step says */
	union value result;      /* the macros': what RETURN or the first error left for END */
	uint16_t line;           /* where it is suspended, or threw; 0: not begun */
	uint16_t thrown_at;      /* the macros': the line of the first error */
	uint8_t received;        /* enum completion_type of `value` */
	uint8_t ending;          /* the macros': how END will end */
	bool in_finally : 1;
	bool in_child : 1;       /* async/child.h: runs one, which the frame points to first */
	bool ended : 1;          /* the macros': END was reached */
};

/* The body that is running now, NULL outside. */
extern const struct coroutine *coroutine_running;

/* For the runtime, which acts in a body's name: makes it the running one; gives the one before. */
static inline const struct coroutine *
coroutine_enter(const struct coroutine *co)
{
	const struct coroutine *outer = coroutine_running;

	coroutine_running = co;
	return outer;
}

/* Calls the body.  For the two kinds of generators, which check its end by coroutine_check_end().
 */
static inline enum step
coroutine_resume(struct coroutine *co, void *frame)
{
	const struct coroutine *outer = coroutine_enter(co);
	enum step step = co->body(co, frame);

	coroutine_enter(outer);
	return step;
}

/* A body that is over has gone through FINALLY; else this says so and aborts. */
void coroutine_check_end(const struct coroutine *co);

/* ------------------------------------------------- what the words stand on */

/* What was received goes wrong: notes how the body has to end and tells to go to FINALLY; within
 * FINALLY an error is noted, if it is the first, and the body goes on behind the await. */
bool coroutine_goes_abrupt(struct coroutine *co);

static inline bool
coroutine_abrupt(struct coroutine *co)
{
	return co->received != COMPLETION_NORMAL && coroutine_goes_abrupt(co);
}

/* The same behind a close: -ECANCELED is how a close succeeds. */
bool coroutine_abrupt_close(struct coroutine *co);

/* The call of next() threw, or its result was not an object: a TypeError. */
bool coroutine_next_fails(struct coroutine *co, const struct iterator_request *request);

/* Behind next(): its result is in the request, or what was received goes wrong. */
static inline bool
coroutine_abrupt_next(struct coroutine *co, const struct iterator_request *request)
{
	if (request->threw || request->promise.result == RESULT_NOT_OBJECT)
		return coroutine_next_fails(co, request);
	return coroutine_abrupt(co);
}

enum step coroutine_end(struct coroutine *co);
/* For BEGIN: the body was resumed at a line that it has no place for. */
_Noreturn void coroutine_trap(const struct coroutine *co);
/* For the generators: it returned what is no step of its kind. */
_Noreturn void coroutine_trap_step(const struct coroutine *co);

static inline enum step
coroutine_await(struct coroutine *co, struct promise *promise, int line)
{
	co->line = (uint16_t)line;
	co->value.pointer = promise;
	return STEP_AWAIT;
}

static inline enum step
coroutine_next(struct coroutine *co, struct iterator *iterator, struct iterator_request *request,
    int line)
{
	iterator_next_begin(iterator, request);
	co->line = (uint16_t)line;
	co->value.pointer = request;
	return STEP_NEXT;
}

static inline enum step
coroutine_yield(struct coroutine *co, const void *value, int line)
{
	co->line = (uint16_t)line;
	co->value.constant = value;
	return STEP_YIELD;
}

static inline enum step
coroutine_tick(struct coroutine *co, int line)
{
	co->line = (uint16_t)line;
	return STEP_TICK;
}

/* The first error is the one that counts. */
static inline void
coroutine_throw(struct coroutine *co, union value reason, int line)
{
	if (co->ending == COMPLETION_THROW)
		return;
	co->ending = COMPLETION_THROW;
	co->result = reason;
	co->thrown_at = (uint16_t)line;
}

/* --------------------------------------------------------------- the words */

#define COROUTINE_FALLTHROUGH ; __attribute__((fallthrough))

/* The outer switch's default is where an AWAIT inside a switch of the body ends up. */
#define BEGIN(co_) \
	struct coroutine *const coroutine_ = (co_); \
	switch (coroutine_->line) { \
	default: \
		coroutine_trap(coroutine_); \
	case 0: \
		coroutine_->file = __FILE__; \
		coroutine_->line = __LINE__

/* await promise */
#define AWAIT(promise) \
	do { \
		return coroutine_await(coroutine_, (promise), __LINE__); \
	case __LINE__: \
		if (coroutine_abrupt(coroutine_)) \
			goto coroutine_finally_; \
	} while (0)

/* await iterator.next(): the result is in the request (promise.value, promise.result). */
#define AWAIT_NEXT(iterator, request) \
	do { \
		return coroutine_next(coroutine_, (iterator), (request), __LINE__); \
	case __LINE__: \
		if (coroutine_abrupt_next(coroutine_, (request))) \
			goto coroutine_finally_; \
	} while (0)

/* await iterator_close(): in FINALLY, for every iterator that the body was given. */
#define CLOSE(iterator, request) \
	do { \
		iterator_close((iterator), (request)); \
		return coroutine_await(coroutine_, &(request)->promise, __LINE__); \
	case __LINE__: \
		if (coroutine_abrupt_close(coroutine_)) \
			goto coroutine_finally_; \
	} while (0)

/* yield pointer; what next() was given is then in co->value. */
#define YIELD(pointer) \
	do { \
		return coroutine_yield(coroutine_, (pointer), __LINE__); \
	case __LINE__: \
		if (coroutine_abrupt(coroutine_)) \
			goto coroutine_finally_; \
	} while (0)

/* throw error: a negative errno.  In FINALLY it only notes the error, if it is the first. */
#define THROW(error) \
	do { \
		coroutine_throw(coroutine_, value_number(error), __LINE__); \
		if (!coroutine_->in_finally) \
			goto coroutine_finally_; \
	} while (0)

/* return pointer, which awaits it: a tick, as the language has it. */
#define RETURN(pointer) \
	do { \
		coroutine_->result.constant = (pointer); \
		coroutine_->ending = COMPLETION_RETURN; \
		return coroutine_tick(coroutine_, __LINE__); \
	case __LINE__: \
		(void)coroutine_abrupt(coroutine_); \
		goto coroutine_finally_; \
	} while (0)

#define FINALLY \
	goto coroutine_finally_; \
coroutine_finally_: \
	coroutine_->in_finally = true

/* The only way out: names the label of FINALLY, so that a body without one does not compile. */
#define END \
	if (!coroutine_->in_finally) \
		goto coroutine_finally_; \
	} \
	return coroutine_end(coroutine_)

#endif

/* promise.h - promises (ECMA-262 27.2).
 *
 * Settling a promise never calls anyone: it appends the reactions' jobs to the queue, in the
 * order in which they were added.  Adding a reaction to a settled promise appends its job at once.
 *
 * A promise lives in one of two ways:
 *  - embedded (promise_init) in the object that settles it, which outlives every reaction on it:
 *    nothing counts references, and it may be initialised again for the next round;
 *  - counted (promise_new): the maker has the first reference, who awaits it takes that
 *    reference over, and the last one frees it.
 * promise_ref() and promise_unref() do nothing to an embedded promise and take NULL. */
#ifndef ASYNC_PROMISE_H
#define ASYNC_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

#include "async/job.h"
#include "async/value.h"

enum promise_state {
	PROMISE_PENDING,
	PROMISE_FULFILLED,
	PROMISE_REJECTED,
};

/* What a fulfilled promise of an iterator's method holds (ECMA-262 7.4.1, iterator results). */
enum result_kind {
	RESULT_VALUE,        /* {value, done: false}, or no iterator's result at all */
	RESULT_DONE,         /* {value, done: true} */
	RESULT_NOT_OBJECT,   /* a hand-written iterator's mistake: a TypeError for who awaits it */
};

struct promise {
	struct job *reactions;   /* circular, by its youngest; while pending */
	union value value;       /* or the reason */
	uint32_t references;     /* 0: embedded */
	uint8_t state;           /* enum promise_state */
	uint8_t result;          /* enum result_kind */
	bool handled;            /* a reaction was added: [[PromiseIsHandled]] */
	bool of_request;         /* embedded in a struct iterator_request */
};

/* A pending counted promise; NULL when memory is out, which every await takes for a promise
 * rejected with -ENOMEM. */
struct promise *promise_new(void);
struct promise *promise_resolved(union value value);   /* Promise.resolve(plain value) */
struct promise *promise_rejected(int error);           /* Promise.reject(-errno) */

/* Makes an embedded promise pending, for the first time or again. */
static inline void
promise_init(struct promise *promise)
{
	*promise = (struct promise){ .state = PROMISE_PENDING };
}

/* Before the memory of an embedded promise that may be rejected unhandled goes away. */
void promise_fini(struct promise *promise);

struct promise *promise_ref(struct promise *promise);
void promise_unref(struct promise *promise);

static inline struct promise *
promise_counted(struct promise *promise)
{
	return promise != NULL && promise->references > 0 ? promise : NULL;
}

/* Settle.  A promise settled already stays as it is. */
void promise_fulfill(struct promise *promise, union value value);
void promise_fulfill_reactions(struct promise *promise, union value value,
    enum result_kind result);

static inline void
promise_fulfill_result(struct promise *promise, union value value, enum result_kind result)
{
	if (promise->reactions != NULL) {
		promise_fulfill_reactions(promise, value, result);
	} else if (promise->state == PROMISE_PENDING) {
		promise->value = value;
		promise->state = PROMISE_FULFILLED;
		promise->result = (uint8_t)result;
	}
}

void promise_reject(struct promise *promise, union value reason);
void promise_fail(struct promise *promise, int error);

/* The resolve function given another promise: `promise` takes its state, two ticks after it
 * (NewPromiseResolveThenableJob).  Consumes a reference to `other`, holds one to `promise`. */
void promise_adopt(struct promise *promise, struct promise *other);

/* PerformPromiseThen with a job in place of closures.  Consumes one reference to the promise,
 * given back when the job has run or is taken off.  NULL: rejected with -ENOMEM. */
void promise_perform_then(struct promise *promise, struct job *job);

/* The same on an embedded promise that is pending and has no reaction yet. */
static inline void
promise_then_first(struct promise *promise, struct job *job)
{
	job->promise = promise;
	job->next = job;
	promise->reactions = job;
	promise->handled = true;
}

/* Takes off a reaction that has not run, whether its promise is settled or not. */
void promise_forget(struct job *job);

/* Promise.prototype.then: a handler's completion settles the derived promise, which is returned
 * (counted, the caller's).  A NULL handler passes on.  Consumes one reference to `promise`.
 * NULL: no memory; no handler is called then. */
struct completion {
	enum completion_type type;   /* COMPLETION_NORMAL or COMPLETION_THROW */
	union value value;
};
typedef struct completion (*promise_handler)(void *context, union value value);
struct promise *promise_then(struct promise *promise, promise_handler on_fulfilled,
    promise_handler on_rejected, void *context);

#endif

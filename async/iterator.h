/* iterator.h - async iterators: what a source, an operator, a cursor and an adapter have in
 * common (ECMA-262 27.1.3, the AsyncIterator interface), and the request that each call makes.
 *
 * A request is the caller's memory: the promise that the call gives lies in it, so that a call
 * allocates nothing.  It is free again once its promise has settled and every reaction on it has
 * run.  A caller may have any number of requests under way at once; they are answered in order. */
#ifndef ASYNC_ITERATOR_H
#define ASYNC_ITERATOR_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "async/promise.h"

struct iterator;

/* AsyncGeneratorRequest (27.6.3.1): a completion and a capability.  Zeroed is idle. */
struct iterator_request {
	struct iterator_request *next;   /* while the iterator has it queued */
	struct iterator *iterator;       /* whom it was made of; NULL: never used */
	struct promise promise;
	union value value;
	struct promise *awaited;         /* return(): the promise to await in place of `value` */
	uint8_t completion;              /* enum completion_type */
	bool threw;                      /* the call itself threw; the error is promise.value */
};

/* What iterator_next_at_tail() comes to: in a register, not in the request, where each value
 * would be stored to be loaded again at once. */
enum next_answer {
	NEXT_PENDING,    /* the job runs when the promise has settled, or is queued already */
	NEXT_ANSWERED,   /* a value is in request->promise, the job not queued: do what it would */
	NEXT_THREW,      /* the call threw what is in request->promise; the job is nobody's reaction */
};

struct iterator_ops {
	/* For messages: "async generator", "cursor", ... */
	const char *kind;

	/* Each takes a request whose promise is pending and settles it, now or later, with
	 * promise_fulfill_result() or promise_reject(); or sets request->threw with the error in
	 * promise.value, to throw out of the call itself (only hand-written iterators do).
	 * `next` is required; NULL means the method is missing, as in GetMethod. */
	void (*next)(struct iterator *iterator, struct iterator_request *request);

	/* next() for iterator_next_at_tail(), of a request whose promise has no reaction yet.
	 * It makes `job` that (promise_then_first()) before it settles the promise or returns
	 * NEXT_PENDING.  If instead the value is there, and the job queue is empty but for what
	 * jobs_skip() allows, it puts it into the request by iterator_request_answer() and
	 * returns NEXT_ANSWERED.  NULL: next() will do. */
	enum next_answer (*next_at_tail)(struct iterator *iterator,
	    struct iterator_request *request, struct job *job);

	void (*return_)(struct iterator *iterator, struct iterator_request *request);
	void (*throw_)(struct iterator *iterator, struct iterator_request *request);

	/* awaitd's own, beyond ECMA-262.  Makes every pending request settle: the one in front is
	 * rejected with -ECANCELED when what it waited for has been cancelled and cleaned up,
	 * those behind it are answered as after an end, but a return() whose promise is pending is
	 * rejected likewise.  Without a pending request: nothing.
	 * Called again, it cancels what the cleaning up waits for.  Required. */
	void (*cancel)(struct iterator *iterator);

	/* Gives the memory back.  Only without pending requests, and for a generator only when
	 * it has completed or never begun.  Required. */
	void (*free)(struct iterator *iterator);
};

struct iterator {
	const struct iterator_ops *ops;
};

static inline bool
iterator_request_pending(const struct iterator_request *request)
{
	return request->promise.state == PROMISE_PENDING && request->iterator != NULL
	    && !request->threw;
}

/* What every call of a method begins with.  `request` must be idle. */
static inline void
iterator_request_begin(struct iterator *iterator, struct iterator_request *request,
    enum completion_type completion, union value value)
{
	if (request->promise.state != PROMISE_FULFILLED) {
		assert(!iterator_request_pending(request));
		if (request->promise.state == PROMISE_REJECTED && request->iterator != NULL)
			promise_fini(&request->promise);
	}
	promise_init(&request->promise);
	request->promise.of_request = true;
	request->iterator = iterator;
	request->value = value;
	request->awaited = NULL;
	request->completion = (uint8_t)completion;
	request->threw = false;
}

/* A next() in two.  First: */
static inline void
iterator_next_begin(struct iterator *iterator, struct iterator_request *request)
{
	iterator_request_begin(iterator, request, COMPLETION_NORMAL, value_undefined());
}

/* Who calls adds its reaction when the call has returned: what the call itself has settled
 * comes before. */
void iterator_request_called(struct job *job);

/* And then the call, with `job` as the reaction on its promise: NEXT_PENDING or NEXT_THREW. */
enum next_answer iterator_next_then(struct iterator_request *request, struct job *job);

/* The same by somebody who runs in a job and has nothing left to do in it.  When the answer is
 * there and the job would be the next to run, it is not queued. */
static inline enum next_answer
iterator_next_at_tail(struct iterator_request *request, struct job *job)
{
	struct iterator *iterator = request->iterator;

	if (iterator->ops->next_at_tail != NULL)
		return iterator->ops->next_at_tail(iterator, request, job);
	return iterator_next_then(request, job);
}

/* For a next_at_tail() that is to return NEXT_ANSWERED. */
static inline void
iterator_request_answer(struct iterator_request *request, union value value)
{
	request->promise.value = value;
	request->promise.state = PROMISE_FULFILLED;
}

/* Make a request.  `request` must be idle.  The promise is &request->promise. */
static inline void
iterator_next(struct iterator *iterator, struct iterator_request *request, union value value)
{
	iterator_request_begin(iterator, request, COMPLETION_NORMAL, value);
	iterator->ops->next(iterator, request);
}

void iterator_return(struct iterator *iterator, struct iterator_request *request,
    union value value);
void iterator_throw(struct iterator *iterator, struct iterator_request *request,
    union value reason);

/* return(promise): the promise is awaited.  Consumes a reference to it. */
void iterator_return_promise(struct iterator *iterator, struct iterator_request *request,
    struct promise *promise);

void iterator_cancel(struct iterator *iterator);

/* How an owner ends an iterator that it drove with `request`: cancels if the request is pending,
 * else makes it a return().  Either way the request's promise settles when the iterator has
 * cleaned up; without a return method it is settled at once.  A rejection with -ECANCELED is then
 * no error. */
void iterator_close(struct iterator *iterator, struct iterator_request *request);

/* The request that a promise with `of_request` set lies in. */
static inline struct iterator_request *
iterator_request_of(struct promise *promise)
{
	return (struct iterator_request *)
	    ((char *)promise - offsetof(struct iterator_request, promise));
}

/* Takes NULL. */
void iterator_free(struct iterator *iterator);

#endif

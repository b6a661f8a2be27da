/* helpers.h - the iterator helpers, on async iterators (tc39/proposal-async-iterator-helpers; ECMA-262
 * 27.1.3 has them on sync ones), under their names there.
 *
 * Each takes its iterator over, even when it fails, and frees it with itself; so calls may be nested,
 * and NULL (no memory) passes through.  Closing is the proposal's: an iterator that has said done, or has thrown, is
 * not closed; otherwise it is, when a callback throws, when a helper has enough, and by
 * return() on a helper, also before that has begun.
 *
 * A value is borrowed from whoever yielded it: it is valid until the next one is asked for. */
#ifndef ASYNC_HELPERS_H
#define ASYNC_HELPERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "async/iterator.h"

/* What a callback answers: a value, a throw, or a promise of a value. */
struct outcome {
	union value value;       /* or the reason */
	struct promise *promise; /* handed over; NULL: the value is there */
	bool threw;
};

static inline struct outcome
outcome_value(union value value)
{
	return (struct outcome){ .value = value };
}

static inline struct outcome
outcome_bool(bool yes)
{
	return (struct outcome){ .value.number = yes };
}

static inline struct outcome
outcome_throw(int error)
{
	return (struct outcome){ .value.number = error, .threw = true };
}

/* NULL: no memory; throws -ENOMEM. */
static inline struct outcome
outcome_await(struct promise *promise)
{
	if (promise == NULL)
		return outcome_throw(-ENOMEM);
	return (struct outcome){ .promise = promise };
}

/* `counter` counts the calls from 0.  Of a predicate, value.number == 0 is false. */
typedef struct outcome (*helper_callback)(void *context, union value value, uint64_t counter);

/* ------------------------------------------------- helpers that are iterators */

struct iterator *iterator_map(struct iterator *iterator, helper_callback mapper, void *context);
struct iterator *iterator_filter(struct iterator *iterator, helper_callback predicate,
    void *context);

/* The first `limit`; then, when asked for one more, closes the iterator. */
struct iterator *iterator_take(struct iterator *iterator, uint64_t limit);

/* All but the first `limit`. */
struct iterator *iterator_drop(struct iterator *iterator, uint64_t limit);

/* The mapper answers a struct iterator *, handed over, whose values take the value's place. */
struct iterator *iterator_flat_map(struct iterator *iterator, helper_callback mapper,
    void *context);

/* Over an array's items of `size` bytes, which are borrowed; values are their addresses. */
struct iterator *iterator_from_array(const void *items, size_t count, size_t size);

/* --------------------------------------------- consumers, which give a promise
 * A counted promise, the caller's; NULL: no memory, which every await takes for a rejection.  They call
 * next() at once and run to the end.  To end one early, keep the iterator's address and call
 * iterator_cancel() while the promise is pending: it is rejected with -ECANCELED. */

/* The last answer of the reducer, whose first accumulator is `initial`. */
typedef struct outcome (*helper_reducer)(void *context, union value accumulator, union value value,
    uint64_t counter);
struct promise *iterator_reduce(struct iterator *iterator, helper_reducer reducer,
    union value initial, void *context);

/* A struct value_array *, the receiver's to free().  It holds the words: what they point to has to
 * be the reader's own (map before that copies) or be there for long. */
struct value_array {
	size_t count;
	union value values[];
};
struct promise *iterator_to_array(struct iterator *iterator);

/* undefined, when the callback has had every value. */
struct promise *iterator_for_each(struct iterator *iterator, helper_callback callback,
    void *context);

/* 1 or 0.  They end, and close the iterator, as soon as they know. */
struct promise *iterator_some(struct iterator *iterator, helper_callback predicate, void *context);
struct promise *iterator_every(struct iterator *iterator, helper_callback predicate,
    void *context);

/* The first value that the predicate holds for, or undefined.  The iterator has been closed and freed by
 * then: see to_array about what the word points to. */
struct promise *iterator_find(struct iterator *iterator, helper_callback predicate, void *context);

#endif

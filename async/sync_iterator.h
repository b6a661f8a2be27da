/* sync_iterator.h - sync iterators, whose methods answer at once (ECMA-262 27.1.2), the sync
 * generator among them (27.5), and what is made of them. */
#ifndef ASYNC_SYNC_ITERATOR_H
#define ASYNC_SYNC_ITERATOR_H

#include "async/coroutine.h"

struct sync_iterator;

/* {value, done}, or the error when the method threw. */
struct sync_result {
	union value value;
	struct promise *promise;   /* the value, when it is one: borrowed until the next call */
	enum result_kind kind;
};

struct sync_iterator_ops {
	/* Each fills *ret and returns COMPLETION_NORMAL or COMPLETION_THROW.  `next` and `free` are
	 * required; NULL means that the method is missing. */
	enum completion_type (*next)(struct sync_iterator *, union value, struct sync_result *ret);
	enum completion_type (*return_)(struct sync_iterator *, union value, struct sync_result *ret);
	enum completion_type (*throw_)(struct sync_iterator *, union value, struct sync_result *ret);
	void (*free)(struct sync_iterator *);
};

struct sync_iterator {
	const struct sync_iterator_ops *ops;
};

/* Takes NULL. */
void sync_iterator_free(struct sync_iterator *iterator);

/* IteratorClose (7.4.11): calls return(), if there is one.  Answers the completion to go on with. */
struct completion sync_iterator_close(struct sync_iterator *iterator, struct completion completion);

/* A sync generator: the same kind of body, without awaits.  A body in plain steps yields or returns
 * a promise, as a value that an async-from-sync adapter awaits, by the two steps below. */
#define STEP_YIELD_PROMISE ((enum step)(STEP_THROW + 1))
#define STEP_RETURN_PROMISE ((enum step)(STEP_THROW + 2))
struct sync_iterator *sync_generator_new(const char *name, coroutine_body body, size_t size);
void *sync_generator_frame(struct sync_iterator *generator);

/* An array's iterator: `next` only.  Values are the addresses of `count` items of `size` bytes, which
 * are borrowed. */
struct sync_iterator *array_values(const void *items, size_t count, size_t size);

/* [...iterator]: calls `each` with every value.  COMPLETION_THROW and the error when next() throws
 * or gives no object; nothing is closed then. */
struct completion sync_iterator_spread(struct sync_iterator *iterator,
    void (*each)(void *context, const struct sync_result *result), void *context);

/* What spreading an async iterator answers: a TypeError. */
struct completion iterator_spread(struct iterator *iterator);

/* CreateAsyncFromSyncIterator (27.1.6).  `sync` is borrowed and outlives the adapter.  NULL: no
 * memory. */
struct iterator *async_from_sync(struct sync_iterator *sync);

/* yield* in a sync generator's body: as struct delegate, for plain steps. */
struct sync_delegate {
	struct sync_iterator *iterator;
	enum step step;
	bool begun;
};

bool sync_delegate_resume(struct sync_delegate *delegate, struct coroutine *co);

#define SYNC_DELEGATE(delegate_, iterator_) \
	do { \
		*(delegate_) = (struct sync_delegate){ .iterator = (iterator_) }; \
		coroutine_->line = __LINE__; \
		__attribute__((fallthrough)); \
	case __LINE__: \
		if (sync_delegate_resume((delegate_), coroutine_)) \
			return (delegate_)->step; \
		if (coroutine_abrupt(coroutine_)) \
			goto coroutine_finally_; \
	} while (0)

#endif

/* merge.h - an async iterator over several: the values of all, each as it comes.
 *
 * Of each inner iterator one value at most is asked for ahead.  Those that have one are served in the
 * order in which they were ready, and one that was served stands behind the others: a flood from one holds none of the others
 * up.  A value is borrowed from its inner iterator until the next call of next().
 *
 * It is done when all are.  An error of one is given at its place in the line: first all others are
 * closed, then the request is rejected.  return() closes them, too: cancels the one that is asked, and calls
 * return() of the one that is not; cancel likewise, and rejects with -ECANCELED.  The first
 * error of a close is thrown, unless there was one before. */
#ifndef ASYNC_MERGE_H
#define ASYNC_MERGE_H

#include "async/iterator.h"

/* Takes the `count` iterators over, even when it fails; the array is the caller's.  NULL: no memory, or
 * one of them is NULL. */
struct iterator *iterator_merge(struct iterator *const *iterators, size_t count);

#endif

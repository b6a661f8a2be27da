/* operator.h - operators: generators over a generator of events.
 *
 * One file an operator, exporting one const struct operator_ops, and one line in
 * streams/operators.c.  The frame begins with a struct operator.  Gap and state entries
 * (anything but EVENT_VALUE) pass every operator untouched and uncounted; an operator that holds
 * something back flushes it before them.
 *
 * Most give one event or none for each: they are a function, `apply`, and the body that calls it
 * is operator.c's.  The others have a body of their own, `run`, in the words of
 * async/coroutine.h, whose FINALLY closes the upstream. */
#ifndef STREAMS_OPERATOR_H
#define STREAMS_OPERATOR_H

#include "async/coroutine.h"
#include "config/option.h"
#include "streams/event.h"
#include "streams/json_value.h"

struct stream;

/* First in every operator's frame. */
struct operator {
	struct iterator *upstream;
	struct iterator_request request;     /* of upstream's next event */
	const struct operator_ops *ops;
	const void *options;                 /* may move while it waits, and are gone in FINALLY */
	void *kept;                          /* ops->kept_size bytes, as a source's */
	struct event event;                  /* for a body that changes what it passes on */
	const struct event *passed;          /* operator.c's own, as is the next */
	int error;
	const char *unit;
	struct stream *stream;               /* for operator_reject(); NULL in tests */
};

struct operator_ops {
	const char *name;                    /* the config's "op" */
	const char *help;
	const struct option *options;
	size_t options_size;
	option_check check;
	size_t size, kept_size;

	coroutine_body run;                  /* NULL: operator.c's, which calls these: */

	/* Before the first event, and behind the last one; or NULL.  begin: 0 or -errno, with
	 * which the operator throws.  end is called behind a begin that failed, too. */
	int (*begin)(struct operator *operator);
	void (*end)(struct operator *operator);

	/* What becomes of a value: the event itself, operator->event, or NULL: nothing. */
	const struct event *(*apply)(struct operator *operator, const struct event *event);
};

extern const struct operator_ops *const operator_table[];   /* ended by NULL */

/* The event that AWAIT_NEXT(op->upstream, &op->request) brought; NULL: upstream is done. */
static inline const struct event *
operator_event(const struct operator *op)
{
	if (op->request.promise.result == RESULT_DONE)
		return NULL;
	return op->request.promise.value.constant;
}

/* Makes the operator's generator over `upstream`, which it takes over even when it fails. */
struct iterator *operator_new(const struct operator_ops *ops, const void *options, void *kept,
    struct iterator *upstream);

/* Makes operator->event a copy of this one, to be changed. */
struct event *operator_copy(struct operator *operator, const struct event *event);

/* A value that the operator can do nothing with and swallows: counted, and logged at a limited
 * rate. */
void operator_reject(struct operator *operator, const char *message);

#endif

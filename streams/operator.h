/* operator.h - operators: generators over a generator of events.
 *
 * One file an operator, exporting one const struct operator_ops, and one line in streams/operators.c.  The
 * body's frame begins with a struct operator.  Gap and state entries (anything but EVENT_VALUE) pass every operator
 * untouched and uncounted; an operator that holds something back flushes it before them. */
#ifndef STREAMS_OPERATOR_H
#define STREAMS_OPERATOR_H

#include "async/coroutine.h"
#include "config/option.h"
#include "streams/event.h"

/* First in every operator's frame. */
struct operator {
	struct iterator *upstream;
	struct iterator_request request;     /* of upstream's next event */
	const void *options;
	void *kept;                          /* ops->kept_size bytes, as a source's */
	struct event event;                  /* for a body that changes what it passes on */
	const char *unit;
};

struct operator_ops {
	const char *name;                    /* the config's "op" */
	const char *help;
	const struct option *options;
	size_t options_size;
	option_check check;
	size_t size, kept_size;
	coroutine_body run;
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

/* A value as a number: integers, doubles, and the number that a JSON text is.  False: it is none. */
bool json_value_number(const struct json_value *value, double *ret);

#endif

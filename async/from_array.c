#include <stdlib.h>

#include "async/helpers.h"

struct from_array {
	struct iterator iterator;
	const char *items;
	size_t left, size;
};

static void
from_array_next(struct iterator *iterator, struct iterator_request *request)
{
	struct from_array *self = (struct from_array *)iterator;
	union value value = { .constant = self->items };

	if (self->left == 0) {
		promise_fulfill_result(&request->promise, value_undefined(), RESULT_DONE);
		return;
	}
	self->left--;
	self->items += self->size;
	promise_fulfill_result(&request->promise, value, RESULT_VALUE);
}

static void
from_array_return(struct iterator *iterator, struct iterator_request *request)
{
	((struct from_array *)iterator)->left = 0;
	promise_fulfill_result(&request->promise, request->value, RESULT_DONE);
}

/* Nothing is ever pending. */
static void
from_array_cancel(struct iterator *iterator)
{
	(void)iterator;
}

static void
from_array_free(struct iterator *iterator)
{
	free(iterator);
}

struct iterator *
iterator_from_array(const void *items, size_t count, size_t size)
{
	static const struct iterator_ops ops = {
		.kind = "array iterator",
		.next = from_array_next,
		.return_ = from_array_return,
		.cancel = from_array_cancel,
		.free = from_array_free,
	};
	struct from_array *self = malloc(sizeof *self);

	if (self == NULL)
		return NULL;
	*self = (struct from_array){ { &ops }, items, count, size };
	return &self->iterator;
}

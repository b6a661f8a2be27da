/* A cursor as an async iterator of spans. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "async/iterator.h"
#include "streams/log_private.h"

#define SPAN_LIMIT (64 * 1024)

struct cursor_iterator {
	struct iterator iterator;    /* first */
	struct cursor cursor;
	struct iterator_request *first, **last;
	struct span span;
	char *copy;
	size_t size;                 /* of copy */
};

static void
requests_push(struct cursor_iterator *self, struct iterator_request *request)
{
	request->next = NULL;
	*self->last = request;
	self->last = &request->next;
}

static struct iterator_request *
requests_pop(struct cursor_iterator *self)
{
	struct iterator_request *request = self->first;

	self->first = request->next;
	if (self->first == NULL)
		self->last = &self->first;
	return request;
}

static void
request_done(struct iterator_request *request, union value value)
{
	promise_fulfill_result(&request->promise, value, RESULT_DONE);
}

static void
requests_end(struct cursor_iterator *self)
{
	while (self->first != NULL)
		request_done(requests_pop(self), value_undefined());
}

static int
span_copy(struct cursor_iterator *self, const struct span *span)
{
	char *copy = self->copy;

	if (span->length > self->size) {
		copy = realloc(self->copy, span->length);
		if (copy == NULL)
			return -ENOMEM;
		self->copy = copy;
		self->size = span->length;
	}
	memcpy(copy, span->data, span->length);
	self->span = *span;
	self->span.data = copy;
	return 0;
}

/* 1: there is a span; 0: not yet. */
static int
cursor_iterator_read(struct cursor_iterator *self)
{
	uint64_t lost_from, lost_to;
	struct span span;

	if (cursor_read(&self->cursor, SPAN_LIMIT, &span, &lost_from, &lost_to)) {
		int r = span_copy(self, &span);

		return r < 0 ? r : 1;
	}
	return lost_from != 0 ? -ENOBUFS : 0;
}

static void
cursor_iterator_answer(struct cursor_iterator *self)
{
	struct iterator_request *request;
	int r;

	if (self->cursor.log == NULL) {
		requests_end(self);
		return;
	}
	r = cursor_iterator_read(self);
	if (r == 0) {
		cursor_wait(&self->cursor);
		return;
	}
	request = requests_pop(self);
	if (r < 0) {
		cursor_close(&self->cursor);
		promise_fail(&request->promise, r);
		requests_end(self);
		return;
	}
	promise_fulfill_result(
	    &request->promise, (union value){ .constant = &self->span }, RESULT_VALUE);
	if (self->first != NULL)
		cursor_wait(&self->cursor);
}

/* What was given before has been read by now: the request is the sign of it. */
static void
cursor_iterator_go_on(struct cursor_iterator *self)
{
	if (self->span.next != 0 && self->cursor.log != NULL)
		cursor_advance(&self->cursor, self->span.next);
	self->span.next = 0;
	cursor_iterator_answer(self);
}

static void
cursor_iterator_ready(struct cursor *cursor)
{
	cursor_iterator_go_on((struct cursor_iterator *)((char *)cursor
	    - offsetof(struct cursor_iterator, cursor)));
}

static void
cursor_iterator_next(struct iterator *iterator, struct iterator_request *request)
{
	struct cursor_iterator *self = (struct cursor_iterator *)iterator;

	requests_push(self, request);
	if (self->first == request)
		cursor_iterator_go_on(self);
}

static void
cursor_iterator_return(struct iterator *iterator, struct iterator_request *request)
{
	struct cursor_iterator *self = (struct cursor_iterator *)iterator;

	cursor_close(&self->cursor);
	requests_end(self);
	request_done(request, request->value);
}

static void
cursor_iterator_cancel(struct iterator *iterator)
{
	struct cursor_iterator *self = (struct cursor_iterator *)iterator;

	if (self->first == NULL)
		return;
	cursor_close(&self->cursor);
	promise_fail(&requests_pop(self)->promise, -ECANCELED);
	requests_end(self);
}

static void
cursor_iterator_free(struct iterator *iterator)
{
	struct cursor_iterator *self = (struct cursor_iterator *)iterator;

	cursor_close(&self->cursor);
	free(self->copy);
	free(self);
}

static const struct iterator_ops cursor_iterator_ops = {
	.kind = "cursor",
	.next = cursor_iterator_next,
	.return_ = cursor_iterator_return,
	.cancel = cursor_iterator_cancel,
	.free = cursor_iterator_free,
};

struct iterator *
cursor_iterator(struct log *log, uint64_t seq, enum lag lag)
{
	struct cursor_iterator *self = calloc(1, sizeof *self);

	if (self == NULL)
		return NULL;
	self->iterator.ops = &cursor_iterator_ops;
	self->last = &self->first;
	self->cursor.ready = cursor_iterator_ready;
	cursor_open(&self->cursor, log, seq, lag);
	return &self->iterator;
}

#include "streams/operator.h"

#include "async/async_generator.h"
#include "streams/stream_private.h"

static const struct event *
operator_apply(struct operator *self, const struct event *event)
{
	if (self->stream != NULL)
		stream_resume(self->stream);
	return event->kind == EVENT_VALUE ? self->ops->apply(self, event) : event;
}

static enum step
operator_body(struct coroutine *co, void *frame)
{
	struct operator *self = frame;

	BEGIN(co);
	if (self->ops->begin != NULL)
		self->error = self->ops->begin(self);
	if (self->error < 0)
		THROW(self->error);
	for (;;) {
		AWAIT_NEXT(self->upstream, &self->request);
		if (operator_event(self) == NULL)
			break;
		self->passed = operator_apply(self, operator_event(self));
		if (self->passed != NULL)
			YIELD(self->passed);
	}
	FINALLY;
	if (self->ops->end != NULL)
		self->ops->end(self);
	CLOSE(self->upstream, &self->request);
	END;
}

struct iterator *
operator_new(const struct operator_ops *ops, const void *options, void *kept,
    struct iterator *upstream)
{
	coroutine_body run = ops->run != NULL ? ops->run : operator_body;
	struct iterator *iterator = async_generator_over(ops->name, run, ops->size, upstream);
	struct operator *operator;

	if (iterator == NULL)
		return NULL;
	operator = async_generator_frame(iterator);
	operator->upstream = upstream;
	operator->ops = ops;
	operator->options = options;
	operator->kept = kept;
	return iterator;
}

struct event *
operator_copy(struct operator *operator, const struct event *event)
{
	operator->event = *event;
	return &operator->event;
}

void
operator_reject(struct operator *operator, const char *message)
{
	if (operator->stream != NULL)
		stream_reject(operator->stream, message);
}

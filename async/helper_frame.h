/* helper_frame.h - what the bodies of the helpers have in common.  For them alone. */
#ifndef ASYNC_HELPER_FRAME_H
#define ASYNC_HELPER_FRAME_H

#include "async/async_generator.h"
#include "async/helpers.h"

/* The beginning of every helper's frame. */
struct helper {
	struct iterator *upstream;
	struct iterator_request request;
	helper_callback callback;
	void *context;
	uint64_t counter;        /* or what is left to take, or to drop */
	struct outcome outcome;
};

/* The generator over `upstream`, its frame filled in; NULL: no memory. */
struct iterator *helper_new(const char *name, coroutine_body body, size_t size,
    struct iterator *upstream, helper_callback callback, void *context);

static inline bool
request_is_done(const struct iterator_request *request)
{
	return request->promise.result == RESULT_DONE;
}

/* It has neither said done nor thrown. */
bool request_must_close(const struct iterator_request *request);

static inline void
helper_call(struct helper *self)
{
	self->outcome = self->callback(self->context, self->request.promise.value, self->counter++);
}

/* In a body: calls the callback, awaits its answer, which is then self->outcome.value. */
#define HELPER_CALL(self, co) \
	do { \
		helper_call(self); \
		if ((self)->outcome.promise != NULL) { \
			AWAIT((self)->outcome.promise); \
			(self)->outcome.value = (co)->value; \
		} else if ((self)->outcome.threw) \
			THROW((self)->outcome.value.number); \
	} while (0)

/* In a body, in FINALLY. */
#define CLOSE_IF_OPEN(iterator, request) \
	do { \
		if (request_must_close(request)) \
			CLOSE((iterator), (request)); \
	} while (0)

#endif

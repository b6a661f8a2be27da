/* async_generator_private.h - the object behind async_generator.h, for its files:
 *	async_generator.c	the operations of ECMA-262 27.6.3, and cancel
 *	async_generator_over.c	generators that own the iterator they are over
 *	async_generator_info.c	what `debug` tells */
#ifndef ASYNC_ASYNC_GENERATOR_PRIVATE_H
#define ASYNC_ASYNC_GENERATOR_PRIVATE_H

#include "async/async_generator.h"

struct async_generator {
	struct iterator iterator;
	struct coroutine co;
	struct job job;                    /* the one thing it waits for */
	struct iterator_request *queue;    /* circular, by its youngest */
	uint32_t slot;                     /* in the registry */
	uint8_t state;
	bool canceling;                    /* the next resumption is a throw of -ECANCELED */
	bool canceled;                     /* behind the end no request waits for anything */
	bool parked : 1;                   /* `job` is queued or a reaction */
	bool in_cancel : 1;
	max_align_t frame[];
};

static inline struct async_generator *
generator_of_job(struct job *job)
{
	return (struct async_generator *)((char *)job - offsetof(struct async_generator, job));
}

/* --------------------------------------------------------------------- queue */

static inline struct iterator_request *
queue_front(const struct async_generator *gen)
{
	return gen->queue == NULL ? NULL : gen->queue->next;
}

/* ---------------------------------------------------------------- operations */

/* Has `run` called when the promise has settled, or when it is cancelled.  What that has come
 * to, for `run`. */
void async_generator_park_on(struct async_generator *gen, struct promise *promise,
    void (*run)(struct job *));
struct completion async_generator_unpark(struct async_generator *gen);

/* AsyncGeneratorEnqueue, AsyncGeneratorCompleteStep, AsyncGeneratorDrainQueue */
void async_generator_enqueue(struct async_generator *gen, struct iterator_request *request);
void async_generator_complete_step(struct async_generator *gen, struct completion completion,
    enum result_kind result);
void async_generator_drain_queue(struct async_generator *gen);

/* ------------------------------------------------------------------- methods */

void async_generator_next(struct iterator *iterator, struct iterator_request *request);
enum next_answer async_generator_next_at_tail(struct iterator *iterator,
    struct iterator_request *request, struct job *caller);
void async_generator_return(struct iterator *iterator, struct iterator_request *request);
void async_generator_throw(struct iterator *iterator, struct iterator_request *request);
void async_generator_cancel(struct iterator *iterator);

/* ------------------------------------------------------------------ lifetime */

/* With `before` bytes in front of it, where its memory begins; without ops.  NULL: no memory. */
struct async_generator *async_generator_make(const char *name, coroutine_body body, size_t before,
    size_t size);

/* Before its memory is freed. */
void async_generator_fini(struct async_generator *gen);

#endif

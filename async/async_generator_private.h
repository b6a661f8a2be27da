/* async_generator_private.h - the object behind async_generator.h, for its two files. */
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

#endif

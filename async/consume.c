/* The helpers that run an iterator to its end and give a promise: reduce, to_array, for_each,
 * some, every, find.  They differ in what they make of each value. */
#include <stdlib.h>

#include "async/helpers.h"
#include "async/iteration.h"

struct consumer;

/* Makes of the callback's answer what it is for; 0: enough; 1: go on; or -errno. */
typedef int (*consumer_taken)(struct consumer *self, union value answer);

struct consumer {
	struct iteration loop;
	struct job job;
	struct promise *promise;
	consumer_taken taken;
	helper_callback callback;
	helper_reducer reducer;
	void *context;
	uint64_t counter;
	union value result;
	struct value_array *array;
	size_t capacity;
};

static struct consumer *
consumer_of_job(struct job *job)
{
	return (struct consumer *)((char *)job - offsetof(struct consumer, job));
}

static void
consumer_finish(struct consumer *self)
{
	const struct completion *leaving = &self->loop.leaving;

	iterator_free(self->loop.iterator);
	if (leaving->type == COMPLETION_THROW) {
		free(self->array);
		promise_reject(self->promise, leaving->value);
	} else
		promise_fulfill(self->promise, self->result);
	promise_unref(self->promise);
	free(self);
}

static enum iteration_state
consumer_throw(struct consumer *self, union value reason)
{
	return iteration_leave(&self->loop,
	    (struct completion){ .type = COMPLETION_THROW, .value = reason });
}

static enum iteration_state
consumer_take(struct consumer *self, union value answer)
{
	int r = self->taken(self, answer);

	if (r < 0)
		return consumer_throw(self, value_number(r));
	if (r == 0)
		return iteration_leave(&self->loop,
		    (struct completion){ .type = COMPLETION_NORMAL });
	return iteration_next(&self->loop);
}

static struct outcome
consumer_call(struct consumer *self)
{
	uint64_t counter = self->counter++;

	if (self->reducer != NULL)
		return self->reducer(self->context, self->result, self->loop.value, counter);
	if (self->callback != NULL)
		return self->callback(self->context, self->loop.value, counter);
	return outcome_value(self->loop.value);
}

static void consumer_received(struct job *job);
static void consumer_answered(struct job *job);

static void
consumer_park(struct consumer *self, struct promise *promise, void (*run)(struct job *))
{
	self->job.run = run;
	promise_perform_then(promise, &self->job);
}

static void
consumer_advance(struct consumer *self, enum iteration_state state)
{
	while (state == ITERATION_VALUE) {
		struct outcome outcome = consumer_call(self);

		if (outcome.promise != NULL) {
			consumer_park(self, outcome.promise, consumer_answered);
			return;
		}
		state = outcome.threw ? consumer_throw(self, outcome.value)
		                      : consumer_take(self, outcome.value);
	}
	if (state == ITERATION_AWAIT)
		consumer_park(self, &self->loop.request.promise, consumer_received);
	else
		consumer_finish(self);
}

static void
consumer_received(struct job *job)
{
	struct consumer *self = consumer_of_job(job);
	enum completion_type type = job->promise->state == PROMISE_REJECTED ? COMPLETION_THROW
	                                                                   : COMPLETION_NORMAL;

	consumer_advance(self, iteration_received(&self->loop, type, job->promise->value));
}

static void
consumer_answered(struct job *job)
{
	struct consumer *self = consumer_of_job(job);
	union value answer = job->promise->value;

	if (job->promise->state == PROMISE_REJECTED)
		consumer_advance(self, consumer_throw(self, answer));
	else
		consumer_advance(self, consumer_take(self, answer));
}

/* Begins with a copy of `how`: what to make of each value. */
static struct promise *
consume(struct iterator *iterator, const struct consumer *how)
{
	struct consumer *self;
	struct promise *promise;

	if (iterator == NULL)
		return NULL;
	self = malloc(sizeof *self);
	promise = promise_new();
	if (self == NULL || promise == NULL) {
		free(self);
		promise_unref(promise);
		iterator_free(iterator);
		return NULL;
	}
	*self = *how;
	self->loop.iterator = iterator;
	self->promise = promise_ref(promise);
	consumer_advance(self, iteration_next(&self->loop));
	return promise;
}

/* ------------------------------------------------------------------- reduce */

static int
reduce_taken(struct consumer *self, union value answer)
{
	self->result = answer;
	return 1;
}

struct promise *
iterator_reduce(struct iterator *iterator, helper_reducer reducer, union value initial,
    void *context)
{
	return consume(iterator, &(struct consumer){
	    .taken = reduce_taken,
	    .reducer = reducer,
	    .result = initial,
	    .context = context,
	});
}

/* ----------------------------------------------------------------- to_array */

static int
array_grow(struct consumer *self)
{
	size_t capacity = self->capacity == 0 ? 8 : 2 * self->capacity;
	struct value_array *array = realloc(self->array,
	    sizeof *array + capacity * sizeof array->values[0]);

	if (array == NULL)
		return -ENOMEM;
	if (self->array == NULL)
		array->count = 0;
	self->array = array;
	self->capacity = capacity;
	self->result = value_pointer(array);
	return 0;
}

static int
to_array_taken(struct consumer *self, union value answer)
{
	if (self->array->count == self->capacity) {
		int r = array_grow(self);

		if (r < 0)
			return r;
	}
	self->array->values[self->array->count++] = answer;
	return 1;
}

struct promise *
iterator_to_array(struct iterator *iterator)
{
	struct consumer how = { .taken = to_array_taken };
	struct promise *promise;

	if (iterator == NULL || array_grow(&how) < 0) {
		iterator_free(iterator);
		return NULL;
	}
	promise = consume(iterator, &how);
	if (promise == NULL)
		free(how.array);
	return promise;
}

/* ----------------------------------------------------------------- for_each */

static int
for_each_taken(struct consumer *self, union value answer)
{
	(void)self;
	(void)answer;
	return 1;
}

struct promise *
iterator_for_each(struct iterator *iterator, helper_callback callback, void *context)
{
	return consume(iterator, &(struct consumer){
	    .taken = for_each_taken,
	    .callback = callback,
	    .context = context,
	});
}

/* -------------------------------------------------------- some, every, find */

static int
some_taken(struct consumer *self, union value answer)
{
	self->result.number = answer.number != 0;
	return answer.number == 0;
}

static int
every_taken(struct consumer *self, union value answer)
{
	self->result.number = answer.number != 0;
	return answer.number != 0;
}

static int
find_taken(struct consumer *self, union value answer)
{
	if (answer.number == 0)
		return 1;
	self->result = self->loop.value;
	return 0;
}

struct promise *
iterator_some(struct iterator *iterator, helper_callback predicate, void *context)
{
	return consume(iterator, &(struct consumer){
	    .taken = some_taken,
	    .callback = predicate,
	    .context = context,
	    .result.number = 0,
	});
}

struct promise *
iterator_every(struct iterator *iterator, helper_callback predicate, void *context)
{
	return consume(iterator, &(struct consumer){
	    .taken = every_taken,
	    .callback = predicate,
	    .context = context,
	    .result.number = 1,
	});
}

struct promise *
iterator_find(struct iterator *iterator, helper_callback predicate, void *context)
{
	return consume(iterator, &(struct consumer){
	    .taken = find_taken,
	    .callback = predicate,
	    .context = context,
	});
}

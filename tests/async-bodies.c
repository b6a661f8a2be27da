#include "async-bodies.h"

struct waiter {
	int yields, cleanups;
	intptr_t i;
};

static enum step
waiter_body(struct coroutine *co, void *frame)
{
	struct waiter *self = frame;

	BEGIN(co);
	note("begin");
	for (self->i = 1; self->i <= self->yields; self->i++)
		YIELD((void *)self->i);
	AWAIT(never_settles());
	note("not here");
	FINALLY;
	for (self->i = 1; self->i <= self->cleanups; self->i++) {
		note("cleanup");
		AWAIT(never_settles());
	}
	note("end");
	END;
}

struct iterator *
waiter_new(int yields, int cleanups)
{
	struct iterator *generator = async_generator_new("waiter", waiter_body,
	    sizeof(struct waiter));
	struct waiter *self = async_generator_frame(generator);

	self->yields = yields;
	self->cleanups = cleanups;
	return generator;
}

struct pass {
	struct iterator *of;
	struct iterator_request request;
	const char *name;
};

static enum step
pass_body(struct coroutine *co, void *frame)
{
	struct pass *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT_NEXT(self->of, &self->request);
		if (self->request.promise.result == RESULT_DONE)
			break;
		YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE(self->of, &self->request);
	note(self->name);
	END;
}

struct iterator *
pass_new(const char *name, struct iterator *of)
{
	struct iterator *generator = async_generator_over(name, pass_body, sizeof(struct pass), of);
	struct pass *self = async_generator_frame(generator);

	self->of = of;
	self->name = name;
	return generator;
}

struct iterator *
chain_new(struct iterator *source)
{
	static const char *const names[] = { "1", "2", "3", "4", "5", "6", "7", "8" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		source = pass_new(names[i], source);
	return source;
}

/* Generator objects, ECMA-262 27.5. */
#include <assert.h>
#include <stdlib.h>

#include "async/async_generator.h"
#include "async/sync_iterator.h"

struct sync_generator {
	struct sync_iterator iterator;
	struct coroutine co;
	enum async_generator_state state;   /* never DRAINING_QUEUE */
	max_align_t frame[];
};

static enum completion_type
answer(struct sync_result *ret, union value value, struct promise *promise, enum result_kind kind)
{
	*ret = (struct sync_result){ .value = value, .promise = promise, .kind = kind };
	return COMPLETION_NORMAL;
}

static enum completion_type
resume(struct sync_generator *gen, enum completion_type type, union value value,
    struct sync_result *ret)
{
	int step;

	assert(gen->state != EXECUTING);
	gen->state = EXECUTING;
	gen->co.received = (uint8_t)type;
	gen->co.value = value;
	step = (int)coroutine_resume(&gen->co, gen->frame);
	if (step == STEP_RETURN || step == STEP_THROW)
		coroutine_check_end(&gen->co);
	gen->state = COMPLETED;
	switch (step) {
	case STEP_YIELD:
	case STEP_YIELD_AWAITED:
		gen->state = SUSPENDED_YIELD;
		return answer(ret, gen->co.value, NULL, RESULT_VALUE);
	case STEP_YIELD_PROMISE:
		gen->state = SUSPENDED_YIELD;
		return answer(ret, gen->co.value, gen->co.value.pointer, RESULT_VALUE);
	case STEP_RETURN:
		return answer(ret, gen->co.value, NULL, RESULT_DONE);
	case STEP_RETURN_PROMISE:
		return answer(ret, gen->co.value, gen->co.value.pointer, RESULT_DONE);
	case STEP_THROW:
		answer(ret, gen->co.value, NULL, RESULT_DONE);
		return COMPLETION_THROW;
	default:
		coroutine_trap_step(&gen->co);
	}
}

static enum completion_type
sync_next(struct sync_iterator *iterator, union value value, struct sync_result *ret)
{
	struct sync_generator *gen = (struct sync_generator *)iterator;

	if (gen->state == COMPLETED)
		return answer(ret, value_undefined(), NULL, RESULT_DONE);
	return resume(gen, COMPLETION_NORMAL, value, ret);
}

static enum completion_type
sync_return(struct sync_iterator *iterator, union value value, struct sync_result *ret)
{
	struct sync_generator *gen = (struct sync_generator *)iterator;

	if (gen->state == SUSPENDED_START)
		gen->state = COMPLETED;
	if (gen->state == COMPLETED)
		return answer(ret, value, NULL, RESULT_DONE);
	return resume(gen, COMPLETION_RETURN, value, ret);
}

static enum completion_type
sync_throw(struct sync_iterator *iterator, union value reason, struct sync_result *ret)
{
	struct sync_generator *gen = (struct sync_generator *)iterator;

	if (gen->state == SUSPENDED_START)
		gen->state = COMPLETED;
	if (gen->state == COMPLETED) {
		answer(ret, reason, NULL, RESULT_DONE);
		return COMPLETION_THROW;
	}
	return resume(gen, COMPLETION_THROW, reason, ret);
}

static void
sync_free(struct sync_iterator *iterator)
{
	free(iterator);
}

struct sync_iterator *
sync_generator_new(const char *name, coroutine_body body, size_t size)
{
	static const struct sync_iterator_ops ops = {
		.next = sync_next,
		.return_ = sync_return,
		.throw_ = sync_throw,
		.free = sync_free,
	};
	struct sync_generator *gen = calloc(1, sizeof *gen + size);

	if (gen == NULL)
		return NULL;
	gen->iterator.ops = &ops;
	gen->co.name = name;
	gen->co.body = body;
	return &gen->iterator;
}

void *
sync_generator_frame(struct sync_iterator *generator)
{
	return ((struct sync_generator *)generator)->frame;
}

/* -------------------------------------------------------------------- yield* */

/* The inner result goes on to our caller as it is; true: with this step. */
static bool
pass_result(struct sync_delegate *delegate, struct coroutine *co, enum completion_type type,
    const struct sync_result *result, enum completion_type when_done)
{
	co->value = result->value;
	co->received = (uint8_t)type;
	if (type == COMPLETION_THROW)
		return false;
	if (result->kind == RESULT_NOT_OBJECT) {
		co->received = COMPLETION_THROW;
		co->value = value_number(TYPE_ERROR);
		return false;
	}
	if (result->kind == RESULT_DONE) {
		co->received = (uint8_t)when_done;
		return false;
	}
	delegate->step = result->promise != NULL ? STEP_YIELD_PROMISE : STEP_YIELD;
	return true;
}

static bool
forward_throw(struct sync_delegate *delegate, struct coroutine *co)
{
	struct sync_iterator *inner = delegate->iterator;
	struct completion closed = { .type = COMPLETION_NORMAL };
	struct sync_result result = { .kind = RESULT_VALUE };

	if (inner->ops->throw_ != NULL) {
		enum completion_type type = inner->ops->throw_(inner, co->value, &result);

		return pass_result(delegate, co, type, &result, COMPLETION_NORMAL);
	}
	closed = sync_iterator_close(inner, closed);
	co->received = COMPLETION_THROW;
	co->value = closed.type == COMPLETION_THROW ? closed.value : value_number(TYPE_ERROR);
	return false;
}

bool
sync_delegate_resume(struct sync_delegate *delegate, struct coroutine *co)
{
	struct sync_iterator *inner = delegate->iterator;
	struct sync_result result = { .kind = RESULT_VALUE };
	enum completion_type type;

	if (!delegate->begun || co->received == COMPLETION_NORMAL) {
		type = inner->ops->next(inner, delegate->begun ? co->value : value_undefined(),
		    &result);
		delegate->begun = true;
		return pass_result(delegate, co, type, &result, COMPLETION_NORMAL);
	}
	if (co->received == COMPLETION_THROW)
		return forward_throw(delegate, co);
	if (inner->ops->return_ == NULL)
		return false;           /* the return goes on here */
	type = inner->ops->return_(inner, co->value, &result);
	return pass_result(delegate, co, type, &result, COMPLETION_RETURN);
}

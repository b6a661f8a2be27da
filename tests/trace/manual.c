/* Iterators written by hand: a list of steps for each method. */
#include <stdlib.h>

#include "async/timer.h"
#include "tests/trace/activation.h"
#include "tests/trace/instance.h"
#include "tests/trace/keep.h"
#include "tests/trace/run.h"
#include "tests/trace/value.h"

struct steps {
	const struct generator *generator;
	const char *name;
	size_t at[METHOD_COUNT];
};

static const struct manual_step *
steps_peek(const struct steps *steps, enum method method)
{
	static const struct manual_step used_up = { .kind = MANUAL_RESULT, .done = true };
	const struct manual_method *list = &steps->generator->methods[method];

	return steps->at[method] < list->count ? &list->steps[steps->at[method]] : &used_up;
}

static const struct manual_step *
steps_take(struct steps *steps, enum method method, union value argument)
{
	const struct manual_step *step = steps_peek(steps, method);

	trace_line("%s got %s(%s)", steps->name, method_names[method], value_show(argument));
	steps->at[method]++;
	return step;
}

/* --------------------------------------------------------------------- async */

struct manual {
	struct iterator iterator;
	struct iterator_ops ops;
	struct steps steps;
	struct answer *waiting;
};

/* An answer that comes later. */
struct answer {
	struct timer timer;
	struct answer *next;
	struct iterator_request *request;
	const struct manual_step *step;
};

static enum result_kind
step_result(const struct manual_step *step)
{
	if (step->kind == MANUAL_JUNK)
		return RESULT_NOT_OBJECT;
	return step->done ? RESULT_DONE : RESULT_VALUE;
}

static void
answer_fire(struct timer *timer)
{
	struct answer *answer = (struct answer *)timer;

	promise_fulfill_result(&answer->request->promise, answer->step->value.literal,
	    step_result(answer->step));
}

static void
answer_later(struct manual *manual, struct iterator_request *request,
    const struct manual_step *step)
{
	struct answer *answer = keep_alloc(sizeof *answer);

	answer->next = manual->waiting;
	answer->request = request;
	answer->step = step;
	manual->waiting = answer;
	timer_call_after(&answer->timer, (uint64_t)step->ms * MILLISECOND, answer_fire);
}

static void
manual_call(struct iterator *iterator, struct iterator_request *request, enum method method)
{
	struct manual *manual = (struct manual *)iterator;
	const struct manual_step *step = steps_take(&manual->steps, method, request->value);

	if (step->kind == MANUAL_THROWS) {
		request->threw = true;
		request->promise.value = step->value.literal;
	} else if (step->kind == MANUAL_REJECTS)
		promise_reject(&request->promise, step->value.literal);
	else if (step->later && !run.stopping)
		answer_later(manual, request, step);
	else
		promise_fulfill_result(&request->promise, step->value.literal, step_result(step));
}

static void
manual_next(struct iterator *iterator, struct iterator_request *request)
{
	manual_call(iterator, request, METHOD_NEXT);
}

static void
manual_return(struct iterator *iterator, struct iterator_request *request)
{
	manual_call(iterator, request, METHOD_RETURN);
}

static void
manual_throw(struct iterator *iterator, struct iterator_request *request)
{
	manual_call(iterator, request, METHOD_THROW);
}

static void
manual_cancel(struct iterator *iterator)
{
	struct manual *manual = (struct manual *)iterator;

	for (struct answer *answer = manual->waiting; answer != NULL; answer = answer->next)
		if (timer_is_set(&answer->timer)) {
			timer_stop(&answer->timer);
			promise_fail(&answer->request->promise, -ECANCELED);
		}
}

static void
manual_free(struct iterator *iterator)
{
	free(iterator);
}

struct iterator *
manual_iterator_new(const struct generator *generator, const char *name)
{
	struct manual *manual = calloc(1, sizeof *manual);

	if (manual == NULL)
		die("no memory");
	manual->ops = (struct iterator_ops){
		.kind = "hand-written iterator",
		.next = manual_next,
		.return_ = generator->methods[METHOD_RETURN].present ? manual_return : NULL,
		.throw_ = generator->methods[METHOD_THROW].present ? manual_throw : NULL,
		.cancel = manual_cancel,
		.free = manual_free,
	};
	manual->iterator.ops = &manual->ops;
	manual->steps = (struct steps){ .generator = generator, .name = name };
	return &manual->iterator;
}

const struct manual_step *
manual_peek(const struct instance *instance, enum method method)
{
	return steps_peek(&((const struct manual *)instance->iterator)->steps, method);
}

/* ---------------------------------------------------------------------- sync */

struct manual_sync {
	struct sync_iterator iterator;
	struct sync_iterator_ops ops;
	struct steps steps;
};

static enum completion_type
manual_sync_call(struct sync_iterator *iterator, union value value, struct sync_result *ret,
    enum method method)
{
	struct manual_sync *manual = (struct manual_sync *)iterator;
	const struct manual_step *step = steps_take(&manual->steps, method, value);

	*ret = (struct sync_result){ .value = step->value.literal, .kind = step_result(step) };
	if (step->kind == MANUAL_THROWS)
		return COMPLETION_THROW;
	if (step->kind == MANUAL_RESULT) {
		ret->value = evaluate(&step->value, NULL);
		ret->promise = value_in_result(ret->value);
	}
	return COMPLETION_NORMAL;
}

static enum completion_type
manual_sync_next(struct sync_iterator *iterator, union value value, struct sync_result *ret)
{
	return manual_sync_call(iterator, value, ret, METHOD_NEXT);
}

static enum completion_type
manual_sync_return(struct sync_iterator *iterator, union value value, struct sync_result *ret)
{
	return manual_sync_call(iterator, value, ret, METHOD_RETURN);
}

static enum completion_type
manual_sync_throw(struct sync_iterator *iterator, union value value, struct sync_result *ret)
{
	return manual_sync_call(iterator, value, ret, METHOD_THROW);
}

static void
manual_sync_free(struct sync_iterator *iterator)
{
	free(iterator);
}

struct sync_iterator *
manual_sync_iterator_new(const struct generator *generator, const char *name)
{
	struct manual_sync *manual = calloc(1, sizeof *manual);

	if (manual == NULL)
		die("no memory");
	manual->ops = (struct sync_iterator_ops){
		.next = manual_sync_next,
		.return_ = generator->methods[METHOD_RETURN].present ? manual_sync_return : NULL,
		.throw_ = generator->methods[METHOD_THROW].present ? manual_sync_throw : NULL,
		.free = manual_sync_free,
	};
	manual->iterator.ops = &manual->ops;
	manual->steps = (struct steps){ .generator = generator, .name = name };
	return &manual->iterator;
}

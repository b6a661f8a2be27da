/* yield, yield*, for-await, spread. */
#include "tests/trace/activation.h"
#include "tests/trace/instance.h"
#include "tests/trace/keep.h"
#include "tests/trace/run.h"
#include "tests/trace/value.h"

#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------- yield */

enum {
	OPERAND,
	YIELDED,
};

static bool
yield_step(struct activation *activation, struct frame *frame, union value value, enum step step)
{
	frame->at = YIELDED;
	activation->co->value = value;
	activation->step = step;
	return false;
}

static bool
yield_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	if (frame->at == OPERAND && outcome->type == OUT_NORMAL)
		return yield_step(activation, frame, outcome->value, STEP_YIELD_AWAITED);
	if (outcome->type == OUT_NORMAL)
		activation->registers[REG_SENT] = outcome->value;
	frame_pop(activation);
	return true;
}

bool
yield_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	union value value = evaluate(&statement->value, activation);
	struct frame *frame = frame_push(activation, yield_resume, statement);

	(void)outcome;
	if (!value_is_awaited(value))
		return yield_step(activation, frame, value, STEP_YIELD);
	if (activation->kind != IN_SYNC)
		return frame_await(activation, frame, value);
	return yield_step(activation, frame, value_pointer(value_in_result(value)),
	    STEP_YIELD_PROMISE);
}

/* -------------------------------------------------------------------- yield* */

static bool
yield_star_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	bool sync = activation->kind == IN_SYNC;
	struct coroutine *co = activation->co;

	if (sync ? sync_delegate_resume(&frame->sync_delegate, co)
	         : delegate_resume(&frame->delegate, co)) {
		activation->step = sync ? frame->sync_delegate.step : frame->delegate.step;
		return false;
	}
	*outcome = (struct outcome){ (enum outcome_type)co->received, value_of_result(co->value) };
	if (outcome->type == OUT_NORMAL)
		activation->registers[REG_LAST] = outcome->value;
	frame_pop(activation);
	return true;
}

bool
yield_star_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	struct frame *frame = frame_push(activation, yield_star_resume, statement);
	struct instance *instance = instance_of_source(&statement->source, activation->who);

	if (activation->kind == IN_SYNC)
		frame->sync_delegate.iterator = instance->sync;
	else
		delegate_start(&frame->delegate, instance_async_iterator(instance));
	return yield_star_resume(activation, frame, outcome);
}

/* ----------------------------------------------------------------- for-await */

static struct completion
completion_of_outcome(struct outcome outcome)
{
	struct completion completion = { .type = COMPLETION_NORMAL, .value = outcome.value };

	if (outcome.type == OUT_THROW)
		completion.type = COMPLETION_THROW;
	else if (outcome.type == OUT_RETURN)
		completion.type = COMPLETION_RETURN;
	return completion;
}

/* What the loop does now. */
static bool
for_await_state(struct activation *activation, struct frame *frame, struct outcome *outcome,
    enum iteration_state state)
{
	frame->at = state;
	switch (state) {
	case ITERATION_AWAIT:
		activation->co->value.pointer = &frame->loop.request.promise;
		activation->step = STEP_AWAIT;
		return false;
	case ITERATION_VALUE:
		activation->registers[REG_ITEM] = frame->loop.value;
		outcome->type = OUT_NORMAL;
		block_push(activation, &frame->statement->body);
		return true;
	default:
		outcome->type = (enum outcome_type)frame->loop.leaving.type;
		outcome->value = frame->loop.leaving.value;
		frame_pop(activation);
		return true;
	}
}

static bool
for_await_ask(struct activation *activation, struct frame *frame)
{
	iterator_next_begin(frame->loop.iterator, &frame->loop.request);
	frame->at = ITERATION_AWAIT;
	activation->co->value.pointer = &frame->loop.request;
	activation->step = STEP_NEXT;
	return false;
}

static bool
for_await_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	size_t max = (size_t)frame->statement->count;
	enum iteration_state state;

	if (frame->at == ITERATION_AWAIT && frame->loop.request.threw && !frame->loop.closing)
		state = iteration_threw(&frame->loop);
	else if (frame->at == ITERATION_AWAIT)
		state = iteration_received(&frame->loop, (enum completion_type)outcome->type,
		    outcome->value);
	else if (outcome->type != OUT_NORMAL && outcome->type != OUT_CONTINUE)
		state = iteration_leave(&frame->loop, completion_of_outcome(*outcome));
	else if (max > 0 && ++frame->rounds == max)
		state = iteration_leave(&frame->loop, completion_of_outcome(*outcome));
	else
		return for_await_ask(activation, frame);
	return for_await_state(activation, frame, outcome, state);
}

bool
for_await_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	struct instance *instance = instance_of_source(&statement->source, activation->who);
	struct frame *frame;

	if (callbacks_possible(activation, statement, instance)) {
		callbacks_begin(activation, statement, instance);
		activation->step = STEP_RETURN;
		return false;
	}
	(void)outcome;
	frame = frame_push(activation, for_await_resume, statement);
	frame->loop.iterator = instance_async_iterator(instance);
	return for_await_ask(activation, frame);
}

/* -------------------------------------------------------------------- spread */

struct list {
	char *text;
	size_t size;
	FILE *stream;
};

static void
list_add(void *context, const struct sync_result *result)
{
	struct list *list = context;

	if (ftell(list->stream) > 0)
		fputc(',', list->stream);
	fputs(value_show(result->value), list->stream);
}

static struct completion
spread(struct instance *instance, struct list *list)
{
	if (instance->sync == NULL)
		return iterator_spread(instance->iterator);
	return sync_iterator_spread(instance->sync, list_add, list);
}

bool
spread_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	struct instance *instance = instance_of_source(&statement->source, activation->who);
	struct list list = { .text = NULL };
	struct completion completion;

	list.stream = open_memstream(&list.text, &list.size);
	if (list.stream == NULL)
		die("no memory");
	completion = spread(instance, &list);
	fclose(list.stream);
	if (completion.type == COMPLETION_NORMAL)
		trace_line("%s spread -> [%s]", activation->who, list.text);
	free(list.text);
	*outcome = (struct outcome){ (enum outcome_type)completion.type, completion.value };
	return true;
}

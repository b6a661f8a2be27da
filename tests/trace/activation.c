#include "tests/trace/activation.h"

#include <stdlib.h>

#include "tests/trace/keep.h"
#include "tests/trace/run.h"
#include "tests/trace/value.h"

struct frame *
frame_push(struct activation *activation, frame_resume resume, const struct statement *statement)
{
	struct frame *frame = calloc(1, sizeof *frame);

	if (frame == NULL)
		die("no memory");
	frame->outer = activation->top;
	frame->resume = resume;
	frame->statement = statement;
	activation->top = frame;
	return frame;
}

void
frame_pop(struct activation *activation)
{
	struct frame *frame = activation->top;

	activation->top = frame->outer;
	if (frame->statement != NULL && frame->statement->kind == DO_SLEEP)
		timer_close(&frame->timer);
	promise_unref(frame->gate);
	free(frame);
}

static void
activation_release(void *object)
{
	struct activation *activation = object;

	while (activation->top != NULL)
		frame_pop(activation);
	free(activation);
}

struct activation *
activation_new(const char *who, enum activation_kind kind, const struct block *body)
{
	struct activation *activation = calloc(1, sizeof *activation);

	keep(activation, activation_release);
	activation->who = who;
	activation->kind = kind;
	activation->body = body;
	return activation;
}

static bool
block_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	if (outcome->type != OUT_NORMAL || frame->at == frame->block->count) {
		frame_pop(activation);
		return true;
	}
	return statement_begin(activation, &frame->block->statements[frame->at++], outcome);
}

void
block_push(struct activation *activation, const struct block *block)
{
	frame_push(activation, block_resume, NULL)->block = block;
}

bool
activation_run(struct activation *activation, const struct frame *until, struct outcome *outcome)
{
	while (activation->top != until)
		if (!activation->top->resume(activation, activation->top, outcome))
			return false;
	return true;
}

static enum step
activation_end(struct activation *activation, struct outcome outcome)
{
	struct promise *promise;

	activation->ended = true;
	if (activation->kind == IN_CONSUMER) {
		if (outcome.type == OUT_THROW)
			trace_line("%s end !! %s", activation->who, value_show(outcome.value));
		else
			trace_line("%s end", activation->who);
		return STEP_RETURN;
	}
	activation->co->value = outcome.type == OUT_NORMAL ? value_undefined() : outcome.value;
	if (outcome.type == OUT_THROW)
		return STEP_THROW;
	if (activation->kind == IN_ASYNC || !value_is_awaited(activation->co->value))
		return STEP_RETURN;
	promise = value_in_result(activation->co->value);
	activation->co->value.pointer = promise;
	return STEP_RETURN_PROMISE;
}

static struct outcome
activation_received(struct activation *activation, const struct coroutine *co)
{
	if (activation->ended)
		die("%s was resumed behind its end", activation->who);
	if (activation->begun)
		return (struct outcome){ (enum outcome_type)co->received, co->value };
	activation->begun = true;
	if (activation->top == NULL)
		block_push(activation, activation->body);
	return activation->entering;
}

enum step
activation_body(struct coroutine *co, void *frame)
{
	struct activation *activation = *(struct activation **)frame;
	struct outcome outcome = activation_received(activation, co);

	if (run.stopping) {
		co->value = value_number(-ECANCELED);
		return STEP_THROW;
	}
	activation->co = co;
	if (!activation_run(activation, NULL, &outcome))
		return activation->step;
	return activation_end(activation, outcome);
}

bool
frame_await(struct activation *activation, struct frame *frame, union value value)
{
	frame->waits_for = value_undefined();
	if (value_is_awaited(value)) {
		activation->co->value.pointer = value_to_promise(value);
		activation->step = STEP_AWAIT;
	} else {
		frame->waits_for = value;
		activation->step = STEP_TICK;
	}
	return false;
}

void
frame_received(const struct frame *frame, struct outcome *outcome)
{
	if (outcome->type == OUT_NORMAL && frame->waits_for.pointer != NULL)
		outcome->value = frame->waits_for;
}

/* for-await by for_await(): where the body waits for nothing, or only at its end; then that is the
 * promise that gates the next value. */
#include "async/for_await.h"
#include "tests/trace/activation.h"
#include "tests/trace/instance.h"
#include "tests/trace/keep.h"
#include "tests/trace/run.h"
#include "tests/trace/value.h"

static bool block_runs_through(const struct block *block);

/* It neither waits nor throws. */
static bool
statement_runs_through(const struct statement *statement)
{
	switch (statement->kind) {
	case DO_LOG:
	case DO_BREAK:
	case DO_CONTINUE:
	case DO_CALL:
	case DO_TICKER:
		return true;
	case DO_AWAIT_CALL:
		return !generator_is_async(statement->source.declared->generator);
	case DO_TRY:
	case DO_LOOP:
	case DO_IF:
		return block_runs_through(&statement->body)
		    && block_runs_through(&statement->catch_)
		    && block_runs_through(&statement->finally);
	default:
		return false;
	}
}

static bool
block_runs_through(const struct block *block)
{
	for (size_t i = 0; i < block->count; i++)
		if (!statement_runs_through(&block->statements[i]))
			return false;
	return true;
}

/* The await at the body's end, if it has one. */
static const struct statement *
body_gate(const struct statement *loop)
{
	const struct statement *last;

	if (loop->body.count == 0 || loop->count > 0)
		return NULL;
	last = &loop->body.statements[loop->body.count - 1];
	return last->kind == DO_AWAIT || last->kind == DO_SLEEP ? last : NULL;
}

static struct block
body_front(const struct statement *loop)
{
	struct block front = loop->body;

	if (body_gate(loop) != NULL)
		front.count--;
	return front;
}

/* An error thrown by the very first call of next() reaches on_end() a tick later than the loop in
 * a body: on_end() is never called from inside the call that starts the loop. */
bool
callbacks_possible(const struct activation *activation, const struct statement *statement,
    const struct instance *instance)
{
	struct block front = body_front(statement);

	if (!run.callbacks || activation->kind != IN_CONSUMER || !block_runs_through(&front))
		return false;
	return instance->generator->kind != KIND_MANUAL
	    || manual_peek(instance, METHOD_NEXT)->kind != MANUAL_THROWS;
}

static void
gate_passed(struct activation *activation, struct frame *frame)
{
	const struct statement *gate = body_gate(frame->statement);

	if (frame->gate == NULL)
		return;
	if (frame->gate->state == PROMISE_FULFILLED && gate->kind == DO_AWAIT)
		activation->registers[REG_LAST] = frame->gate->value;
	promise_unref(frame->gate);
	frame->gate = NULL;
}

static struct promise *
gate_begin(struct activation *activation, struct frame *frame)
{
	const struct statement *gate = body_gate(frame->statement);

	if (gate == NULL)
		return NULL;
	frame->gate = gate->kind == DO_SLEEP
	    ? value_later(gate->count, value_undefined())
	    : value_to_promise(evaluate(&gate->value, activation));
	return promise_ref(frame->gate);
}

static struct promise *
on_value(void *context, union value value)
{
	struct activation *activation = context;
	struct frame *frame = activation->top;
	struct outcome outcome = { .type = OUT_NORMAL };
	size_t max = (size_t)frame->statement->count;

	if (run.stopping)
		return FOR_AWAIT_BREAK;
	gate_passed(activation, frame);
	activation->registers[REG_ITEM] = value;
	block_push(activation, &frame->front);
	if (!activation_run(activation, frame, &outcome) || outcome.type == OUT_THROW)
		die("%s: the body of a for-await waits or throws", activation->who);
	if (outcome.type == OUT_BREAK || (max > 0 && ++frame->rounds == max))
		return FOR_AWAIT_BREAK;
	return outcome.type == OUT_NORMAL ? gate_begin(activation, frame) : NULL;
}

static void
on_end(void *context, int error)
{
	struct activation *activation = context;
	struct completion leaving = for_await_completion(activation->loop);

	(void)error;
	gate_passed(activation, activation->top);
	activation->entering = (struct outcome){ (enum outcome_type)leaving.type, leaving.value };
	activation->loop = NULL;
	if (!run.stopping)
		consumer_resume(activation);
}

static bool
callbacks_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	(void)frame;
	(void)outcome;
	frame_pop(activation);
	return true;
}

void
callbacks_begin(struct activation *activation, const struct statement *statement,
    struct instance *instance)
{
	struct frame *frame = frame_push(activation, callbacks_resume, statement);

	run.callback_loops++;
	frame->front = body_front(statement);
	activation->loop = instance->sync != NULL
	    ? for_await_sync(instance->sync, on_value, on_end, activation)
	    : for_await(instance->iterator, on_value, on_end, activation);
	if (activation->loop == NULL)
		die("no memory");
}

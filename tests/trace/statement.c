/* Statements, but for those that iterate and call. */
#include "async/loop.h"
#include "tests/trace/activation.h"
#include "tests/trace/keep.h"
#include "tests/trace/run.h"
#include "tests/trace/value.h"

static union value
evaluate_inner(const struct expr *expr, const struct activation *activation)
{
	return expr != NULL ? evaluate(expr, activation) : value_undefined();
}

static struct promise *
made(struct promise *promise)
{
	if (promise == NULL)
		die("no memory");
	return promise;
}

static union value
evaluate_rejected(union value reason)
{
	struct promise *promise = made(promise_new());

	promise_reject(promise, reason);
	return value_promise(promise);
}

static union value
evaluate_adopted(union value value)
{
	struct promise *promise = made(promise_new());

	value_resolve(promise, value);
	return value_promise(promise);
}

union value
evaluate(const struct expr *expr, const struct activation *activation)
{
	union value inner = evaluate_inner(expr->inner, activation);

	switch (expr->kind) {
	case EXPR_REGISTER:
		return activation->registers[expr->reg];
	case EXPR_RESOLVED:
		return value_is_promise(inner) ? inner : value_promise(value_to_promise(inner));
	case EXPR_REJECTED:
		return evaluate_rejected(inner);
	case EXPR_THENABLE:
		return value_thenable(inner);
	case EXPR_ADOPTED:
		return evaluate_adopted(inner);
	case EXPR_SLEEP:
		return value_promise(value_later(expr->ms, inner));
	case EXPR_SLEEP_ERROR:
		return value_promise(error_later(expr->ms, inner));
	default:
		return expr->literal;
	}
}

/* -------------------------------------------------------------------- awaits */

static bool
log_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	(void)outcome;
	trace_line("%s log %s", activation->who,
	    value_show(evaluate(&statement->value, activation)));
	return true;
}

static bool
await_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	frame_received(frame, outcome);
	if (outcome->type == OUT_NORMAL)
		activation->registers[REG_LAST] = outcome->value;
	frame_pop(activation);
	return true;
}

static bool
await_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	struct frame *frame = frame_push(activation, await_resume, statement);

	(void)outcome;
	return frame_await(activation, frame, evaluate(&statement->value, activation));
}

static bool
sleep_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	(void)frame;
	(void)outcome;
	frame_pop(activation);
	return true;
}

/* As a source does it: by a timer in its frame. */
static bool
sleep_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	struct frame *frame = frame_push(activation, sleep_resume, statement);
	uint64_t ns = (uint64_t)statement->count * MILLISECOND;

	(void)outcome;
	activation->co->value.pointer = timer_after(&frame->timer, ns);
	activation->step = STEP_AWAIT;
	return false;
}

static bool
ticks_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	if (outcome->type != OUT_NORMAL || frame->at++ == (size_t)frame->statement->count) {
		frame_pop(activation);
		return true;
	}
	return frame_await(activation, frame, value_undefined());
}

static bool
ticks_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	return ticks_resume(activation, frame_push(activation, ticks_resume, statement), outcome);
}

/* ---------------------------------------------------------------------- ends */

static bool
return_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	frame_received(frame, outcome);
	if (outcome->type == OUT_NORMAL)
		outcome->type = OUT_RETURN;
	frame_pop(activation);
	return true;
}

static bool
return_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	union value value = evaluate(&statement->value, activation);

	if (activation->kind == IN_SYNC) {
		*outcome = (struct outcome){ OUT_RETURN, value };
		return true;
	}
	return frame_await(activation, frame_push(activation, return_resume, statement), value);
}

static bool
end_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	static const enum outcome_type types[DO_COUNT] = {
		[DO_RETURN_BARE] = OUT_RETURN,
		[DO_THROW] = OUT_THROW,
		[DO_BREAK] = OUT_BREAK,
		[DO_CONTINUE] = OUT_CONTINUE,
	};

	outcome->type = types[statement->kind];
	outcome->value = value_undefined();
	if (statement->kind == DO_THROW)
		outcome->value = evaluate(&statement->value, activation);
	return true;
}

bool
statement_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	static bool (*const begin[DO_COUNT])(struct activation *, const struct statement *,
	    struct outcome *) = {
		[DO_LOG] = log_begin,
		[DO_AWAIT] = await_begin,
		[DO_SLEEP] = sleep_begin,
		[DO_TICKS] = ticks_begin,
		[DO_YIELD] = yield_begin,
		[DO_YIELD_STAR] = yield_star_begin,
		[DO_RETURN] = return_begin,
		[DO_RETURN_BARE] = end_begin,
		[DO_THROW] = end_begin,
		[DO_TRY] = try_begin,
		[DO_LOOP] = loop_begin,
		[DO_BREAK] = end_begin,
		[DO_CONTINUE] = end_begin,
		[DO_IF] = if_begin,
		[DO_FOR_AWAIT] = for_await_begin,
		[DO_SPREAD] = spread_begin,
		[DO_CALL] = call_begin,
		[DO_AWAIT_CALL] = call_begin,
		[DO_TICKER] = ticker_begin,
	};

	return begin[statement->kind](activation, statement, outcome);
}

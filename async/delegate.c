#include "async/delegate.h"

void
delegate_start(struct delegate *delegate, struct iterator *iterator)
{
	*delegate = (struct delegate){ .iterator = iterator, .phase = DELEGATE_START };
}

static bool
over(struct coroutine *co, enum completion_type type, union value value)
{
	co->received = (uint8_t)type;
	co->value = value;
	return false;
}

static bool
over_type_error(struct coroutine *co)
{
	return over(co, COMPLETION_THROW, value_number(TYPE_ERROR));
}

/* Awaits what the call that was just made gave, unless the call threw. */
static bool
await_call(struct delegate *delegate, struct coroutine *co, enum delegate_phase phase)
{
	if (delegate->request.threw)
		return over(co, COMPLETION_THROW, delegate->request.promise.value);
	delegate->phase = phase;
	delegate->step = STEP_AWAIT;
	co->value.pointer = &delegate->request.promise;
	return true;
}

static bool
forward_next(struct delegate *delegate, struct coroutine *co, union value value)
{
	iterator_next(delegate->iterator, &delegate->request, value);
	return await_call(delegate, co, DELEGATE_NEXT);
}

static bool
forward_throw(struct delegate *delegate, struct coroutine *co)
{
	const struct iterator_ops *ops = delegate->iterator->ops;

	if (ops->throw_ != NULL) {
		iterator_throw(delegate->iterator, &delegate->request, co->value);
		return await_call(delegate, co, DELEGATE_NEXT);
	}
	if (ops->return_ == NULL)
		return over_type_error(co);
	iterator_return(delegate->iterator, &delegate->request, value_undefined());
	return await_call(delegate, co, DELEGATE_CLOSING);
}

static bool
forward_return(struct delegate *delegate, struct coroutine *co)
{
	if (delegate->iterator->ops->return_ != NULL) {
		iterator_return(delegate->iterator, &delegate->request, co->value);
		return await_call(delegate, co, DELEGATE_RETURN);
	}
	delegate->returning = co->value;
	delegate->phase = DELEGATE_NO_RETURN;
	delegate->step = STEP_TICK;
	return true;
}

/* The outer generator was resumed at the yield: its request goes inside. */
static bool
forward(struct delegate *delegate, struct coroutine *co)
{
	switch (co->received) {
	case COMPLETION_THROW:
		return forward_throw(delegate, co);
	case COMPLETION_RETURN:
		return forward_return(delegate, co);
	default:
		return forward_next(delegate, co, co->value);
	}
}

/* An inner result has come; when it is the last, the yield* ends in `type`. */
static bool
pass_result(struct delegate *delegate, struct coroutine *co, enum completion_type type)
{
	if (co->received == COMPLETION_THROW)
		return false;
	if (delegate->request.promise.result == RESULT_NOT_OBJECT)
		return over_type_error(co);
	if (delegate->request.promise.result == RESULT_DONE)
		return over(co, type, co->value);
	delegate->phase = DELEGATE_PASSING;
	delegate->step = STEP_YIELD_AWAITED;
	return true;
}

bool
delegate_resume(struct delegate *delegate, struct coroutine *co)
{
	switch (delegate->phase) {
	case DELEGATE_START:
		return forward_next(delegate, co, value_undefined());
	case DELEGATE_PASSING:
		return forward(delegate, co);
	case DELEGATE_NEXT:
		return pass_result(delegate, co, COMPLETION_NORMAL);
	case DELEGATE_RETURN:
		return pass_result(delegate, co, COMPLETION_RETURN);
	case DELEGATE_CLOSING:
		return co->received == COMPLETION_THROW ? false : over_type_error(co);
	case DELEGATE_NO_RETURN:
		break;
	}
	if (co->received == COMPLETION_THROW)
		return false;
	return over(co, COMPLETION_RETURN, delegate->returning);
}

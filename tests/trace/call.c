/* call, await-call, ticker. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/trace/activation.h"
#include "tests/trace/instance.h"
#include "tests/trace/keep.h"
#include "tests/trace/run.h"
#include "tests/trace/value.h"

struct call {
	struct iterator_request request;
	struct job job;
	const char *who, *label;
};

static void
call_release(void *object)
{
	struct call *call = object;

	if (call->request.iterator != NULL)
		promise_fini(&call->request.promise);
	free(call);
}

static const char *
call_label(struct activation *activation, const struct statement *statement)
{
	char *label;

	activation->calls++;
	if (statement->label != NULL)
		return statement->label;
	label = keep_alloc(32);
	snprintf(label, 32, "%s#%u", method_names[statement->method], activation->calls);
	return label;
}

static void
call_print(const struct call *call, struct completion completion, enum result_kind result)
{
	const char *value = value_show(completion.value);

	if (completion.type == COMPLETION_THROW)
		trace_line("%s %s !! %s", call->who, call->label, value);
	else
		trace_line("%s %s -> {value:%s,done:%s}", call->who, call->label, value,
		    result == RESULT_DONE ? "true" : "false");
}

static struct completion
call_completion(const struct promise *promise)
{
	return (struct completion){
		.type = promise->state == PROMISE_REJECTED ? COMPLETION_THROW : COMPLETION_NORMAL,
		.value = promise->value,
	};
}

static void
call_settled(struct job *job)
{
	struct call *call = (struct call *)((char *)job - offsetof(struct call, job));

	call_print(call, call_completion(job->promise), (enum result_kind)job->promise->result);
}

/* PromiseResolve belongs where the request is served.  Behind others that is later, and only a
 * thenable can tell. */
static void
return_awaited(struct instance *instance, struct call *call, union value value)
{
	struct promise *promise = value_to_promise(value);

	promise_ref(promise);
	iterator_return_promise(instance->iterator, &call->request, promise);
	if (value_is_thenable(value) && !promise->handled)
		run.unsupported = "return(thenable) behind other requests";
	promise_unref(promise);
}

static void
call_method(struct instance *instance, struct call *call, enum method method, union value value)
{
	if (method == METHOD_NEXT)
		iterator_next(instance->iterator, &call->request, value);
	else if (method == METHOD_THROW)
		iterator_throw(instance->iterator, &call->request, value);
	else if (value_is_awaited(value))
		return_awaited(instance, call, value);
	else
		iterator_return(instance->iterator, &call->request, value);
}

/* -------------------------------------------------------------------- answers */

static bool
call_sync(struct activation *activation, const struct statement *statement,
    const struct call *call, union value value)
{
	struct sync_iterator *sync = statement->source.declared->instance->sync;
	enum completion_type (*const methods[METHOD_COUNT])(struct sync_iterator *, union value,
	    struct sync_result *) = { sync->ops->next, sync->ops->return_, sync->ops->throw_ };
	struct sync_result result = { .kind = RESULT_VALUE };
	struct completion completion;

	completion.type = methods[statement->method](sync, value, &result);
	completion.value = value_of_result(result.value);
	call_print(call, completion, result.kind);
	if (statement->kind == DO_AWAIT_CALL && completion.type == COMPLETION_NORMAL)
		activation->registers[REG_LAST] = completion.value;
	return true;
}

static bool
call_resume(struct activation *activation, struct frame *frame, struct outcome *outcome)
{
	const struct promise *promise = &frame->call->request.promise;

	call_print(frame->call, call_completion(promise), (enum result_kind)promise->result);
	if (outcome->type == OUT_NORMAL)
		activation->registers[REG_LAST] = outcome->value;
	outcome->type = OUT_NORMAL;
	frame_pop(activation);
	return true;
}

static bool
call_async(struct activation *activation, const struct statement *statement, struct call *call,
    union value value)
{
	call_method(statement->source.declared->instance, call, statement->method, value);
	if (statement->kind == DO_CALL) {
		call->job.run = call_settled;
		promise_perform_then(&call->request.promise, &call->job);
		return true;
	}
	frame_push(activation, call_resume, statement)->call = call;
	activation->co->value.pointer = &call->request.promise;
	activation->step = STEP_AWAIT;
	return false;
}

bool
call_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	const struct declared *on = statement->source.declared;
	struct call *call = calloc(1, sizeof *call);
	union value value = value_undefined();

	(void)outcome;
	keep(call, call_release);
	if (statement->has_arg)
		value = evaluate(&statement->value, activation);
	call->who = activation->who;
	call->label = call_label(activation, statement);
	trace_line("%s call %s %s(%s)", call->who, call->label, on->name,
	    statement->has_arg ? value_show(value) : "");
	if (on->instance->sync != NULL)
		return call_sync(activation, statement, call, value);
	return call_async(activation, statement, call, value);
}

/* --------------------------------------------------------------------- ticker */

struct tick {
	const char *who;
	long long number;
};

static struct completion
tick_print(void *context, union value value)
{
	const struct tick *tick = context;

	(void)value;
	trace_line("%s tick %lld", tick->who, tick->number);
	return (struct completion){ .type = COMPLETION_NORMAL };
}

bool
ticker_begin(struct activation *activation, const struct statement *statement,
    struct outcome *outcome)
{
	struct promise *promise = promise_resolved(value_undefined());

	(void)outcome;
	for (long long k = 1; k <= statement->count && promise != NULL; k++) {
		struct tick *tick = keep_alloc(sizeof *tick);

		*tick = (struct tick){ .who = activation->who, .number = k };
		promise = promise_then(promise, tick_print, NULL, tick);
	}
	if (promise == NULL)
		die("no memory");
	promise_unref(promise);
	return true;
}

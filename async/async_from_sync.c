/* Async-from-Sync Iterator objects (ECMA-262 27.1.6), of the edition that closes the sync iterator
 * when its value is rejected or its throw method is missing. */
#include <assert.h>
#include <stdlib.h>

#include "async/sync_iterator.h"

/* One request whose value is being awaited. */
struct unwrap {
	struct job job;
	struct unwrap *next;
	struct adapter *adapter;
	struct iterator_request *request;
	union value value;
	enum result_kind kind;
	bool close_on_rejection;
	bool used;
};

struct adapter {
	struct iterator iterator;
	struct sync_iterator *sync;
	struct unwrap *waiting;   /* oldest first */
	struct unwrap usual;      /* enough for who makes one request at a time */
};

static struct unwrap *
unwrap_new(struct adapter *adapter)
{
	struct unwrap *unwrap = &adapter->usual, **end = &adapter->waiting;

	if (unwrap->used)
		unwrap = malloc(sizeof *unwrap);
	if (unwrap == NULL)
		return NULL;
	*unwrap = (struct unwrap){ .adapter = adapter, .used = true };
	while (*end != NULL)
		end = &(*end)->next;
	*end = unwrap;
	return unwrap;
}

static void
unwrap_free(struct unwrap *unwrap)
{
	struct unwrap **at = &unwrap->adapter->waiting;

	while (*at != unwrap)
		at = &(*at)->next;
	*at = unwrap->next;
	unwrap->used = false;
	if (unwrap != &unwrap->adapter->usual)
		free(unwrap);
}

static void
unwrap_reject(const struct unwrap *unwrap, union value reason)
{
	struct completion completion = { .type = COMPLETION_THROW, .value = reason };

	if (unwrap->close_on_rejection && unwrap->kind != RESULT_DONE)
		completion = sync_iterator_close(unwrap->adapter->sync, completion);
	promise_reject(&unwrap->request->promise, completion.value);
}

static void
unwrap_done(struct job *job)
{
	const struct promise *settled = job->promise;
	struct unwrap unwrap = *(struct unwrap *)job;
	union value value = settled != NULL ? settled->value : unwrap.value;

	unwrap_free((struct unwrap *)job);
	if (settled == NULL || settled->state == PROMISE_FULFILLED)
		promise_fulfill_result(&unwrap.request->promise, value, unwrap.kind);
	else
		unwrap_reject(&unwrap, value);
}

/* AsyncFromSyncIteratorContinuation */
static void
continuation(struct adapter *adapter, struct iterator_request *request, enum completion_type type,
    const struct sync_result *result, bool close_on_rejection)
{
	struct unwrap *unwrap;

	if (type == COMPLETION_THROW) {
		promise_reject(&request->promise, result->value);
		return;
	}
	if (result->kind == RESULT_NOT_OBJECT) {
		promise_fail(&request->promise, TYPE_ERROR);
		return;
	}
	unwrap = unwrap_new(adapter);
	if (unwrap == NULL) {
		promise_fail(&request->promise, -ENOMEM);
		return;
	}
	unwrap->request = request;
	unwrap->value = result->value;
	unwrap->kind = result->kind;
	unwrap->close_on_rejection = close_on_rejection;
	unwrap->job.run = unwrap_done;
	if (result->promise != NULL)
		promise_perform_then(promise_ref(result->promise), &unwrap->job);
	else
		job_enqueue(&unwrap->job);
}

static void
adapter_next(struct iterator *iterator, struct iterator_request *request)
{
	struct adapter *adapter = (struct adapter *)iterator;
	struct sync_result result = { .kind = RESULT_VALUE };
	enum completion_type type;

	type = adapter->sync->ops->next(adapter->sync, request->value, &result);
	continuation(adapter, request, type, &result, true);
}

/* The promise of return(promise) is the value here; when it comes back, it is awaited. */
static void
adapter_return(struct iterator *iterator, struct iterator_request *request)
{
	struct adapter *adapter = (struct adapter *)iterator;
	struct promise *awaited = request->awaited;
	union value value = awaited != NULL ? value_pointer(awaited) : request->value;
	struct sync_result result = { .value = value, .kind = RESULT_DONE };
	enum completion_type type = COMPLETION_NORMAL;

	if (adapter->sync->ops->return_ == NULL && awaited == NULL) {
		promise_fulfill_result(&request->promise, value, RESULT_DONE);
		return;
	}
	if (adapter->sync->ops->return_ != NULL)
		type = adapter->sync->ops->return_(adapter->sync, value, &result);
	if (awaited != NULL && result.value.pointer == awaited)
		result.promise = awaited;
	continuation(adapter, request, type, &result, false);
	promise_unref(awaited);
}

static void
adapter_throw(struct iterator *iterator, struct iterator_request *request)
{
	struct adapter *adapter = (struct adapter *)iterator;
	struct completion closed = { .type = COMPLETION_NORMAL };
	struct sync_result result = { .kind = RESULT_VALUE };
	enum completion_type type;

	if (adapter->sync->ops->throw_ != NULL) {
		type = adapter->sync->ops->throw_(adapter->sync, request->value, &result);
		continuation(adapter, request, type, &result, true);
		return;
	}
	closed = sync_iterator_close(adapter->sync, closed);
	if (closed.type != COMPLETION_THROW)
		closed.value = value_number(TYPE_ERROR);
	promise_reject(&request->promise, closed.value);
}

static void
adapter_cancel(struct iterator *iterator)
{
	struct adapter *adapter = (struct adapter *)iterator;

	while (adapter->waiting != NULL) {
		struct unwrap unwrap = *adapter->waiting;

		promise_forget(&adapter->waiting->job);
		unwrap_free(adapter->waiting);
		unwrap_reject(&unwrap, value_number(-ECANCELED));
	}
}

static void
adapter_free(struct iterator *iterator)
{
	assert(((struct adapter *)iterator)->waiting == NULL);
	free(iterator);
}

struct iterator *
async_from_sync(struct sync_iterator *sync)
{
	static const struct iterator_ops ops = {
		.kind = "async-from-sync iterator",
		.next = adapter_next,
		.return_ = adapter_return,
		.throw_ = adapter_throw,
		.cancel = adapter_cancel,
		.free = adapter_free,
	};
	struct adapter *adapter = calloc(1, sizeof *adapter);

	if (adapter == NULL)
		return NULL;
	adapter->iterator.ops = &ops;
	adapter->sync = sync;
	return &adapter->iterator;
}

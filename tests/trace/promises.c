/* What ECMA-262 does with a value that may be a promise or a thenable. */
#include <stdlib.h>

#include "async/timer.h"
#include "tests/trace/keep.h"
#include "tests/trace/run.h"
#include "tests/trace/value.h"

/* NewPromiseResolveThenableJob, for an object whose then() resolves at once. */
struct then_job {
	struct job job;
	struct promise *promise;
	union value value;
};

static void
then_call(struct job *job)
{
	struct then_job *then = (struct then_job *)job;

	value_resolve(then->promise, value_of_thenable(then->value));
	promise_unref(then->promise);
}

void
value_resolve(struct promise *promise, union value value)
{
	struct then_job *then;

	if (value_is_promise(value))
		promise_adopt(promise, promise_ref(value.pointer));
	else if (value_is_thenable(value)) {
		then = keep_alloc(sizeof *then);
		*then = (struct then_job){ .job.run = then_call, .promise = promise_ref(promise),
			.value = value };
		job_enqueue(&then->job);
	} else
		promise_fulfill(promise, value);
}

static struct promise *
new_promise(void)
{
	struct promise *promise = promise_new();

	if (promise == NULL)
		die("no memory");
	return promise;
}

struct promise *
value_to_promise(union value value)
{
	struct promise *promise;

	if (value_is_promise(value))
		return promise_ref(value.pointer);
	promise = new_promise();
	value_resolve(promise, value);
	return promise;
}

/* -------------------------------------------------- thenables in sync results */

struct derived {
	const struct derived *older;
	const struct promise *promise;
	union value thenable;
};

struct promise *
value_in_result(union value value)
{
	struct derived *derived;
	struct promise *promise;

	if (value_is_promise(value))
		return value.pointer;
	if (!value_is_thenable(value))
		return NULL;
	promise = value_to_promise(value);
	derived = keep_alloc(sizeof *derived);
	*derived = (struct derived){ run.derived, promise, value };
	run.derived = derived;
	value_promise(promise);
	return promise;
}

union value
value_of_result(union value value)
{
	for (const struct derived *derived = run.derived; derived != NULL; derived = derived->older)
		if (derived->promise == value.pointer)
			return derived->thenable;
	return value;
}

/* -------------------------------------------------------------------- timers */

struct delay {
	struct timer timer;
	struct promise *promise;
	union value value;
};

static void
delay_end(struct timer *timer, void (*settle)(struct promise *, union value))
{
	struct delay *delay = (struct delay *)timer;
	struct promise *promise = delay->promise;

	delay->promise = NULL;
	settle(promise, delay->value);
	promise_unref(promise);
}

static void
delay_resolve(struct timer *timer)
{
	delay_end(timer, value_resolve);
}

static void
delay_reject(struct timer *timer)
{
	delay_end(timer, promise_reject);
}

static void
delay_release(void *object)
{
	struct delay *delay = object;

	promise_unref(delay->promise);
	free(delay);
}

static struct promise *
delay_new(long long ms, union value value, void (*fire)(struct timer *))
{
	struct delay *delay = calloc(1, sizeof *delay);

	keep(delay, delay_release);
	delay->promise = new_promise();
	delay->value = value;
	timer_call_after(&delay->timer, (uint64_t)ms * MILLISECOND, fire);
	return promise_ref(delay->promise);
}

struct promise *
value_later(long long ms, union value value)
{
	struct promise *promise;

	if (value.pointer != NULL)
		return delay_new(ms, value, delay_resolve);
	promise = sleep_for((uint64_t)ms * MILLISECOND);
	if (promise == NULL)
		die("no memory");
	return promise;
}

struct promise *
error_later(long long ms, union value reason)
{
	return delay_new(ms, reason, delay_reject);
}

#include "probe.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "async/for_await.h"
#include "async/timer.h"
#include "loop-backends.h"

char probe_log[4096];
int probes;

void
probe_log_clear(void)
{
	probe_log[0] = '\0';
}

void
probe_note(const char *format, ...)
{
	size_t length = strlen(probe_log);
	va_list arguments;

	if (length > 0 && length + 1 < sizeof probe_log)
		probe_log[length++] = ' ';
	va_start(arguments, format);
	vsnprintf(probe_log + length, sizeof probe_log - length, format, arguments);
	va_end(arguments);
}

/* -------------------------------------------------------------------- probe */

struct probe {
	struct iterator iterator;
	struct probe_script script;
	struct iterator_request *request;   /* waiting for its time, or for ever */
	struct timer timer;
	int at;
	bool over;
};

static void
probe_letter(const struct probe *probe, const char *letter)
{
	if (probe->script.name != '\0')
		probe_note("%c%s", probe->script.name, letter);
	else
		probe_note("%s", letter);
}

static void
probe_fail(struct probe *probe, struct iterator_request *request, int error)
{
	if (probe->script.not_object)
		promise_fulfill_result(&request->promise, value_number(0), RESULT_NOT_OBJECT);
	else if (probe->script.throws) {
		request->threw = true;
		request->promise.value = value_number(error);
	} else
		promise_fail(&request->promise, error);
}

static void
probe_answer(struct probe *probe, struct iterator_request *request)
{
	if (request->completion == COMPLETION_RETURN) {
		probe->over = true;
		if (probe->script.return_error != 0)
			probe_fail(probe, request, probe->script.return_error);
		else
			promise_fulfill_result(&request->promise, request->value, RESULT_DONE);
	} else if (!probe->over && probe->at < probe->script.values)
		promise_fulfill_result(&request->promise, value_number(++probe->at), RESULT_VALUE);
	else if (!probe->over && probe->script.error != 0) {
		probe->over = true;
		probe_fail(probe, request, probe->script.error);
	} else
		promise_fulfill_result(&request->promise, value_undefined(), RESULT_DONE);
}

static void
probe_fire(struct timer *timer)
{
	struct probe *probe = (struct probe *)((char *)timer - offsetof(struct probe, timer));
	struct iterator_request *request = probe->request;

	probe->request = NULL;
	probe_answer(probe, request);
}

static void
probe_request(struct iterator *iterator, struct iterator_request *request)
{
	struct probe *probe = (struct probe *)iterator;

	probe_letter(probe, request->completion == COMPLETION_RETURN ? "r" : "n");
	assert(probe->request == NULL);         /* one request at a time */
	if (request->completion == COMPLETION_NORMAL && probe->script.pending
	    && probe->at == probe->script.values)
		probe->request = request;
	else if (probe->script.delay > 0) {
		probe->request = request;
		timer_call_after(&probe->timer, probe->script.delay, probe_fire);
	} else
		probe_answer(probe, request);
}

static void
probe_cancel(struct iterator *iterator)
{
	struct probe *probe = (struct probe *)iterator;
	struct iterator_request *request = probe->request;

	if (request == NULL)
		return;
	probe_letter(probe, "c");
	probe->request = NULL;
	probe->over = true;
	timer_stop(&probe->timer);
	promise_fail(&request->promise, -ECANCELED);
}

static void
probe_free(struct iterator *iterator)
{
	struct probe *probe = (struct probe *)iterator;

	assert(probe->request == NULL);
	free(probe);
	probes--;
}

struct iterator *
probe_new(const struct probe_script *script)
{
	static const struct iterator_ops ops = {
		.kind = "probe",
		.next = probe_request,
		.return_ = probe_request,
		.cancel = probe_cancel,
		.free = probe_free,
	};
	struct probe *probe = calloc(1, sizeof *probe);

	if (probe == NULL)
		return NULL;
	probe->iterator.ops = &ops;
	probe->script = *script;
	probes++;
	return &probe->iterator;
}

/* --------------------------------------------------------------------- loop */

struct taker {
	struct iterator *iterator;
	int left;
};

static struct promise *
taker_take(void *context, union value value)
{
	struct taker *taker = context;

	probe_note("%d", (int)value.number);
	if (taker->left > 0 && --taker->left == 0)
		return FOR_AWAIT_BREAK;
	return NULL;
}

static void
taker_end(void *context, int error)
{
	struct taker *taker = context;

	if (error == 0)
		probe_note("end");
	else
		probe_note("end %d", error);
	iterator_free(taker->iterator);
	free(taker);
}

struct for_await *
probe_loop(struct iterator *iterator, int max)
{
	struct taker *taker = calloc(1, sizeof *taker);

	*taker = (struct taker){ iterator, max };
	return for_await(iterator, taker_take, taker_end, taker);
}

/* ------------------------------------------------------------------ promise */

static void
await_run(struct job *job)
{
	int number = (int)job->promise->value.number;

	if (job->promise->state == PROMISE_REJECTED)
		probe_note("! %d", number);
	else
		probe_note("= %d", number);
	free(job);
}

void
probe_await(struct promise *promise)
{
	struct job *job = calloc(1, sizeof *job);

	job->run = await_run;
	promise_perform_then(promise, job);
}

/* -------------------------------------------------------------------- tests */

int
probe_begin(void **state)
{
	probe_log_clear();
	return open_manual(state);
}

int
probe_end(void **state)
{
	assert_int_equal(probes, 0);
	return close_loop(state);
}

void
gives(const char *expected)
{
	assert_int_equal(loop_run(), 0);
	assert_string_equal(probe_log, expected);
}

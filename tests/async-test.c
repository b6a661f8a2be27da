#include "async-test.h"

#include <stdio.h>
#include <string.h>

#include "async/rejection.h"

static void
ask_answered(struct job *job)
{
	struct ask *ask = (struct ask *)((char *)job - offsetof(struct ask, job));

	ask->heard++;
	ask->rejected = job->promise->state == PROMISE_REJECTED;
	ask->done = job->promise->result == RESULT_DONE;
	ask->value = job->promise->value;
}

static void
ask_listen(struct ask *ask)
{
	ask->heard = 0;
	ask->job.run = ask_answered;
	promise_perform_then(&ask->request.promise, &ask->job);
}

void
ask_next(struct ask *ask, struct iterator *iterator)
{
	iterator_next(iterator, &ask->request, value_undefined());
	ask_listen(ask);
}

void
ask_return(struct ask *ask, struct iterator *iterator, intptr_t number)
{
	iterator_return(iterator, &ask->request, value_number(number));
	ask_listen(ask);
}

void
ask_return_promise(struct ask *ask, struct iterator *iterator, struct promise *promise)
{
	iterator_return_promise(iterator, &ask->request, promise);
	ask_listen(ask);
}

void
ask_throw(struct ask *ask, struct iterator *iterator, int error)
{
	iterator_throw(iterator, &ask->request, value_number(error));
	ask_listen(ask);
}

void
ask_close(struct ask *ask, struct iterator *iterator)
{
	bool pending = iterator_request_pending(&ask->request);

	iterator_close(iterator, &ask->request);
	if (!pending)
		ask_listen(ask);
}

void
assert_pending(const struct ask *ask)
{
	assert_int_equal(ask->heard, 0);
	assert_true(iterator_request_pending(&ask->request));
}

static void
assert_answer(const struct ask *ask, bool rejected, bool done, intptr_t number)
{
	assert_int_equal(ask->heard, 1);
	assert_int_equal(ask->rejected, rejected);
	if (!rejected)
		assert_int_equal(ask->done, done);
	assert_int_equal(ask->value.number, number);
}

void
assert_value(const struct ask *ask, intptr_t number)
{
	assert_answer(ask, false, false, number);
}

void
assert_done(const struct ask *ask, intptr_t number)
{
	assert_answer(ask, false, true, number);
}

void
assert_rejected(const struct ask *ask, int error)
{
	assert_answer(ask, true, false, error);
}

void
drain(void)
{
	jobs_run(SIZE_MAX);
}

static char diary[4096];

void
note(const char *words)
{
	size_t used = strlen(diary);

	snprintf(diary + used, sizeof diary - used, "%s%s", used > 0 ? " " : "", words);
}

void
assert_diary(const char *words)
{
	char was[sizeof diary];

	strcpy(was, diary);
	diary[0] = '\0';
	assert_string_equal(was, words);
}

void
assert_diary_ends(const char *words)
{
	size_t used = strlen(diary), length = strlen(words);

	assert_in_range(length, 0, used);
	assert_string_equal(diary + used - length, words);
	diary[0] = '\0';
}

static struct promise *never;

struct promise *
never_settles(void)
{
	if (never == NULL)
		never = promise_new();
	return promise_ref(never);
}

void
never_settles_ends(void)
{
	if (never == NULL)
		return;
	assert_null(never->reactions);
	assert_int_equal(never->references, 1);
	promise_unref(never);
	never = NULL;
}

static void
count(const struct async_generator_info *info, void *context)
{
	(void)info;
	++*(size_t *)context;
}

size_t
live_generators(void)
{
	size_t live = 0;

	async_generators_each(count, &live);
	return live;
}

void
assert_quiet(void)
{
	assert_false(jobs_waiting());
	assert_int_equal(live_generators(), 0);
	assert_diary("");
	never_settles_ends();
	rejections_report();
}

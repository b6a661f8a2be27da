/* A chain of helpers that is cancelled, at every place of it and at any time. */
#include "loop-backends.h"

#include <string.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "async/helpers.h"
#include "async/timer.h"
#include "probe.h"

/* As slow a body as can be: it waits before its values, and twice in its FINALLY. */
struct slow {
	struct iterator *upstream;
	struct iterator_request request;
	struct timer timer;
};

static int slow_finished;

static enum step
slow_body(struct coroutine *co, void *frame)
{
	struct slow *self = frame;

	BEGIN(co);
	for (;;) {
		AWAIT(timer_after(&self->timer, MILLISECOND));
		AWAIT_NEXT(self->upstream, &self->request);
		if (self->request.promise.result == RESULT_DONE)
			break;
		YIELD(self->request.promise.value.pointer);
	}
	FINALLY;
	CLOSE(self->upstream, &self->request);
	AWAIT(timer_after(&self->timer, MILLISECOND));
	AWAIT(timer_after(&self->timer, MILLISECOND));
	timer_close(&self->timer);
	slow_finished++;
	END;
}

static struct iterator *
slow_over(struct iterator *upstream)
{
	struct iterator *slow = async_generator_over("slow", slow_body, sizeof(struct slow), upstream);

	((struct slow *)async_generator_frame(slow))->upstream = upstream;
	return slow;
}

static struct outcome
same(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)counter;
	return outcome_value(value);
}

static struct outcome
same_later(void *context, union value value, uint64_t counter)
{
	(void)context;
	(void)counter;
	return outcome_await(promise_resolved(value));
}

static struct outcome
one_probe(void *context, union value value, uint64_t counter)
{
	(void)counter;
	(void)value;
	return outcome_value(value_pointer(probe_new(context)));
}

/* Eight operators over a source that ends in silence. */
static struct iterator *
chain(struct probe_script *inner)
{
	struct iterator *at = PROBE(.values = 4, .pending = true, .delay = 2 * MILLISECOND);

	at = iterator_map(at, same_later, NULL);
	at = slow_over(at);
	at = iterator_filter(at, same, NULL);
	at = iterator_flat_map(at, one_probe, inner);
	at = iterator_drop(at, 1);
	at = slow_over(at);
	at = iterator_take(at, 100);
	return iterator_map(at, same, NULL);
}

static bool
has_ended(void)
{
	return strstr(probe_log, "end") != NULL;
}

static void
cancel_reaches_every_place_of_a_chain(void **state)
{
	struct probe_script inner = { .values = 3, .delay = MILLISECOND };

	(void)state;
	for (uint64_t at = 0; at < 60; at++) {
		for (size_t jobs = 0; jobs < 30; jobs++) {
			struct for_await *loop = probe_loop(chain(&inner), 0);

			slow_finished = 0;
			probe_log_clear();
			loop_manual_advance(at * MILLISECOND / 2);
			jobs_run(jobs);
			for_await_cancel(loop);
			assert_int_equal(loop_run(), 0);
			assert_true(has_ended());
			assert_non_null(strstr(probe_log, "end -125"));
			assert_int_equal(probes, 0);
			assert_int_equal(timers_earliest(), UINT64_MAX);
		}
	}
}

static void
a_second_cancel_cuts_the_cleaning_up_short(void **state)
{
	struct probe_script inner = { .values = 3, .delay = MILLISECOND };
	struct for_await *loop = probe_loop(chain(&inner), 0);
	uint64_t now;

	(void)state;
	slow_finished = 0;
	loop_manual_advance(100 * MILLISECOND);
	now = loop_now();
	for_await_cancel(loop);
	for (int i = 0; i < 10 && !has_ended(); i++) {
		loop_manual_settle();
		if (!has_ended())
			for_await_cancel(loop);
	}
	assert_int_equal(loop_now(), now);
	assert_int_equal(slow_finished, 2);
	assert_non_null(strstr(probe_log, "end -125"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cancel_reaches_every_place_of_a_chain),
		TEST(a_second_cancel_cuts_the_cleaning_up_short),
	};

	return cmocka_run_group_tests_name("helpers, cancelled", tests, NULL, NULL);
}

#include "async/timer.h"

#include <stdlib.h>

#include "async/abandon.h"
#include "async/loop.h"
#include "async/loop_backend.h"

static struct heap timers;
static uint64_t orders;          /* how many were set, ever */

static struct timer *
timer_of_node(struct heap_node *node)
{
	return (struct timer *)((char *)node - offsetof(struct timer, node));
}

void
timer_call_at(struct timer *timer, uint64_t mono_ns, void (*fire)(struct timer *timer))
{
	timer_stop(timer);
	timer->fire = fire;
	/* UINT64_MAX says "none". */
	timer->node.key = mono_ns < UINT64_MAX ? mono_ns : UINT64_MAX - 1;
	timer->node.order = orders++;
	heap_insert(&timers, &timer->node);
}

void
timer_call_after(struct timer *timer, uint64_t ns, void (*fire)(struct timer *timer))
{
	uint64_t at;

	if (__builtin_add_overflow(loop_now(), ns, &at))
		at = UINT64_MAX;
	timer_call_at(timer, at, fire);
}

static void
timer_fulfill(struct timer *timer)
{
	promise_fulfill(&timer->promise, value_undefined());
}

static struct promise *
timer_promise(struct timer *timer)
{
	if (timer->promise.state != PROMISE_PENDING)
		promise_init(&timer->promise);
	return &timer->promise;
}

struct promise *
timer_at(struct timer *timer, uint64_t mono_ns)
{
	timer_call_at(timer, mono_ns, timer_fulfill);
	return timer_promise(timer);
}

struct promise *
timer_after(struct timer *timer, uint64_t ns)
{
	timer_call_after(timer, ns, timer_fulfill);
	return timer_promise(timer);
}

bool
timer_is_set(const struct timer *timer)
{
	return timer->fire != NULL;
}

void
timer_stop(struct timer *timer)
{
	if (timer->fire == NULL)
		return;
	timer->fire = NULL;
	heap_remove(&timers, &timer->node);
}

void
timer_close(struct timer *timer)
{
	timer_stop(timer);
	promise_abandon(&timer->promise);
}

/* -------------------------------------------------------------------- sleep */

struct sleep {
	struct timer timer;
	struct promise *promise;
};

static void
sleep_fire(struct timer *timer)
{
	struct sleep *sleep = (struct sleep *)timer;

	promise_fulfill(sleep->promise, value_undefined());
	promise_unref(sleep->promise);
	free(sleep);
}

struct promise *
sleep_for(uint64_t ns)
{
	struct sleep *sleep = calloc(1, sizeof *sleep);

	if (sleep == NULL)
		return NULL;
	sleep->promise = promise_new();
	if (sleep->promise == NULL) {
		free(sleep);
		return NULL;
	}
	timer_call_after(&sleep->timer, ns, sleep_fire);
	return promise_ref(sleep->promise);
}

/* ------------------------------------------------------------------ the loop */

uint64_t
timers_earliest(void)
{
	return timers.root != NULL ? timers.root->key : UINT64_MAX;
}

size_t
timers_run(uint64_t now)
{
	uint64_t since = orders;
	size_t count = 0;

	while (timers.root != NULL && timers.root->key <= now && timers.root->order < since) {
		struct timer *timer = timer_of_node(timers.root);
		void (*fire)(struct timer *) = timer->fire;

		timer_stop(timer);
		fire(timer);
		loop_drain();
		count++;
	}
	return count;
}

void
timers_forget(void)
{
	while (timers.root != NULL) {
		struct timer *timer = timer_of_node(timers.root);
		bool sleep = timer->fire == sleep_fire;

		timer_stop(timer);
		if (sleep) {
			promise_unref(((struct sleep *)timer)->promise);
			free(timer);
		}
	}
}

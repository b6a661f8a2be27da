#include "sources/blocking.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "async/abandon.h"
#include "async/worker.h"

enum blocking_state {
	BLOCKING_IDLE,
	BLOCKING_QUEUED,
	BLOCKING_CALLING,
};

struct blocking {
	TAILQ_ENTRY(blocking) link;      /* in the queue */
	struct promise promise;
	int (*call)(void *data);
	void (*fini)(void *data);
	uint8_t state;                   /* enum blocking_state */
	bool closed;                     /* goes when its call has returned */
	max_align_t data[];
};

/* A thread, and our reaction on what it is doing. */
struct hand {
	TAILQ_ENTRY(hand) link;          /* among those that are free */
	struct job job;
	struct worker *worker;
};

/* The worker's data: the call that it makes. */
struct task {
	struct blocking *blocking;       /* NULL: none */
};

static struct {
	TAILQ_HEAD(, blocking) queue;
	TAILQ_HEAD(, hand) free;         /* the one that was at work last is first: it is warm */
	struct hand *hands[BLOCKING_THREADS];
	unsigned int count;
	size_t open;
} pool = {
	.queue = TAILQ_HEAD_INITIALIZER(pool.queue),
	.free = TAILQ_HEAD_INITIALIZER(pool.free),
};

static void
blocking_free(struct blocking *blocking)
{
	if (blocking->fini != NULL)
		blocking->fini(blocking->data);
	free(blocking);
}

/* --------------------------------------------------------------------- threads */

static int
task_call(void *data)
{
	struct blocking *blocking = ((struct task *)data)->blocking;

	return blocking->call(blocking->data);
}

/* The pool has gone while the call went on: what it worked on was left to us. */
static void
task_fini(void *data)
{
	struct task *task = data;

	if (task->blocking != NULL)
		blocking_free(task->blocking);
}

static struct hand *
hand_new(void)
{
	struct hand *hand;

	if (pool.count == BLOCKING_THREADS)
		return NULL;
	hand = calloc(1, sizeof *hand);
	if (hand == NULL)
		return NULL;
	hand->worker = worker_open(sizeof(struct task), task_fini);
	if (hand->worker == NULL) {
		free(hand);
		return NULL;
	}
	pool.hands[pool.count++] = hand;
	return hand;
}

static struct hand *
hand_take(void)
{
	struct hand *hand = TAILQ_FIRST(&pool.free);

	if (hand == NULL)
		return hand_new();
	TAILQ_REMOVE(&pool.free, hand, link);
	return hand;
}

static void hand_done(struct job *job);

static void
hand_call(struct hand *hand, struct blocking *blocking)
{
	((struct task *)worker_data(hand->worker))->blocking = blocking;
	blocking->state = BLOCKING_CALLING;
	hand->job.run = hand_done;
	promise_perform_then(worker_run(hand->worker, task_call), &hand->job);
}

static void
blocking_settle(struct blocking *blocking, const struct promise *result)
{
	blocking->state = BLOCKING_IDLE;
	if (blocking->closed)
		blocking_free(blocking);
	else if (result->state == PROMISE_FULFILLED)
		promise_fulfill(&blocking->promise, result->value);
	else
		promise_reject(&blocking->promise, result->value);
}

static void
hand_done(struct job *job)
{
	struct hand *hand = (struct hand *)((char *)job - offsetof(struct hand, job));
	struct task *task = worker_data(hand->worker);
	struct blocking *blocking = task->blocking, *next = TAILQ_FIRST(&pool.queue);

	task->blocking = NULL;
	blocking_settle(blocking, job->promise);
	if (next == NULL) {
		TAILQ_INSERT_HEAD(&pool.free, hand, link);
		return;
	}
	TAILQ_REMOVE(&pool.queue, next, link);
	hand_call(hand, next);
}

/* Calls that hang keep what they work on; the rest is idle. */
static void
pool_close(void)
{
	unsigned int i;

	for (i = 0; i < pool.count; i++) {
		struct hand *hand = pool.hands[i];

		promise_forget(&hand->job);
		worker_close(hand->worker);
		free(hand);
	}
	pool.count = 0;
	TAILQ_INIT(&pool.free);
}

/* ----------------------------------------------------------------------- calls */

struct blocking *
blocking_open(size_t size, void (*fini)(void *data))
{
	struct blocking *blocking = calloc(1, sizeof *blocking + size);

	if (blocking == NULL)
		return NULL;
	blocking->fini = fini;
	pool.open++;
	return blocking;
}

void *
blocking_data(struct blocking *blocking)
{
	return blocking->data;
}

bool
blocking_is_busy(const struct blocking *blocking)
{
	return blocking->state != BLOCKING_IDLE;
}

struct promise *
blocking_run(struct blocking *blocking, int (*call)(void *data))
{
	struct hand *hand;

	if (blocking == NULL)
		return NULL;
	assert(!blocking_is_busy(blocking));
	promise_init(&blocking->promise);
	blocking->call = call;
	hand = hand_take();
	if (hand != NULL)
		hand_call(hand, blocking);
	else if (pool.count > 0) {
		blocking->state = BLOCKING_QUEUED;
		TAILQ_INSERT_TAIL(&pool.queue, blocking, link);
	} else
		promise_fail(&blocking->promise, -ENOMEM);
	return &blocking->promise;
}

void
blocking_close(struct blocking *blocking)
{
	if (blocking == NULL)
		return;
	promise_abandon(&blocking->promise);
	if (blocking->state == BLOCKING_QUEUED)
		TAILQ_REMOVE(&pool.queue, blocking, link);
	blocking->closed = true;
	if (blocking->state != BLOCKING_CALLING)
		blocking_free(blocking);
	if (--pool.open == 0)
		pool_close();
}

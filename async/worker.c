#include "async/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "async/abandon.h"
#include "async/loop.h"
#include "async/loop_backend.h"

enum {
	STACK_SIZE = 128 * 1024,
	IDLE_SECONDS = 10,
};

struct worker {
	/* Under the lock: */
	pthread_cond_t wake;
	pthread_t thread;
	int (*call)(void *data);         /* asked for, and until it has returned */
	int result;
	bool has_thread, closed;
	bool done;                       /* is in the list of those that are */
	TAILQ_ENTRY(worker) link;
	/* The loop's: */
	struct promise promise;
	bool busy;                       /* until the loop has heard of the result */
	void (*fini)(void *data);
	max_align_t data[];
};

static struct {
	pthread_mutex_t lock;
	TAILQ_HEAD(, worker) done;
	unsigned threads;
	/* The loop's: */
	unsigned workers;
	struct loop_io io;               /* an eventfd, written to when one is done */
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.done = TAILQ_HEAD_INITIALIZER(pool.done),
	.io.fd = -1,
};

static void
worker_free(struct worker *worker)
{
	if (worker->fini != NULL)
		worker->fini(worker->data);
	pthread_cond_destroy(&worker->wake);
	free(worker);
}

/* ----------------------------------------------------------------- its thread */

/* Under the lock.  False: nothing came for long. */
static bool
thread_wait(struct worker *worker)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	while (worker->call == NULL && !worker->closed && r == 0)
		r = pthread_cond_timedwait(&worker->wake, &pool.lock, &until);
	return worker->call != NULL || worker->closed;
}

/* Under the lock, but for the call. */
static void
thread_call(struct worker *worker)
{
	int (*call)(void *data) = worker->call;
	int result;

	pthread_mutex_unlock(&pool.lock);
	result = call(worker->data);
	pthread_mutex_lock(&pool.lock);
	worker->call = NULL;
	worker->result = result;
	if (worker->closed)
		return;
	worker->done = true;
	TAILQ_INSERT_TAIL(&pool.done, worker, link);
	/* It counts: it cannot be full. */
	(void)!write(pool.io.fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

static void *
thread_main(void *arg)
{
	struct worker *worker = arg;
	bool orphan = false;

	pthread_setname_np(pthread_self(), "worker");
	pthread_mutex_lock(&pool.lock);
	while (!orphan && thread_wait(worker) && worker->call != NULL) {
		if (!worker->closed)
			thread_call(worker);
		orphan = worker->closed;        /* meanwhile: detached, and the last */
	}
	if (!orphan && !worker->closed) {
		worker->has_thread = false;
		pthread_detach(pthread_self());
	}
	pool.threads--;
	pthread_mutex_unlock(&pool.lock);
	if (orphan)
		worker_free(worker);
	return NULL;
}

static int
thread_create(struct worker *worker)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r = pthread_attr_init(&attributes);

	if (r != 0)
		return -r;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&worker->thread, &attributes, thread_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -r;
}

/* Under the lock. */
static int
thread_begin(struct worker *worker)
{
	int r;

	if (worker->has_thread)
		return 0;
	if (pool.threads == WORKER_THREADS_MAX)
		return -EAGAIN;
	r = thread_create(worker);
	if (r < 0)
		return r;
	worker->has_thread = true;
	pool.threads++;
	return 0;
}

/* ------------------------------------------------------------------- the loop */

static struct worker *
pool_take_done(void)
{
	struct worker *worker;

	pthread_mutex_lock(&pool.lock);
	worker = TAILQ_FIRST(&pool.done);
	if (worker != NULL) {
		TAILQ_REMOVE(&pool.done, worker, link);
		worker->done = false;
	}
	pthread_mutex_unlock(&pool.lock);
	return worker;
}

static void
worker_settle(struct worker *worker)
{
	worker->busy = false;
	loop_busy(-1);
	if (worker->result < 0)
		promise_fail(&worker->promise, worker->result);
	else
		promise_fulfill(&worker->promise, value_number(worker->result));
}

static void
pool_fire(struct loop_io *io, unsigned what)
{
	struct worker *worker;
	uint64_t count;

	(void)what;
	(void)!read(io->fd, &count, sizeof count);
	while ((worker = pool_take_done()) != NULL) {
		worker_settle(worker);
		loop_drain();
	}
}

static int
pool_open(void)
{
	int r;

	if (pool.io.fd >= 0)
		return 0;
	pool.io.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool.io.fd < 0)
		return -errno;
	pool.io.fire = pool_fire;
	pool.io.what = LOOP_READ | LOOP_PERSIST | LOOP_INTERNAL | LOOP_REAL;
	r = loop_io_add(&pool.io);
	if (r == 0)
		return 0;
	close(pool.io.fd);
	pool.io.fd = -1;
	return r;
}

static void
pool_close(void)
{
	if (pool.io.fd < 0)
		return;
	loop_io_remove(&pool.io);
	close(pool.io.fd);
	pool.io.fd = -1;
}

struct worker *
worker_open(size_t size, void (*fini)(void *data))
{
	struct worker *worker = calloc(1, sizeof *worker + size);
	pthread_condattr_t attributes;

	if (worker == NULL)
		return NULL;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	worker->fini = fini;
	pool.workers++;
	return worker;
}

void *
worker_data(struct worker *worker)
{
	return worker->data;
}

static int
worker_begin(struct worker *worker, int (*call)(void *data))
{
	int r = pool_open();

	if (r < 0)
		return r;
	pthread_mutex_lock(&pool.lock);
	r = thread_begin(worker);
	if (r == 0) {
		worker->call = call;
		pthread_cond_signal(&worker->wake);
	}
	pthread_mutex_unlock(&pool.lock);
	return r;
}

struct promise *
worker_run(struct worker *worker, int (*call)(void *data))
{
	int r;

	if (worker == NULL)
		return NULL;
	if (worker->busy)
		return promise_rejected(-EBUSY);
	promise_fini(&worker->promise);
	promise_init(&worker->promise);
	r = worker_begin(worker, call);
	if (r < 0) {
		promise_fail(&worker->promise, r);
		return &worker->promise;
	}
	worker->busy = true;
	loop_busy(1);
	return &worker->promise;
}

/* Its thread is waiting for work, or about to: to be waited for. */
static void
worker_end_thread(struct worker *worker)
{
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&pool.lock);
	pthread_join(worker->thread, NULL);
	pthread_mutex_lock(&pool.lock);
}

/* True: the worker is its thread's now. */
static bool
worker_leave(struct worker *worker)
{
	bool orphan;

	pthread_mutex_lock(&pool.lock);
	worker->closed = true;
	orphan = worker->call != NULL;
	if (worker->done)
		TAILQ_REMOVE(&pool.done, worker, link);
	if (orphan)
		pthread_detach(worker->thread);
	else if (worker->has_thread)
		worker_end_thread(worker);
	pthread_mutex_unlock(&pool.lock);
	return orphan;
}

void
worker_close(struct worker *worker)
{
	if (worker == NULL)
		return;
	if (worker->busy)
		loop_busy(-1);
	promise_abandon(&worker->promise);
	if (!worker_leave(worker))
		worker_free(worker);
	if (--pool.workers == 0)
		pool_close();
}

#include "loop-backends.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "async/timer.h"
#include "async/worker.h"
#include "waiter.h"

static atomic_int fini_count;

struct data {
	int number;
	int gate;                /* to be read from before the call returns; 0: none */
	atomic_bool begun;
	bool signals_blocked;
	pthread_t thread;
};

static void
data_fini(void *data)
{
	const struct data *self = data;

	if (self->gate != 0)
		close(self->gate);
	atomic_fetch_add(&fini_count, 1);
}

static int
give_number(void *data)
{
	struct data *self = data;
	sigset_t mask;
	char byte;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	self->signals_blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1;
	self->thread = pthread_self();
	atomic_store(&self->begun, true);
	if (self->gate != 0 && read(self->gate, &byte, 1) < 0)
		return -errno;
	return self->number;
}

static struct worker *
open_worker(int number)
{
	struct worker *worker = worker_open(sizeof(struct data), data_fini);

	((struct data *)worker_data(worker))->number = number;
	return worker;
}

/* Its call goes on until a byte is written to what this returns. */
static int
gate_worker(struct worker *worker)
{
	struct data *data = worker_data(worker);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	data->gate = ends[0];
	return ends[1];
}

static void
wait_for_fini(int count)
{
	while (atomic_load(&fini_count) < count)
		poll(NULL, 0, 1);
}

static void
the_result_arrives_in_the_loop(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct worker *worker = open_worker(7);
	struct data *data = worker_data(worker);

	(void)state;
	for (int i = 1; i <= 3; i++) {
		wait_for(&waiter, worker_run(worker, give_number));
		assert_int_equal(loop_run(), 0);
		assert_int_equal(waiter.heard, i);
		assert_false(waiter.rejected);
		assert_int_equal(waiter.value, 7);
	}
	assert_true(data->signals_blocked);
	assert_false(pthread_equal(data->thread, pthread_self()));
	worker_close(worker);
}

static void
a_negative_result_is_a_rejection(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct worker *worker = open_worker(-EIO);

	(void)state;
	wait_for(&waiter, worker_run(worker, give_number));
	assert_int_equal(loop_run(), 0);
	assert_true(waiter.rejected);
	assert_int_equal(waiter.value, -EIO);
	worker_close(worker);
}

static void
one_call_at_a_time(void **state)
{
	struct waiter first = { .heard = 0 }, second = { .heard = 0 };
	struct worker *worker = open_worker(1);
	int gate = gate_worker(worker);

	(void)state;
	wait_for(&first, worker_run(worker, give_number));
	wait_for(&second, worker_run(worker, give_number));
	assert_int_equal(write(gate, "a", 1), 1);
	assert_int_equal(loop_run(), 0);
	assert_true(second.rejected);
	assert_int_equal(second.value, -EBUSY);
	assert_int_equal(first.value, 1);
	worker_close(worker);
	close(gate);
}

static void
workers_do_not_wait_for_one_another(void **state)
{
	enum { COUNT = 8 };
	struct waiter waiters[COUNT] = { { .heard = 0 } };
	struct worker *workers[COUNT];
	int gates[COUNT];

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		workers[i] = open_worker(i);
		gates[i] = gate_worker(workers[i]);
		wait_for(&waiters[i], worker_run(workers[i], give_number));
	}
	for (int i = COUNT - 1; i >= 0; i--) {
		assert_int_equal(write(gates[i], "a", 1), 1);
		while (waiters[i].heard == 0)
			assert_int_equal(loop_turn(), 1);
		assert_int_equal(waiters[i].value, i);
		close(gates[i]);
		worker_close(workers[i]);
	}
}

static void
closing_does_not_wait_for_a_call_that_hangs(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct worker *worker = open_worker(1);
	struct data *data = worker_data(worker);
	int gate = gate_worker(worker);

	(void)state;
	atomic_store(&fini_count, 0);
	wait_for(&waiter, worker_run(worker, give_number));
	while (!atomic_load(&data->begun))
		poll(NULL, 0, 1);
	worker_close(worker);
	assert_int_equal(loop_run(), 0);
	assert_true(waiter.rejected);
	assert_int_equal(waiter.value, -ECANCELED);
	assert_int_equal(atomic_load(&fini_count), 0);
	close(gate);
	wait_for_fini(1);
}

static void
closing_at_any_moment_frees_once(void **state)
{
	(void)state;
	atomic_store(&fini_count, 0);
	for (int i = 0; i < 200; i++) {
		struct worker *worker = open_worker(1);
		struct waiter waiter = { .heard = 0 };

		wait_for(&waiter, worker_run(worker, give_number));
		for (volatile int spin = 0; spin < i * 100; spin++)
			continue;
		if (i % 3 == 0)
			poll(NULL, 0, 1);
		worker_close(worker);
		assert_int_equal(loop_run(), 0);
		assert_int_equal(waiter.heard, 1);
	}
	wait_for_fini(200);
}

static void
closing_without_a_call_is_fine(void **state)
{
	(void)state;
	atomic_store(&fini_count, 0);
	worker_close(NULL);
	assert_null(worker_run(NULL, give_number));
	worker_close(open_worker(1));
	assert_int_equal(atomic_load(&fini_count), 1);
	worker_close(worker_open(0, NULL));
}

static void
there_are_only_so_many_threads(void **state)
{
	static struct waiter waiters[WORKER_THREADS_MAX + 1];
	struct worker *workers[WORKER_THREADS_MAX + 1];
	int gates[WORKER_THREADS_MAX + 1];

	(void)state;
	atomic_store(&fini_count, 0);
	for (int i = 0; i <= WORKER_THREADS_MAX; i++) {
		workers[i] = open_worker(i);
		gates[i] = gate_worker(workers[i]);
		waiters[i] = (struct waiter){ .heard = 0 };
		wait_for(&waiters[i], worker_run(workers[i], give_number));
	}
	for (int i = 0; i <= WORKER_THREADS_MAX; i++)
		assert_int_equal(write(gates[i], "a", 1), 1);
	assert_int_equal(loop_run(), 0);
	for (int i = 0; i <= WORKER_THREADS_MAX; i++) {
		bool over = i == WORKER_THREADS_MAX;

		assert_int_equal(waiters[i].rejected, over);
		assert_int_equal(waiters[i].value, over ? -EAGAIN : i);
		worker_close(workers[i]);
		close(gates[i]);
	}
	wait_for_fini(WORKER_THREADS_MAX + 1);
}

static void
without_fds_a_call_is_rejected(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct worker *worker = open_worker(5);
	struct rlimit before, limit;
	int next = dup(0);

	(void)state;
	close(next);
	getrlimit(RLIMIT_NOFILE, &before);
	limit = (struct rlimit){ (rlim_t)next, before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &limit);
	wait_for(&waiter, worker_run(worker, give_number));
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(loop_run(), 0);
	assert_true(waiter.rejected);
	assert_int_equal(waiter.value, -EMFILE);
	wait_for(&waiter, worker_run(worker, give_number));
	assert_int_equal(loop_run(), 0);
	assert_int_equal(waiter.value, 5);
	worker_close(worker);
}

/* ------------------------------------------------------------------ in a body */

struct sensor {
	struct worker *worker;
	int gate;
	int reading;
};

static enum step
sensor_body(struct coroutine *co, void *frame)
{
	struct sensor *self = frame;

	BEGIN(co);
	self->worker = open_worker(21);
	((struct data *)worker_data(self->worker))->gate = self->gate;
	for (;;) {
		AWAIT(worker_run(self->worker, give_number));
		self->reading = (int)co->value.number;
		YIELD(&self->reading);
	}
	FINALLY;
	worker_close(self->worker);
	END;
}

static struct promise *
take_reading(void *context, union value value)
{
	assert_int_equal(*(int *)value.pointer, 21);
	return ++*(int *)context == 3 ? FOR_AWAIT_BREAK : NULL;
}

static int sensor_ended;

static void
note_end(void *context, int error)
{
	(void)context;
	sensor_ended = error;
}

static void
a_body_awaits_its_worker(void **state)
{
	struct iterator *sensor = async_generator_new("sensor", sensor_body, sizeof(struct sensor));
	int readings = 0;

	(void)state;
	sensor_ended = 1;
	for_await(sensor, take_reading, note_end, &readings);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(readings, 3);
	assert_int_equal(sensor_ended, 0);
	iterator_free(sensor);
}

static void
cancel_ends_a_body_whose_call_hangs(void **state)
{
	struct iterator *sensor = async_generator_new("sensor", sensor_body, sizeof(struct sensor));
	struct sensor *frame = async_generator_frame(sensor);
	int ends[2], readings = 0;
	struct for_await *loop;

	(void)state;
	atomic_store(&fini_count, 0);
	sensor_ended = 1;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	frame->gate = ends[0];
	loop = for_await(sensor, take_reading, note_end, &readings);
	for_await_cancel(loop);
	while (sensor_ended == 1)
		assert_true(loop_turn() >= 0);
	assert_int_equal(sensor_ended, -ECANCELED);
	iterator_free(sensor);
	assert_int_equal(loop_run(), 0);
	close(ends[1]);
	wait_for_fini(1);
}

static uint64_t called_at;

static void
note_clock(struct timer *timer)
{
	(void)timer;
	called_at = loop_now();
}

static void
a_call_takes_no_time_on_the_manual_clock(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct worker *worker = open_worker(1);
	struct timer timer = { .fire = NULL };

	(void)state;
	called_at = 0;
	timer_call_after(&timer, SECOND, note_clock);
	wait_for(&waiter, worker_run(worker, give_number));
	while (waiter.heard == 0)
		loop_turn();
	assert_int_equal(called_at, 0);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(called_at, SECOND);
	worker_close(worker);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(the_result_arrives_in_the_loop),
		ON_BOTH(a_negative_result_is_a_rejection),
		ON_BOTH(one_call_at_a_time),
		ON_BOTH(workers_do_not_wait_for_one_another),
		ON_LIBEVENT(closing_does_not_wait_for_a_call_that_hangs),
		ON_BOTH(closing_at_any_moment_frees_once),
		ON_BOTH(closing_without_a_call_is_fine),
		ON_LIBEVENT(there_are_only_so_many_threads),
		ON_LIBEVENT(without_fds_a_call_is_rejected),
		ON_BOTH(a_body_awaits_its_worker),
		ON_LIBEVENT(cancel_ends_a_body_whose_call_hangs),
		ON_MANUAL(a_call_takes_no_time_on_the_manual_clock),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}

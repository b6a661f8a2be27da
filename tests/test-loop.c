#include "loop-backends.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "async/rejection.h"
#include "async/signal_watch.h"
#include "async/timer.h"
#include "async/watch.h"

/* What happened, one letter each. */
static char trace[64];

static int
forget_trace(void)
{
	memset(trace, 0, sizeof trace);
	return 0;
}

static void
note(char letter)
{
	size_t length = strlen(trace);

	if (length + 1 < sizeof trace)
		trace[length] = letter;
}

/* ---------------------------------------------------------------- life */

static void
two_loops_at_once_are_refused(void **state)
{
	(void)state;
	assert_int_equal(loop_open(&loop_manual), -EALREADY);
	assert_int_equal(loop_open(&loop_libevent), -EALREADY);
}

static void
a_loop_can_be_opened_and_closed_again_and_again(void **state)
{
	int first, last;

	(void)state;
	first = dup(0);
	close(first);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(loop_open(i % 2 == 0 ? &loop_libevent : &loop_manual), 0);
		assert_true(loop_is_open());
		loop_close();
		loop_close();
		assert_false(loop_is_open());
	}
	last = dup(0);
	close(last);
	assert_int_equal(first, last);
}

/* With one more fd in each round, until it works. */
static void
opening_without_fds_is_an_error_and_leaves_none(void **state)
{
	struct rlimit before, limit;
	int free_fd = dup(0), last = -1, r = -EMFILE;
	rlim_t extra;

	(void)state;
	close(free_fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (extra = 0; r < 0; extra++) {
		limit = (struct rlimit){ (rlim_t)free_fd + extra, before.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		r = loop_open(&loop_libevent);
		setrlimit(RLIMIT_NOFILE, &before);
		assert_true(r == 0 || r == -EMFILE);
		if (r == 0)
			loop_close();
		last = dup(0);
		close(last);
		assert_int_equal(last, free_fd);
	}
	assert_true(extra > 3);
}

/* ------------------------------------------------------------------ turns */

struct letter_job {
	struct job job;
	char letter;
	unsigned again;
};

static void
letter_run(struct job *job)
{
	struct letter_job *self = (struct letter_job *)job;

	note(self->letter);
	if (self->again > 0) {
		self->again--;
		job_enqueue(job);
	}
}

struct letter_task {
	struct turn_task task;
	struct letter_job job;
	char letter;
	bool again;
};

static void
letter_task_run(struct turn_task *task)
{
	struct letter_task *self = (struct letter_task *)task;

	note(self->letter);
	if (self->job.letter != '\0')
		job_enqueue(&self->job.job);
	if (self->again)
		loop_at_turn_end(task);
	self->again = false;
}

#define LETTER_TASK(letter_, job_) \
	{ \
		.task.run = letter_task_run, \
		.letter = (letter_), \
		.job = { .job.run = letter_run, .letter = (job_) }, \
	}

static void
tasks_run_behind_the_jobs_and_before_their_own(void **state)
{
	struct letter_job job = { .job.run = letter_run, .letter = 'j', .again = 1 };
	struct letter_task a = LETTER_TASK('A', 'a'), b = LETTER_TASK('B', 'b');

	(void)state;
	forget_trace();
	loop_at_turn_end(&a.task);
	loop_at_turn_end(&b.task);
	loop_at_turn_end(&a.task);
	job_enqueue(&job.job);
	assert_int_equal(loop_turn(), 1);
	assert_string_equal(trace, "jjABab");
	assert_int_equal(loop_turn(), 0);
}

static void
a_task_registered_by_a_task_runs_in_the_next_turn(void **state)
{
	struct letter_task a = LETTER_TASK('A', 'a'), b = LETTER_TASK('B', 'b');
	struct timer far = { .fire = NULL };

	(void)state;
	forget_trace();
	timer_after(&far, 3600 * SECOND);       /* to be waited for, was there nothing to do */
	a.again = true;
	loop_at_turn_end(&a.task);
	loop_at_turn_end(&b.task);
	loop_turn();
	assert_string_equal(trace, "ABab");
	loop_turn();
	assert_string_equal(trace, "ABabAa");
	timer_close(&far);
}

static struct letter_task victim = LETTER_TASK('V', 'v');

static void
cancel_victim(struct turn_task *task)
{
	(void)task;
	note('C');
	turn_task_cancel(&victim.task);
	turn_task_cancel(&victim.task);
}

static void
a_task_may_cancel_another_that_is_due(void **state)
{
	struct turn_task canceler = { .run = cancel_victim };
	struct letter_task after = LETTER_TASK('A', 'a');

	(void)state;
	forget_trace();
	loop_at_turn_end(&canceler);
	loop_at_turn_end(&victim.task);
	loop_turn();
	assert_string_equal(trace, "C");
	forget_trace();
	loop_at_turn_end(&canceler);
	loop_at_turn_end(&victim.task);
	loop_at_turn_end(&after.task);
	loop_run();
	assert_string_equal(trace, "CAa");
}

struct counting_job {
	struct job job;
	unsigned left, ran;
};

static void
counting_run(struct job *job)
{
	struct counting_job *self = (struct counting_job *)job;

	self->ran++;
	if (--self->left > 0)
		job_enqueue(job);
}

static unsigned
jobs_of_the_first_turn(void)
{
	struct counting_job job = { .job.run = counting_run, .left = 25000 };
	unsigned first;

	job_enqueue(&job.job);
	assert_int_equal(loop_turn(), 1);
	first = job.ran;
	assert_int_equal(loop_run(), 0);
	assert_int_equal(job.ran, 25000);
	return first;
}

static void
a_drain_runs_256_jobs_at_most(void **state)
{
	(void)state;
	assert_int_equal(jobs_of_the_first_turn(), 256);
}

static void
the_manual_loop_drains_without_a_cap(void **state)
{
	(void)state;
	assert_int_equal(jobs_of_the_first_turn(), 25000);
}

static void
loop_stop_ends_the_run_behind_the_turn(void **state)
{
	struct timer timer = { .fire = NULL };
	struct letter_job job = { .job.run = letter_run, .letter = 'j' };

	(void)state;
	forget_trace();
	timer_after(&timer, 3600 * SECOND);
	job_enqueue(&job.job);
	loop_stop();            /* too early: it counts for the run that is going on */
	assert_int_equal(loop_turn(), 1);
	assert_string_equal(trace, "j");
	timer_close(&timer);
	assert_int_equal(loop_run(), 0);
}

static void
stop_fire(struct timer *timer)
{
	loop_stop();
	timer_call_after(timer, 0, stop_fire);
}

static void
a_stopped_loop_may_run_again(void **state)
{
	struct timer timer = { .fire = NULL };

	(void)state;
	timer_call_after(&timer, 0, stop_fire);
	assert_int_equal(loop_run(), 0);
	assert_true(timer_is_set(&timer));
	assert_int_equal(loop_run(), 0);
	timer_close(&timer);
}

static void
the_clock_stands_within_a_turn(void **state)
{
	uint64_t now = loop_now();

	(void)state;
	while (loop_now_refresh() == now)
		continue;
	now = loop_now();
	for (volatile int i = 0; i < 1000; i++)
		assert_int_equal(loop_now(), now);
	assert_true(loop_now_refresh() > now);
}

/* --------------------------------------------------------------- fairness */

static int ready_fd;

static void
open_ready_fd(void)
{
	ready_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(ready_fd >= 0);
}

struct busy {
	struct watch watch;
	uintptr_t rounds;
	char letter;
};

static enum step
busy_body(struct coroutine *co, void *frame)
{
	struct busy *self = frame;

	BEGIN(co);
	watch_init(&self->watch, self->letter == 'a' ? ready_fd : ready_fd + 1);
	for (;;) {
		AWAIT(watch_readable(&self->watch));
		note(self->letter);
		self->rounds++;
		YIELD(self);
	}
	FINALLY;
	watch_fini(&self->watch);
	END;
}

static struct promise *
take(void *context, union value value)
{
	(void)context;
	(void)value;
	return NULL;
}

static void
ended(void *context, int error)
{
	assert_int_equal(error, -ECANCELED);
	iterator_free(context);
}

static struct for_await *
busy_begin(char letter, struct busy **ret_busy)
{
	struct iterator *busy = async_generator_new("busy", busy_body, sizeof(struct busy));

	*ret_busy = async_generator_frame(busy);
	(*ret_busy)->letter = letter;
	return for_await(busy, take, ended, busy);
}

static void
a_fd_that_is_always_ready_starves_no_timer(void **state)
{
	struct timer timer = { .fire = NULL };
	struct for_await *loop;
	struct busy *busy;

	(void)state;
	forget_trace();
	open_ready_fd();
	loop = busy_begin('a', &busy);
	timer_call_after(&timer, 3 * MILLISECOND, stop_fire);
	assert_int_equal(loop_run(), 0);
	timer_close(&timer);
	assert_true(busy->rounds > 0);
	for_await_cancel(loop);
	assert_int_equal(loop_run(), 0);
	close(ready_fd);
}

static void
two_fds_that_are_always_ready_take_turns(void **state)
{
	struct busy *busy;
	struct for_await *a, *b;
	size_t from;

	(void)state;
	forget_trace();
	open_ready_fd();
	assert_int_equal(dup2(ready_fd, ready_fd + 1), ready_fd + 1);
	a = busy_begin('a', &busy);
	b = busy_begin('b', &busy);
	for (int i = 0; i < 20; i++)
		assert_int_equal(loop_turn(), 1);
	from = strspn(trace, "a");
	assert_true(strlen(trace) >= 30);
	for (size_t i = from; i + 2 < strlen(trace); i++)
		assert_false(trace[i] == trace[i + 1] && trace[i + 1] == trace[i + 2]);
	for_await_cancel(a);
	for_await_cancel(b);
	assert_int_equal(loop_run(), 0);
	close(ready_fd + 1);
	close(ready_fd);
}

/* A body that feeds itself with jobs for ever, and a fd: both go on. */
static enum step
endless_body(struct coroutine *co, void *frame)
{
	BEGIN(co);
	for (;;)
		YIELD(frame);
	FINALLY;
	END;
}

static void
a_body_that_never_waits_starves_no_fd(void **state)
{
	struct iterator *endless = async_generator_new("endless", endless_body, sizeof(int));
	struct for_await *loops[2];
	struct busy *busy;

	(void)state;
	forget_trace();
	open_ready_fd();
	loops[0] = for_await(endless, take, ended, endless);
	loops[1] = busy_begin('a', &busy);
	for (int i = 0; i < 5; i++)
		assert_int_equal(loop_turn(), 1);
	assert_true(busy->rounds >= 3);
	for_await_cancel(loops[0]);
	for_await_cancel(loops[1]);
	assert_int_equal(loop_run(), 0);
	close(ready_fd);
}

/* ------------------------------------------------------------- rejections */

static int rejections;

static void
count_rejection(const struct rejection *rejection, void *context)
{
	(void)context;
	assert_int_equal(rejection->reason.number, -EIO);
	rejections++;
}

static void
a_rejection_that_nobody_handles_is_told_when_the_jobs_have_drained(void **state)
{
	struct promise *handled = promise_rejected(-EIO), *unhandled = promise_rejected(-EIO);
	struct letter_job job = { .job.run = letter_run, .letter = 'j' };

	(void)state;
	rejections = 0;
	rejection_set_hook(count_rejection, NULL);
	promise_perform_then(handled, &job.job);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(rejections, 1);
	promise_unref(unhandled);
	assert_int_equal(rejections, 1);
	rejection_set_hook(NULL, NULL);
}

/* ---------------------------------------------------------------- signals */

static void
on_signal(struct signal_watch *watch)
{
	note(watch->io.fd == SIGUSR1 ? '1' : '2');
	loop_stop();
}

static void
a_signal_is_an_event(void **state)
{
	struct signal_watch first, second;

	(void)state;
	forget_trace();
	assert_int_equal(signal_watch_init(&first, SIGUSR1, on_signal), 0);
	assert_int_equal(signal_watch_init(&second, SIGUSR2, on_signal), 0);
	raise(SIGUSR1);
	assert_int_equal(loop_run(), 0);
	assert_string_equal(trace, "1");
	raise(SIGUSR2);
	assert_int_equal(loop_run(), 0);
	assert_string_equal(trace, "12");
	signal_watch_fini(&first);
	signal_watch_fini(&second);
	assert_int_equal(loop_run(), 0);
}

static void
signo_run(struct job *job)
{
	note(job->promise->state == PROMISE_FULFILLED ? 's' : 'x');
}

static void
a_signal_before_its_await_is_not_lost(void **state)
{
	struct signal_watch watch;
	struct job job = { .run = signo_run };

	(void)state;
	forget_trace();
	assert_int_equal(signal_watch_init(&watch, SIGUSR1, NULL), 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	assert_int_equal(loop_turn(), 1);
	assert_string_equal(trace, "");
	promise_perform_then(signal_next(&watch), &job);
	assert_int_equal(loop_turn(), 1);
	assert_string_equal(trace, "s");
	promise_perform_then(signal_next(&watch), &job);
	raise(SIGUSR1);
	assert_int_equal(loop_turn(), 1);
	assert_string_equal(trace, "ss");
	promise_perform_then(signal_next(&watch), &job);
	signal_watch_fini(&watch);
	assert_int_equal(loop_run(), 0);
	assert_string_equal(trace, "ssx");
}

static void
the_manual_loop_raises_signals(void **state)
{
	struct signal_watch watch;
	struct job job = { .run = signo_run };

	(void)state;
	forget_trace();
	assert_int_equal(signal_watch_init(&watch, SIGTERM, NULL), 0);
	loop_manual_raise(SIGHUP);
	loop_manual_raise(SIGTERM);
	promise_perform_then(signal_next(&watch), &job);
	assert_int_equal(loop_run(), 0);
	assert_string_equal(trace, "s");
	signal_watch_fini(&watch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(two_loops_at_once_are_refused),
		cmocka_unit_test(a_loop_can_be_opened_and_closed_again_and_again),
		cmocka_unit_test(opening_without_fds_is_an_error_and_leaves_none),
		ON_BOTH(tasks_run_behind_the_jobs_and_before_their_own),
		ON_BOTH(a_task_registered_by_a_task_runs_in_the_next_turn),
		ON_BOTH(a_task_may_cancel_another_that_is_due),
		ON_LIBEVENT(a_drain_runs_256_jobs_at_most),
		ON_MANUAL(the_manual_loop_drains_without_a_cap),
		ON_BOTH(loop_stop_ends_the_run_behind_the_turn),
		ON_BOTH(a_stopped_loop_may_run_again),
		ON_LIBEVENT(the_clock_stands_within_a_turn),
		ON_LIBEVENT(a_fd_that_is_always_ready_starves_no_timer),
		ON_BOTH(two_fds_that_are_always_ready_take_turns),
		ON_LIBEVENT(a_body_that_never_waits_starves_no_fd),
		ON_BOTH(a_rejection_that_nobody_handles_is_told_when_the_jobs_have_drained),
		ON_LIBEVENT(a_signal_is_an_event),
		ON_LIBEVENT(a_signal_before_its_await_is_not_lost),
		ON_MANUAL(the_manual_loop_raises_signals),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}

#include "async/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "async/job.h"
#include "async/loop_backend.h"
#include "async/rejection.h"
#include "async/timer.h"

TAILQ_HEAD(turn_tasks, turn_task);

static struct {
	const struct loop_backend *backend;
	struct turn_tasks tasks;
	uint64_t turns, now, armed;
	unsigned waiting;        /* ios that are added and keep the loop running */
	unsigned busy;
	bool now_known, stopped;
	bool capped;             /* the last drain left jobs to the next */
} loop;

static void
loop_print(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static void (*log_line)(const char *line) = loop_print;

void
loop_set_log(void (*log)(const char *line))
{
	log_line = log != NULL ? log : loop_print;
}

void
loop_log(const char *line)
{
	log_line(line);
}

int
loop_open(const struct loop_backend *backend)
{
	int r;

	if (loop.backend != NULL)
		return -EALREADY;
	r = backend->open();
	if (r < 0)
		return r;
	loop.backend = backend;
	TAILQ_INIT(&loop.tasks);
	loop.turns = 0;
	loop.armed = UINT64_MAX;
	loop.now_known = loop.stopped = loop.capped = false;
	return 0;
}

void
loop_close(void)
{
	if (loop.backend == NULL)
		return;
	assert(loop.waiting == 0 && loop.busy == 0);
	timers_forget();
	loop.backend->close();
	loop.backend = NULL;
}

bool
loop_is_open(void)
{
	return loop.backend != NULL;
}

/* --------------------------------------------------------------------- turn */

void
loop_drain(void)
{
	size_t max = loop.backend->jobs_max;

	loop.capped = jobs_run(max) == max && jobs_waiting();
}

static bool
loop_has_work(void)
{
	return jobs_waiting() || !TAILQ_EMPTY(&loop.tasks);
}

static bool
loop_has_hope(void)
{
	return loop.waiting > 0 || loop.busy > 0 || timers_earliest() != UINT64_MAX;
}

/* A deadline that moves away is left where it was: it fires once for nothing, which costs less
 * than a system call for each move. */
static int
loop_arm(void)
{
	uint64_t earliest = timers_earliest();
	int r;

	if (earliest >= loop.armed)
		return 0;
	r = loop.backend->arm(earliest);
	if (r == 0)
		loop.armed = earliest;
	return r;
}

void
loop_timer_fired(void)
{
	uint64_t earliest;

	timers_run(loop_now_refresh());
	earliest = timers_earliest();
	if (loop.backend->arm(earliest) == 0)
		loop.armed = earliest;
}

/* Those registered by now; a marker in the list, so that a task may cancel any other. */
static void
loop_run_tasks(void)
{
	struct turn_task end = { .registered = true };
	struct turn_task *task;

	if (TAILQ_EMPTY(&loop.tasks))
		return;
	TAILQ_INSERT_TAIL(&loop.tasks, &end, link);
	while ((task = TAILQ_FIRST(&loop.tasks)) != &end) {
		turn_task_cancel(task);
		task->run(task);
	}
	turn_task_cancel(&end);
}

static int
loop_look(bool wait)
{
	int r;

	if (wait && !loop_has_hope())
		return 0;
	r = loop_arm();
	loop.now_known = false;
	if (r == 0)
		r = loop.backend->turn(wait);
	return r;
}

int
loop_turn(void)
{
	bool worked = loop_has_work(), capped = loop.capped;
	int r;

	loop.turns++;
	loop.now_known = false;
	if (!capped)
		loop_drain();           /* what was begun outside of the loop */
	r = loop_look(!worked);
	if (r < 0)
		return r;
	if (capped)
		loop_drain();
	loop_run_tasks();
	if (!loop.capped)
		loop_drain();
	if (!jobs_waiting())
		rejections_report();
	return r > 0 || worked ? 1 : 0;
}

int
loop_run(void)
{
	int r;

	loop.stopped = false;
	do
		r = loop_turn();
	while (r > 0 && !loop.stopped);
	return r < 0 ? r : 0;
}

void
loop_stop(void)
{
	loop.stopped = true;
}

bool
loop_is_cut(void)
{
	return loop.capped;
}

uint64_t
loop_turns(void)
{
	return loop.turns;
}

/* -------------------------------------------------------------------- clock */

uint64_t
loop_now(void)
{
	return loop.now_known ? loop.now : loop_now_refresh();
}

uint64_t
loop_now_refresh(void)
{
	loop.now = loop.backend->now();
	loop.now_known = true;
	return loop.now;
}

void
loop_now_forget(void)
{
	loop.now_known = false;
}

/* ----------------------------------------------------------- turn-end tasks */

void
loop_at_turn_end(struct turn_task *task)
{
	if (task->registered)
		return;
	task->registered = true;
	TAILQ_INSERT_TAIL(&loop.tasks, task, link);
}

void
turn_task_cancel(struct turn_task *task)
{
	if (!task->registered)
		return;
	task->registered = false;
	TAILQ_REMOVE(&loop.tasks, task, link);
}

/* ---------------------------------------------------------------------- ios */

static unsigned
loop_io_weight(const struct loop_io *io)
{
	return (io->what & LOOP_INTERNAL) != 0 ? 0 : 1;
}

int
loop_io_add(struct loop_io *io)
{
	int r;

	if (io->added)
		return 0;
	r = loop.backend->add(io);
	if (r < 0)
		return r;
	io->added = true;
	loop.waiting += loop_io_weight(io);
	return 0;
}

void
loop_io_remove(struct loop_io *io)
{
	if (!io->added)
		return;
	io->added = false;
	loop.waiting -= loop_io_weight(io);
	loop.backend->remove(io);
}

void
loop_io_fire(struct loop_io *io, unsigned what)
{
	if ((io->what & LOOP_PERSIST) == 0) {
		io->added = false;
		loop.waiting -= loop_io_weight(io);
	}
	io->fire(io, what);
	loop_drain();
}

void
loop_busy(int change)
{
	loop.busy += (unsigned)change;
}

unsigned
loop_busy_count(void)
{
	return loop.busy;
}

#include "daemon/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async/loop.h"
#include "async/signal_watch.h"
#include "async/timer.h"
#include "base/fdstore.h"
#include "daemon/devices.h"
#include "daemon/graph.h"
#include "daemon/journal.h"
#include "daemon/load.h"
#include "daemon/memory.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "daemon/reload.h"
#include "daemon/status.h"

#define STATUS_NS (5 * SECOND)
/* How long those that a successor does not want have to be claimed: sources take theirs when their
 * bodies begin. */
#define UNTAKEN_NS (2 * SECOND)
#define DRAIN_NS (5 * SECOND)
/* What is beyond that is stuck. */
#define STOP_HANDING_OVER_NS (2 * SECOND)
#define STOP_DRAINING_NS (DRAIN_NS + 2 * SECOND)

#define FAILED_START_SECONDS 1

struct supervisor {
	const char *path;
	struct arena *arena;
	struct graph *graph;
	struct sink_control control;
	struct reload reload;
	struct signal_watch hangup, terminate, interrupt;
	struct timer status_timer, untaken_timer, stop_timer;
	struct status status;
	bool ready;                  /* it was told */
	bool stopping, stopped;
	bool stuck;                  /* something did not end in time: nothing can be freed */
	int exit_status;
};

static struct supervisor *
supervisor_of(void *member, size_t offset)
{
	return (struct supervisor *)(void *)((char *)member - offset);
}

#define SUPERVISOR_OF(member, name) supervisor_of((member), offsetof(struct supervisor, name))

/* --------------------------------------------------------------------- telling */

static void
supervisor_tell_status(struct supervisor *self)
{
	char text[STATUS_LENGTH];

	status_text(&self->status, self->graph, self->reload.note, text);
	notify_status(text);
}

static void
on_reloaded(struct reload *reload)
{
	struct supervisor *self = SUPERVISOR_OF(reload, reload);

	devices_follow(self->graph);
	supervisor_tell_status(self);
}

static void
status_fire(struct timer *timer)
{
	struct supervisor *self = SUPERVISOR_OF(timer, status_timer);

	journal_tell_suppressed();
	supervisor_tell_status(self);
	timer_call_after(timer, STATUS_NS, status_fire);
}

static void
untaken_fire(struct timer *timer)
{
	size_t count = fdstore_drop_untaken();

	(void)timer;
	if (count > 0)
		journal_say(LOG_INFO, "%zu stored fds belong to nobody any more, and are closed",
		    count);
}

/* --------------------------------------------------------------------- stopping */

static void
supervisor_stopped(void *context)
{
	struct supervisor *self = context;

	timer_stop(&self->stop_timer);
	self->stopped = true;
	loop_stop();
}

static void
stop_fire(struct timer *timer)
{
	struct supervisor *self = SUPERVISOR_OF(timer, stop_timer);

	journal_say(LOG_WARNING, "something does not end: leaving it");
	self->stuck = true;
	loop_stop();
}

/* With a store a successor goes on with everything, so that nobody is told anything. */
static void
supervisor_stop(struct supervisor *self)
{
	bool handing_over = fdstore_present();

	if (self->stopping) {
		self->stuck = true;
		loop_stop();
		return;
	}
	self->stopping = true;
	notify_stopping();
	timer_stop(&self->status_timer);
	timer_stop(&self->untaken_timer);
	devices_close();
	reload_refuse(&self->reload, "the daemon is being stopped");
	timer_call_after(&self->stop_timer,
	    handing_over ? STOP_HANDING_OVER_NS : STOP_DRAINING_NS, stop_fire);
	graph_stop(self->graph, handing_over, self->exit_status == 0 ? DRAIN_NS : 0,
	    supervisor_stopped, self);
}

/* ---------------------------------------------------------------------- signals */

static void
on_terminate(struct signal_watch *watch)
{
	supervisor_stop(SUPERVISOR_OF(watch, terminate));
}

static void
on_interrupt(struct signal_watch *watch)
{
	supervisor_stop(SUPERVISOR_OF(watch, interrupt));
}

static void
on_hangup(struct signal_watch *watch)
{
	struct supervisor *self = SUPERVISOR_OF(watch, hangup);

	if (!self->stopping)
		reload_ask(&self->reload, NULL, NULL);
}

/* main() blocked them at its first line: one that came before has waited for this. */
static int
signals_open(struct supervisor *self)
{
	int error = signal_watch_init(&self->hangup, SIGHUP, on_hangup);

	if (error == 0)
		error = signal_watch_init(&self->terminate, SIGTERM, on_terminate);
	if (error == 0)
		error = signal_watch_init(&self->interrupt, SIGINT, on_interrupt);
	process_unblock_signals();
	return error;
}

static void
signals_close(struct supervisor *self)
{
	signal_watch_fini(&self->hangup);
	signal_watch_fini(&self->terminate);
	signal_watch_fini(&self->interrupt);
}

/* ------------------------------------------------------------- what sinks may ask */

static void
control_reload(void *context, void (*done)(void *request, enum reload_verdict verdict, const char *text),
    void *request)
{
	struct supervisor *self = context;

	reload_ask(&self->reload, done, request);
}

static bool
control_privileged(void *context, uid_t uid)
{
	(void)context;
	return uid == 0 || uid == geteuid();
}

/* --------------------------------------------------------------------- starting */

static int
fail(const char *what, int error)
{
	journal_say(LOG_ERR, "%s: %s", what, strerror(-error));
	return 1;
}

/* What needs no config: the loop and what the daemon remembers in. */
static int
supervisor_open(struct supervisor *self)
{
	int error = loop_open(&loop_libevent);

	if (error < 0)
		return fail("cannot open the event loop", error);
	if (self->arena == NULL) {
		error = memory_create(&self->arena);
		if (error < 0)
			return fail("cannot make the arena", error);
	}
	error = signals_open(self);
	if (error < 0)
		return fail("cannot watch signals", error);
	self->control = (struct sink_control){
		.context = self,
		.reload = control_reload,
		.privileged = control_privileged,
		.log = journal_of_sink,
	};
	self->graph = graph_new(self->arena, &self->control);
	if (self->graph == NULL)
		return fail("cannot begin", -ENOMEM);
	self->reload = (struct reload){
		.path = self->path,
		.arena = self->arena,
		.graph = self->graph,
		.reloaded = on_reloaded,
	};
	return 0;
}

static void
supervisor_keep_config(struct supervisor *self, const struct loaded *loaded)
{
	if (loaded->last_good)
		self->reload.note = "running the last good config, the file is wrong";
	else
		reload_keep(&self->reload, loaded->config);
}

/* A stream that cannot begin is told and the others go on; a daemon that nobody can reach is
 * none. */
static void
supervisor_begin(struct supervisor *self, const struct loaded *loaded)
{
	struct problems problems = { .count = 0 };

	process_lock_memory(loaded->config->daemon.lock_memory, &problems);
	graph_start(self->graph, loaded->config, loaded->former, &problems);
	if (problems.text != NULL)
		journal_text(LOG_ERR, problems.text);
	problems_free(&problems);
	if (graph_sink_count(self->graph) < loaded->config->sink_count) {
		self->exit_status = 1;
		supervisor_stop(self);
		return;
	}
	graph_send_away();
	if (loaded->config->sink_count == 0)
		journal_say(LOG_WARNING, "%s has no \"sinks\": nobody can subscribe", self->path);
	supervisor_keep_config(self, loaded);
	devices_follow(self->graph);
	notify_open();
	notify_ready();
	self->ready = true;
	supervisor_tell_status(self);
	timer_call_after(&self->status_timer, STATUS_NS, status_fire);
	timer_call_after(&self->untaken_timer, UNTAKEN_NS, untaken_fire);
}

static int
supervisor_loop(struct supervisor *self)
{
	int error = self->stopped ? 0 : loop_run();

	if (error < 0)
		return fail("the event loop failed", error);
	return self->exit_status;
}

static void
supervisor_close(struct supervisor *self)
{
	signals_close(self);
	reload_close(&self->reload);
	timer_stop(&self->status_timer);
	timer_stop(&self->untaken_timer);
	timer_stop(&self->stop_timer);
	notify_close();
	graph_free(self->graph);
	memory_close(self->arena);
	if (loop_is_open())
		loop_close();
	fdstore_close();
}

/* A manager starts it again at once and without end: what cannot begin must not take all of a CPU
 * for that. */
static void
supervisor_slow_down(const struct supervisor *self, int status)
{
	if (status == 1 && !self->ready && fdstore_notified())
		sleep(FAILED_START_SECONDS);
}

static void
loaded_free(struct loaded *loaded)
{
	config_free(loaded->config);
	config_free(loaded->former);
}

int
supervisor_run(const char *path)
{
	struct supervisor self = { .path = path };
	struct loaded loaded = { .config = NULL };
	int status, error = fdstore_open();

	journal_open();
	if (error < 0)
		journal_say(LOG_WARNING, "the service manager cannot be used fully: %s",
		    strerror(-error));
	self.arena = memory_adopt();
	error = load_at_start(path, self.arena, &loaded);
	if (error < 0) {
		memory_close(self.arena);
		fdstore_close();
		return error == -ENOMEM ? 1 : EXIT_CONFIG;
	}
	status = supervisor_open(&self);
	if (status == 0) {
		supervisor_begin(&self, &loaded);
		loaded_free(&loaded);
		status = supervisor_loop(&self);
	} else
		loaded_free(&loaded);
	supervisor_slow_down(&self, status);
	if (self.stuck)
		_exit(status);
	supervisor_close(&self);
	return status;
}

int
supervisor_check(const char *path)
{
	struct config *config = NULL;
	char *errors = NULL, summary[LOAD_SUMMARY_LENGTH];
	int error = load_file(path, &config, &errors);

	if (error < 0) {
		if (errors != NULL)
			(void)fputs(errors, stderr);
		else
			fprintf(stderr, "awaitd: %s: %s\n", path, strerror(-error));
		free(errors);
		return error == -ENOMEM ? 1 : EXIT_CONFIG;
	}
	printf("%s: right: %s\n", path, load_summary(config, summary));
	config_free(config);
	return 0;
}

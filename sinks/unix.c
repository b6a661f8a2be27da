/* The sink of type "unix": the whole of the wire (docs/protocol.md) on a Unix stream socket. */
#include "sinks/unix.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "sinks/unix_request.h"

/* Why an open() or a change() failed. */
static char message[512];

/* All that are open. */
static LIST_HEAD(, unix_sink) sinks = LIST_HEAD_INITIALIZER(sinks);

void
unix_log(const struct unix_sink *sink, int level, const char *format, ...)
{
	char text[512];
	va_list args;

	if (sink->control.log == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	sink->control.log(sink->control.context, level, sink->name, text);
}

/* --------------------------------------------------------------------- hello */

static void
make_hello(struct unix_sink *sink)
{
	const struct unix_limits *limits = &sink->options.limits;
	const struct unix_shape *shape = &sink->table->shape;
	uint64_t request = limits->request + 2 <= shape->receive ? limits->request
	                                                         : shape->receive - 2;
	int length;

	length = snprintf(sink->hello, sizeof sink->hello,
	    "{\"hello\":\"awaitd\",\"version\":\"%s\",\"boot_id\":\"%s\",\"limits\":{"
	    "\"request\":%llu,\"subscriptions\":%lld,\"id\":%d,\"line\":%llu,\"block\":%s}}\n",
	    PACKAGE_VERSION, arena_boot(sink->arena), (unsigned long long)request,
	    (long long)limits->subscriptions, UNIX_ID_MAX,
	    (unsigned long long)shape->outbox / 2, sink->options.block ? "true" : "false");
	sink->hello_length = (size_t)length;
}

/* ----------------------------------------------------------------- open, free */

static void
set_options(struct unix_sink *sink, const struct unix_options *options, char *path)
{
	free((char *)(uintptr_t)sink->options.path);
	sink->options = *options;
	sink->options.path = path;
}

static void
sink_free(struct unix_sink *sink)
{
	free((char *)(uintptr_t)sink->options.path);
	free(sink->name);
	free(sink);
}

static struct unix_sink *
sink_new(const char *name, const struct unix_options *options, struct arena *arena,
    const struct sink_control *control)
{
	struct unix_sink *sink = calloc(1, sizeof *sink);
	char *path = strdup(options->path);

	if (sink == NULL || path == NULL) {
		free(path);
		free(sink);
		return NULL;
	}
	LIST_INIT(&sink->connections);
	LIST_INIT(&sink->tables);
	sink->arena = arena;
	if (control != NULL)
		sink->control = *control;
	sink->listener.fd = -1;
	sink->name = strdup(name);
	set_options(sink, options, path);
	if (sink->name == NULL) {
		sink_free(sink);
		return NULL;
	}
	return sink;
}

static void finish(struct turn_task *task);

static int
unix_open(const char *name, const void *options, struct arena *arena,
    const struct sink_control *control, struct sink **ret, const char **ret_message)
{
	struct unix_sink *sink = sink_new(name, options, arena, control);
	int r = sink == NULL ? -ENOMEM : unix_tables_open(sink);

	if (r == 0) {
		r = unix_listener_open(sink, message, sizeof message);
		if (r < 0)
			unix_tables_close(sink, false);
	} else
		snprintf(message, sizeof message, "there is no room for its connections: %s",
		    strerror(-r));
	if (r < 0) {
		if (sink != NULL)
			sink_free(sink);
		*ret_message = message;
		return r;
	}
	sink->finish.run = finish;
	LIST_INSERT_HEAD(&sinks, sink, link);
	make_hello(sink);
	unix_recover(sink);
	unix_streams_watch(sink);
	unix_accept_start(sink);
	*ret = (struct sink *)sink;
	return 0;
}

/* ------------------------------------------------------------------- changing */

static bool
is_anothers(const char *path)
{
	const struct unix_sink *other;

	LIST_FOREACH(other, &sinks, link)
		if (strcmp(other->options.path, path) == 0)
			return true;
	return false;
}

/* Where it listens, and who may connect; nobody who is connected loses anything. */
static int
change_listener(struct unix_sink *sink, const struct unix_options *options)
{
	if (strcmp(options->path, sink->options.path) != 0)
		return is_anothers(options->path)
		    ? -EOPNOTSUPP
		    : unix_listener_move(sink, options, message, sizeof message);
	if (sink->listener.activated
	    || (options->mode == sink->options.mode && options->group == sink->options.group))
		return 0;
	return unix_listener_permit(options->path, options, message, sizeof message);
}

static int
change_table(struct unix_sink *sink, const struct unix_options *options)
{
	int r;

	if (unix_shape_serves(&sink->table->shape, options))
		return 0;
	r = unix_tables_grow(sink, options);
	if (r < 0)
		snprintf(message, sizeof message, "there is no room for its connections: %s",
		    strerror(-r));
	return r;
}

static int
unix_change(struct sink *handle, const void *new_options, const char **ret_message)
{
	struct unix_sink *sink = (struct unix_sink *)handle;
	const struct unix_options *options = new_options;
	char *path = strdup(options->path);
	int r;

	*ret_message = message;
	snprintf(message, sizeof message, "%s", strerror(ENOMEM));
	r = path == NULL ? -ENOMEM : change_table(sink, options);
	if (r == 0)
		r = change_listener(sink, options);
	if (r < 0) {
		free(path);
		return r;
	}
	set_options(sink, options, path);
	make_hello(sink);
	unix_accept_start(sink);
	return 0;
}

/* ------------------------------------------------------------------- stopping */

static void
finish(struct turn_task *task)
{
	struct unix_sink *sink
	    = (struct unix_sink *)((char *)task - offsetof(struct unix_sink, finish));
	void (*stopped)(void *context) = sink->stopped;
	void *context = sink->stopped_context;

	timer_close(&sink->drain);
	turn_task_cancel(&sink->recover);
	unix_tables_close(sink, sink->end != SINK_HANDS_OVER);
	sink_free(sink);
	if (stopped != NULL)
		stopped(context);
}

void
unix_sink_emptied(struct unix_sink *sink)
{
	if (sink->stopping)
		loop_at_turn_end(&sink->finish);
}

static void
close_all(struct unix_sink *sink, bool keep)
{
	struct unix_connection *c, *next;

	for (c = LIST_FIRST(&sink->connections); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		unix_connection_close(c, keep);
	}
}

/* Time is up: the last word, to those who still can take it. */
static void
drained(struct timer *timer)
{
	struct unix_sink *sink
	    = (struct unix_sink *)((char *)timer - offsetof(struct unix_sink, drain));
	struct unix_connection *c;

	LIST_FOREACH(c, &sink->connections, link) {
		if (c->slot == NULL || unix_connection_ending(c))
			continue;
		unix_connection_say_end(c);
		(void)unix_deliver(c);
	}
	close_all(sink, false);
}

static void
begin_drain(struct unix_sink *sink, uint64_t drain_ns)
{
	struct unix_connection *c;

	LIST_FOREACH(c, &sink->connections, link) {
		c->stopping = true;
		unix_connection_wake(c);
	}
	timer_call_after(&sink->drain, drain_ns, drained);
}

static void
unix_stop(struct sink *handle, enum sink_end end, uint64_t drain_ns, void (*done)(void *context),
    void *context)
{
	struct unix_sink *sink = (struct unix_sink *)handle;

	LIST_REMOVE(sink, link);
	sink->stopping = true;
	sink->end = end;
	sink->stopped = done;
	sink->stopped_context = context;
	streams_unwatch(&sink->streams);
	unix_listener_close(sink, end != SINK_HANDS_OVER);
	if (end == SINK_HANDS_OVER)
		close_all(sink, true);
	else
		begin_drain(sink, drain_ns);
	if (sink->connection_count == 0)
		unix_sink_emptied(sink);
}

static void
unix_sink_stats(const struct sink *handle, struct sink_stats *ret)
{
	const struct unix_sink *sink = (const struct unix_sink *)handle;
	const struct unix_table *table;

	*ret = (struct sink_stats){
		.connections = sink->open_count,
		.subscriptions = sink->subscription_count,
	};
	LIST_FOREACH(table, &sink->tables, link) {
		const struct unix_counters *counters = &table->header->counters;

		ret->accepted += counters->accepted;
		ret->refused += counters->refused;
		ret->deliveries += counters->deliveries;
		ret->bytes += counters->bytes;
		ret->lost += counters->lost;
	}
}

static size_t
unix_line_max(const void *options)
{
	return unix_shape_for(options).outbox / 2;
}

const struct sink_ops unix_sink = {
	.name = "unix",
	.help = "A Unix stream socket on which any program subscribes, asks and lists "
	        "(newline-delimited JSON).",
	.options = unix_option_table,
	.options_size = sizeof(struct unix_options),
	.check = unix_options_check,
	.line_max = unix_line_max,
	.open = unix_open,
	.change = unix_change,
	.stop = unix_stop,
	.stats = unix_sink_stats,
	.send_away = unix_send_away_untaken,
};

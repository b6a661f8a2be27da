#include "sink-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "async/child.h"
#include "base/clock.h"

struct setting setting;

/* -------------------------------------------------------------------- setting */

static void
on_log(void *context, int level, const char *sink, const char *text)
{
	size_t length = strlen(setting.log);

	(void)context;
	(void)level;
	snprintf(setting.log + length, sizeof setting.log - length, "%s: %s\n", sink, text);
}

static void
on_reload(void *context, void (*done)(void *request, enum reload_verdict verdict, const char *text), void *request)
{
	(void)context;
	setting.reload_done = done;
	setting.reload_request = request;
}

static bool
on_privileged(void *context, uid_t uid)
{
	(void)context;
	return uid == getuid() && !setting.unprivileged;
}

static int
setting_open(const struct loop_backend *backend)
{
	setting = (struct setting){
		.folder = "/tmp/sink-XXXXXX",
		.options = {
			.path = setting.path,
			.mode = 0660,
			.group = OPTION_ID_NONE,
			.block_timeout = (int64_t)(10 * SECOND),
			.limits = {
				.connections = 1000,
				.request = 64 * 1024,
				.subscriptions = 256,
				.outbox = 256 * 1024,
			},
		},
		.control = {
			.reload = on_reload,
			.privileged = on_privileged,
			.log = on_log,
		},
	};
	assert_non_null(mkdtemp(setting.folder));
	snprintf(setting.path, sizeof setting.path, "%s/s", setting.folder);
	assert_int_equal(loop_open(backend), 0);
	assert_int_equal(arena_create(&setting.arena), 0);
	return 0;
}

int
setting_manual(void **state)
{
	(void)state;
	setting_open(&loop_manual);
	setting.manual = true;
	loop_manual_poll(true);
	return 0;
}

int
setting_libevent(void **state)
{
	(void)state;
	return setting_open(&loop_libevent);
}

static void feeds_free(void);

int
setting_close(void **state)
{
	(void)state;
	clients_free();
	if (setting.sink != NULL) {
		sink_stop(false, SECOND);
		settle();
	}
	feeds_free();
	loop_close();
	arena_free(setting.arena);
	unlink(setting.path);
	rmdir(setting.folder);
	return 0;
}

int
sink_try_open(void)
{
	return unix_sink.open("local", &setting.options, setting.arena, &setting.control,
	    &setting.sink, &setting.message);
}

void
sink_open(void)
{
	setting.message = NULL;
	if (sink_try_open() < 0)
		fail_msg("the sink cannot be opened: %s", setting.message);
}

int
sink_change(const struct unix_options *options)
{
	return unix_sink.change(setting.sink, options, &setting.message);
}

static void
on_stopped(void *context)
{
	(void)context;
	setting.stopped = true;
}

void
sink_stop(bool handing_over, uint64_t drain_ns)
{
	setting.stopped = false;
	unix_sink.stop(setting.sink, handing_over ? SINK_HANDS_OVER : SINK_SHUTS_DOWN, drain_ns,
	    on_stopped, NULL);
	setting.sink = NULL;
}

/* On the real loop: some turns, each of which is woken after a moment. */
static void
nothing(struct timer *timer)
{
	(void)timer;
}

void
settle(void)
{
	struct timer timer = { .fire = NULL };

	if (setting.manual) {
		assert_int_equal(loop_manual_settle(), 0);
		return;
	}
	for (int i = 0; i < 20; i++) {
		timer_call_after(&timer, 200 * MICROSECOND, nothing);
		assert_true(loop_turn() >= 0);
	}
	timer_close(&timer);
}

/* -------------------------------------------------------------------- streams */

struct fed {
	STAILQ_ENTRY(fed) link;
	struct event event;
	char text[];
};

struct feed {
	SLIST_ENTRY(feed) link;
	char name[80];
	struct stream_options options;
	struct stream *stream;
	STAILQ_HEAD(, fed) queue;
	struct promise wake;
	struct fed *given;
	size_t waiting;
	bool ended, stopped;
};

struct feed_frame {
	struct feed *feed;
	bool up;
	struct event event;
};

static SLIST_HEAD(, feed) feeds;

static const struct moment feed_moment = {
	.mono_ns = UINT64_C(8123456789012),
	.real_ns = INT64_C(1795173359123456789),
};

static void
feed_drop_given(struct feed *feed)
{
	free(feed->given);
	feed->given = NULL;
}

static const struct event *
feed_take(struct feed *feed)
{
	struct fed *fed = STAILQ_FIRST(&feed->queue);

	feed_drop_given(feed);
	if (fed == NULL)
		return NULL;
	STAILQ_REMOVE_HEAD(&feed->queue, link);
	feed->waiting--;
	feed->given = fed;
	return &fed->event;
}

static enum step
feed_body(struct coroutine *co, void *frame)
{
	struct feed_frame *self = frame;

	BEGIN(co);
	self->event = (struct event){ .kind = EVENT_STATE, .time = feed_moment, .is = STATE_UP };
	YIELD(&self->event);
	for (;;) {
		while (!STAILQ_EMPTY(&self->feed->queue))
			YIELD(feed_take(self->feed));
		feed_drop_given(self->feed);
		if (self->feed->ended)
			break;
		promise_init(&self->feed->wake);
		AWAIT(&self->feed->wake);
	}
	FINALLY;
	END;
}

static struct child *
feed_make(struct stream *stream, const void *options, void *kept)
{
	struct child *child = child_new("feed", feed_body, sizeof(struct feed_frame));

	(void)stream;
	(void)kept;
	if (child != NULL)
		((struct feed_frame *)child_frame(child))->feed = (struct feed *)(uintptr_t)options;
	return child;
}

struct feed *
feed_new(const char *name)
{
	struct feed *feed = calloc(1, sizeof *feed);

	assert_non_null(feed);
	snprintf(feed->name, sizeof feed->name, "%s", name);
	STAILQ_INIT(&feed->queue);
	feed->options = (struct stream_options){
		.name = feed->name,
		.source = { .type = "feed", .make = feed_make, .options = feed },
		.chain = 1,
		.log = { .size = 1 << 20, .max_line = MAX_LINE_DEFAULT },
	};
	SLIST_INSERT_HEAD(&feeds, feed, link);
	return feed;
}

struct stream_options *
feed_options(struct feed *feed)
{
	return &feed->options;
}

void
feed_open(struct feed *feed)
{
	assert_int_equal(stream_new(setting.arena, &feed->options, &feed->stream), 0);
}

struct feed *
feed_start(const char *name)
{
	struct feed *feed = feed_new(name);

	feed_open(feed);
	settle();
	return feed;
}

struct stream *
feed_stream(struct feed *feed)
{
	return feed->stream;
}

const char *
feed_epoch(const char *name)
{
	return log_epoch(stream_log(stream_find(name, strlen(name))));
}

static void
feed_wake(struct feed *feed)
{
	if (feed->wake.state == PROMISE_PENDING)
		promise_fulfill(&feed->wake, value_undefined());
}

static struct fed *
feed_add(struct feed *feed, const struct event *event, const char *text)
{
	size_t length = text != NULL ? strlen(text) + 1 : 0;
	struct fed *fed = malloc(sizeof *fed + length);

	assert_non_null(fed);
	fed->event = *event;
	memcpy(fed->text, text != NULL ? text : "", length);
	STAILQ_INSERT_TAIL(&feed->queue, fed, link);
	feed->waiting++;
	return fed;
}

void
feed_event(struct feed *feed, const struct event *event)
{
	feed_add(feed, event, NULL);
	feed_wake(feed);
}

void
feed_number(struct feed *feed, int64_t value)
{
	const struct event event = {
		.kind = EVENT_VALUE,
		.time = feed_moment,
		.value = { .kind = JSON_KIND_INTEGER, .integer = value },
	};

	feed_event(feed, &event);
}

void
feed_numbers(struct feed *feed, int64_t from, int64_t to)
{
	for (; from <= to; from++)
		feed_number(feed, from);
}

void
feed_text(struct feed *feed, const char *json)
{
	const struct event event = {
		.kind = EVENT_VALUE,
		.time = feed_moment,
		.value = { .kind = JSON_KIND_TEXT },
	};
	struct fed *fed = feed_add(feed, &event, json);

	fed->event.value.text.data = fed->text;
	fed->event.value.text.length = strlen(json);
	feed_wake(feed);
}

void
feed_state(struct feed *feed, enum stream_state state)
{
	const struct event event = {
		.kind = EVENT_STATE,
		.time = feed_moment,
		.is = state,
		.error = state == STATE_DOWN ? -ENODEV : 0,
	};

	feed_event(feed, &event);
}

void
feed_end(struct feed *feed)
{
	feed->ended = true;
	feed_wake(feed);
}

size_t
feed_waiting(const struct feed *feed)
{
	return feed->waiting;
}

static void
feed_stopped(struct stream *stream, void *context)
{
	struct feed *feed = context;

	(void)stream;
	feed->stopped = true;
	feed->stream = NULL;
}

void
feed_stop(struct feed *feed, bool handing_over)
{
	feed->stopped = false;
	stream_stop(feed->stream, handing_over, feed_stopped, feed);
}

static void
feeds_free(void)
{
	struct feed *feed;

	SLIST_FOREACH(feed, &feeds, link)
		if (feed->stream != NULL)
			feed_stop(feed, false);
	settle();
	while ((feed = SLIST_FIRST(&feeds)) != NULL) {
		struct fed *fed;

		SLIST_REMOVE_HEAD(&feeds, link);
		feed_drop_given(feed);
		while ((fed = STAILQ_FIRST(&feed->queue)) != NULL) {
			STAILQ_REMOVE_HEAD(&feed->queue, link);
			free(fed);
		}
		free(feed);
	}
}

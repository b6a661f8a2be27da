#include "tests/stream-feed.h"

#include <string.h>

#include "async/job.h"
#include "sources/source.h"
#include "sources/wake.h"

/* -------------------------------------------------------------------- the source */

struct feed_kept {
	uint64_t told;               /* how many of the world's values it has yielded */
};

struct feed {
	struct source source;
	struct wake wake;
	struct timer timer;
};

struct world world;

static struct json_value
feed_value(int value)
{
	static char text[1000];

	memset(text, 'x', sizeof text);
	if (value < 0)
		return (struct json_value){ .kind = JSON_KIND_STRING, .text = { text, world.length } };
	return (struct json_value){ .kind = JSON_KIND_INTEGER, .integer = value };
}

static const struct event *
feed_next(struct feed *self)
{
	struct feed_kept *kept = self->source.kept;

	self->source.event = (struct event){
		.kind = EVENT_VALUE,
		.value = feed_value(world.values[kept->told++]),
		.time = moment_now(),
	};
	return &self->source.event;
}

static bool
feed_has(const struct feed *self)
{
	const struct feed_kept *kept = self->source.kept;

	return kept->told < world.count;
}

static int
feed_error(struct feed *self)
{
	int error = world.error;

	world.error = 0;
	return error == 0 ? 0 : source_fail(&self->source, error, "the test said so");
}

static enum step
feed_body(struct coroutine *co, void *frame)
{
	struct feed *self = frame;

	BEGIN(co);
	world.made++;
	world.at = self;
	if (world.error != 0)
		THROW(feed_error(self));
	YIELD(source_up(&self->source));
	for (;;) {
		while (feed_has(self))
			YIELD(feed_next(self));
		if (world.error != 0)
			THROW(feed_error(self));
		if (world.end)
			break;
		source_settle(&self->source, &self->source.event.position);
		AWAIT(wake_await(&self->wake));
	}
	FINALLY;
	if (world.slow_end)
		AWAIT(timer_after(&self->timer, SECOND));
	timer_close(&self->timer);
	world.handed_over += source_handing_over(&self->source);
	world.finished++;
	world.at = NULL;
	END;
}

static const struct source_ops feed_source = {
	.name = "feed",
	.size = sizeof(struct feed),
	.kept_size = sizeof(struct feed_kept),
	.run = feed_body,
};

void
poke(void)
{
	if (world.at != NULL)
		wake_up(&world.at->wake);
	loop_manual_settle();
}

void
feed(int value)
{
	world.values[world.count++] = value;
	poke();
}

void
throw(int error)
{
	world.error = error;
	poke();
}

void
feed_halfway(size_t jobs)
{
	for (int i = 1; i <= 5; i++)
		world.values[world.count++] = i;
	wake_up(&world.at->wake);
	jobs_run(jobs);
}

/* ------------------------------------------------------------------------ streams */

struct stream_options
options(void)
{
	return (struct stream_options){
		.name = "fed",
		.source = source_of(&feed_source, NULL),
		.chain = 1,
		.log = { .size = 1 << 16, .max_line = 1 << 10 },
	};
}

struct stream *
begin_with(const struct stream_options *with)
{
	struct stream *stream;

	assert_int_equal(stream_new(fixture_arena, with, &stream), 0);
	loop_manual_settle();
	return stream;
}

struct stream *
begin(void)
{
	const struct stream_options with = options();

	return begin_with(&with);
}

void
note_stopped(struct stream *stream, void *context)
{
	(void)stream;
	*(bool *)context = true;
}

void
stop(struct stream *stream, bool handing_over)
{
	bool done = false;

	stream_stop(stream, handing_over, note_stopped, &done);
	loop_manual_settle();
	if (world.slow_end)
		loop_manual_advance(2 * SECOND);
	assert_true(done);
}

/* What a SIGKILL and a restart are for a stream: nobody commits anything, and another one
 * adopts. */
struct stream *
restart_with(struct stream *stream, const struct stream_options *with)
{
	stop(stream, true);
	fixture_restart();
	return begin_with(with);
}

struct stream *
restart(struct stream *stream)
{
	const struct stream_options with = options();

	return restart_with(stream, &with);
}

int
feed_setup(void **state)
{
	memset(&world, 0, sizeof world);
	return fixture_manual(state);
}

/* A stream's life.  Its phases are in stream_private.h; what moves it from one to the next is a
 * listener, a timer, the end of its pump, or its owner. */
#include "streams/stream.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "async/async_generator.h"
#include "streams/stream_private.h"

static void stream_begin(struct stream *stream);

/* ------------------------------------------------------------------ beginning */

static void
stream_begin_fire(struct timer *timer)
{
	stream_begin(stream_of_timer(timer));
}

void
stream_begin_later(struct stream *stream, uint64_t ns)
{
	stream->phase = PHASE_WAITING;
	timer_call_after(&stream->timer, ns, stream_begin_fire);
}

static void
stream_begin_job(struct job *job)
{
	bool has_room;
	struct stream *stream = stream_of_room(job, &has_room);

	if (has_room)
		stream_begin(stream);
	else
		stream_begin_later(stream, BEGIN_AGAIN_NS);
}

bool
stream_owns_log(const struct stream *stream)
{
	return log_chain(stream->log) == chain_word(&stream->options);
}

/* The log was written by another chain: what that one kept means nothing to this one.  The new
 * word and the empty kept block become true with the entry; without one they are committed
 * before the source begins, so that a successor knows whose fds and bulk it finds. */
static void
stream_reset(struct stream *stream)
{
	const struct position nowhere = { .consumed = 0 };
	bool first = log_chain(stream->log) == 0 && log_next_seq(stream->log) == 1;

	if (log_chain(stream->log) >> 32 == chain_origin(&stream->options))
		chain_reset_operators(stream);
	else {
		stream_fds_drop(stream);
		chain_reset(stream);
	}
	log_set_chain(stream->log, chain_word(&stream->options));
	if (first)
		log_commit(stream->log, &nowhere);
	else
		(void)stream_say(stream, STATE_CHANGED, 0, nowhere);
}

/* Is it up?  Nobody knows before the source says so; down and stale are not over yet. */
static void
stream_set_starting(struct stream *stream)
{
	if (stream->said != STATE_DOWN && stream->said != STATE_STALE)
		stream->state = STATE_STARTING;
}

static int
stream_run(struct stream *stream)
{
	int r = chain_build(stream);

	if (r < 0)
		return r;
	log_set_kept_size(stream->log, stream->kept_size);
	stream->phase = PHASE_RUNNING;
	expect_start(stream);
	r = pump_start(stream);
	if (r < 0) {
		expect_stop(stream);
		iterator_free(stream->chain);
		stream->chain = stream->retry = NULL;
	}
	return r;
}

static void
stream_begin(struct stream *stream)
{
	stream->phase = PHASE_WAITING;
	timer_stop(&stream->timer);
	if (stream_await_room(stream, stream_begin_job))
		return;
	if (!stream_owns_log(stream)) {
		stream_reset(stream);
		stream_set_starting(stream);
	}
	if (stream_run(stream) < 0) {
		stream_report(stream, LOG_ERR, "no memory to begin; trying again");
		stream_begin_later(stream, BEGIN_AGAIN_NS);
	}
}

/* ------------------------------------------------------------------ who listens */

bool
stream_is_wanted(const struct stream *stream)
{
	return !stream->options.on_demand || stream->listeners > 0;
}

void
stream_close(struct stream *stream)
{
	timer_stop(&stream->timer);
	if (stream->phase == PHASE_RUNNING) {
		stream->phase = PHASE_CLOSING;
		pump_cancel(stream);
	} else if (stream->phase == PHASE_WAITING || stream->phase == PHASE_ENDING) {
		promise_forget(&stream->room);
		stream->phase = PHASE_IDLE;
	}
}

static void
stream_linger_fire(struct timer *timer)
{
	stream_close(stream_of_timer(timer));
}

void
stream_consider(struct stream *stream)
{
	bool wanted = stream_is_wanted(stream);

	if (stream->stopping || stream->settling)
		return;
	if (stream->phase == PHASE_IDLE && wanted)
		stream_begin(stream);
	else if (stream->phase == PHASE_WAITING && !wanted)
		stream_close(stream);
	else if (stream->phase == PHASE_RUNNING && wanted)
		timer_stop(&stream->timer);
	else if (stream->phase == PHASE_RUNNING && !timer_is_set(&stream->timer))
		timer_call_after(&stream->timer, stream->options.linger_ns, stream_linger_fire);
}

void
stream_listen(struct stream *stream)
{
	stream->listeners++;
	stream_consider(stream);
}

void
stream_unlisten(struct stream *stream)
{
	stream->listeners--;
	stream_consider(stream);
}

/* ------------------------------------------------------------------- new, free */

void
stream_free(struct stream *stream)
{
	timer_stop(&stream->timer);
	timer_stop(&stream->expect);
	turn_task_cancel(&stream->last_turn);
	free(stream);
}

int
stream_options_check(const struct stream_options *options)
{
	if (options->source.kept_size > SOURCE_KEPT_MAX || chain_kept_size(options) > KEPT_MAX)
		return -E2BIG;
	return 0;
}

void
stream_set_options(struct stream *stream, const struct stream_options *options)
{
	stream->options = *options;
	stream->kept_size = chain_kept_size(options);
}

/* Nothing of a stream that could not be made stays in the arena. */
static void
stream_unopen(struct stream *stream)
{
	stream_fds_release(stream);
	if (log_new_epoch(stream->log) && log_next_seq(stream->log) == 1)
		log_drop(stream->log);
	else
		log_close(stream->log);
}

static int
stream_open(struct stream *stream)
{
	struct log_options options = stream->options.log;
	int r;

	options.as_left = true;
	r = log_open(stream->arena, stream->options.name, &options, &stream->log);
	if (r < 0)
		return r;
	r = log_set_unit(stream->log, stream->options.unit);
	if (r == 0)
		r = stream_fds_adopt(stream);
	if (r == 0)
		r = table_insert(stream);
	if (r < 0) {
		stream_unopen(stream);
		return r;
	}
	stream->state = stream->said = (uint8_t)log_state(stream->log);
	chain_committed(stream);
	return 0;
}

/* Sinks find out by the log, as it was left, how far their predecessors' messages came: until then
 * it is neither resized nor appended to. */
static void
stream_settle(struct stream *stream)
{
	int r = 0;

	stream->settling = true;
	table_tell_added(stream);
	stream->settling = false;
	if (log_path_error(stream->log) == 0)
		r = log_change(stream->log, &stream->options.log);
	if (r < 0)
		stream_report(stream, LOG_ERR, "its history stays as long as it was: %s",
		    strerror(-r));
}

int
stream_new(struct arena *arena, const struct stream_options *options, struct stream **ret)
{
	struct stream *stream;
	int r = stream_options_check(options);

	if (r < 0)
		return r;
	if (stream_find(options->name, strlen(options->name)) != NULL)
		return -EEXIST;
	stream = calloc(1, sizeof *stream);
	if (stream == NULL)
		return -ENOMEM;
	stream->arena = arena;
	stream_set_options(stream, options);
	r = stream_open(stream);
	if (r < 0) {
		stream_free(stream);
		return r;
	}
	if (stream->said == STATE_ENDED && stream_owns_log(stream))
		stream->phase = PHASE_ENDED;
	stream_settle(stream);
	stream_consider(stream);
	*ret = stream;
	return 0;
}

/* ---------------------------------------------------------------------- questions */

const struct stream_options *
stream_options(const struct stream *stream)
{
	return &stream->options;
}

const char *
stream_name(const struct stream *stream)
{
	return log_name(stream->log);
}

struct log *
stream_log(struct stream *stream)
{
	return stream->log;
}

struct arena *
stream_arena(struct stream *stream)
{
	return stream->arena;
}

enum stream_state
stream_state(const struct stream *stream)
{
	return (enum stream_state)stream->state;
}

bool
stream_idle(const struct stream *stream)
{
	return stream->phase == PHASE_IDLE;
}

void
stream_retry(struct stream *stream)
{
	if (stream->retry != NULL)
		retry_now(stream->retry);
	else if (stream->phase == PHASE_WAITING && timer_is_set(&stream->timer))
		stream_begin(stream);
}

size_t
stream_listeners(const struct stream *stream)
{
	return stream->listeners;
}

bool
stream_allows(const struct stream *stream, uid_t uid, const gid_t *groups, size_t group_count)
{
	const struct stream_options *options = &stream->options;
	size_t i, j;

	if (!options->restricted || uid == 0)
		return true;
	for (i = 0; i < options->allow_uid_count; i++)
		if (options->allow_uids[i] == uid)
			return true;
	for (i = 0; i < options->allow_gid_count; i++)
		for (j = 0; j < group_count; j++)
			if (options->allow_gids[i] == groups[j])
				return true;
	return false;
}

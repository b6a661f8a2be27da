/* A stream's end: its pump is over, or its owner stops it. */
#include <string.h>
#include <syslog.h>

#include "streams/stream_private.h"

/* How long to wait behind an operator that threw. */
#define FAILED_AGAIN_NS RETRY_MAX_NS

/* -------------------------------------------------------------------- stopped */

static void
stream_stopped(struct stream *stream)
{
	if (stream->stopped != NULL)
		stream->stopped(stream, stream->context);
	stream_free(stream);
}

/* Cursors have been woken at the end of a turn; those that could read `ended` have done so. */
static void
stream_last_turn(struct turn_task *task)
{
	struct stream *stream =
	    (struct stream *)((char *)task - offsetof(struct stream, last_turn));

	if (stream->turns_left-- > 0) {
		loop_at_turn_end(task);
		return;
	}
	log_drop(stream->log);
	stream_stopped(stream);
}

static void
stream_remove(struct stream *stream)
{
	if (stream->said != STATE_ENDED)
		(void)stream_say(stream, STATE_ENDED, 0, log_position(stream->log));
	stream->state = STATE_ENDED;
	stream->phase = PHASE_REMOVED;
	stream_fds_drop(stream);
	table_remove(stream);
	table_tell_removed(stream);
	stream->turns_left = 1;
	stream->last_turn.run = stream_last_turn;
	loop_at_turn_end(&stream->last_turn);
}

/* Nothing is said and nothing is committed: a successor finds what was there. */
static void
stream_release(struct stream *stream)
{
	table_remove(stream);
	stream_fds_release(stream);
	log_close(stream->log);
	stream_stopped(stream);
}

static void
stream_finish(struct stream *stream)
{
	if (stream->handing_over)
		stream_release(stream);
	else
		stream_remove(stream);
}

static void
stream_finish_task(struct turn_task *task)
{
	stream_finish((struct stream *)((char *)task - offsetof(struct stream, last_turn)));
}

void
stream_stop(struct stream *stream, bool handing_over,
    void (*done)(struct stream *stream, void *context), void *context)
{
	stream->stopping = true;
	stream->handing_over = handing_over;
	stream->stopped = done;
	stream->context = context;
	stream->renewing = false;
	stream_close(stream);
	if (stream->phase == PHASE_CLOSING)
		return;
	stream->last_turn.run = stream_finish_task;
	loop_at_turn_end(&stream->last_turn);
}

/* ------------------------------------------------------------ the pump is over */

static void
stream_end_job(struct job *job);

/* Its source is done, for good. */
static void
stream_end(struct stream *stream)
{
	stream->phase = PHASE_ENDING;
	timer_stop(&stream->timer);
	if (stream_await_room(stream, stream_end_job))
		return;
	if (stream_say(stream, STATE_ENDED, 0, log_position(stream->log)) == 0)
		stream->phase = PHASE_ENDED;
}

static void
stream_end_fire(struct timer *timer)
{
	stream_end(stream_of_timer(timer));
}

static void
stream_end_job(struct job *job)
{
	bool has_room;
	struct stream *stream = stream_of_room(job, &has_room);

	if (has_room)
		stream_end(stream);
	else
		timer_call_after(&stream->timer, BEGIN_AGAIN_NS, stream_end_fire);
}

/* An operator threw, or the source's clean-up did: retry catches all else. */
static void
stream_failed(struct stream *stream, int error)
{
	chain_revert(stream);
	stream_report(stream, LOG_ERR, "its operators failed: %s; trying again in %d s",
	    strerror(-error), (int)(FAILED_AGAIN_NS / SECOND));
	(void)stream_say(stream, STATE_DOWN, error, log_position(stream->log));
	stream_begin_later(stream, FAILED_AGAIN_NS);
}

/* What its generators left to others is nobody's if none begin. */
static void
stream_go_on(struct stream *stream)
{
	stream_consider(stream);
	if (stream->phase == PHASE_IDLE)
		stream_fds_drop_untaken(stream);
}

void
stream_pump_ended(struct stream *stream, int error)
{
	bool closing = stream->phase == PHASE_CLOSING;

	if (closing)
		chain_revert(stream);
	stream->phase = PHASE_IDLE;
	stream->renewing = false;
	if (stream->stopping)
		stream_finish(stream);
	else if (error == 0 && stream_owns_log(stream))
		stream_end(stream);
	else if (closing)
		stream_go_on(stream);
	else
		stream_failed(stream, error);
}

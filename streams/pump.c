/* The pump: a for_await loop from the chain into the log. */
#include <string.h>

#include "streams/stream_private.h"
#include "streams/stream_source.h"

static bool
stream_was_up(const struct stream *stream)
{
	return stream->said == STATE_STARTING || stream->said == STATE_UP;
}

static void
stream_note_state(struct stream *stream, const struct event *event)
{
	stream_report_state(stream, event);
	if (event->is == STATE_CHANGED)
		return;
	stream->state = stream->said = (uint8_t)event->is;
}

/* Exchanges what is kept with what is committed: twice is nothing. */
static void
stream_swap_kept(struct stream *stream)
{
	unsigned char now[KEPT_MAX];

	memcpy(now, log_kept(stream->log), KEPT_MAX);
	chain_revert(stream);
	memcpy(stream->committed, now, KEPT_MAX);
}

int
stream_say(struct stream *stream, enum stream_state state, int error, struct position position)
{
	const struct event event = {
		.kind = EVENT_STATE,
		.time = moment_now(),
		.position = position,
		.is = state,
		.error = error,
	};
	int r;

	stream_swap_kept(stream);
	r = log_append(stream->log, &event);
	stream_swap_kept(stream);
	if (r == -EAGAIN)
		return r;
	stream_note_state(stream, &event);
	return 0;
}

static int
stream_say_now(struct stream *stream, enum stream_state state)
{
	return stream_say(stream, state, 0, log_position(stream->log));
}

/* -------------------------------------------------------------------- in hand */

void
stream_take_in_hand(struct stream *stream, struct crash_place *place)
{
	stream->in_hand = place;
}

void
stream_leave(struct stream *stream)
{
	stream->in_hand = NULL;
	crash_leave();
}

bool
stream_enter(struct stream *stream, uint64_t at)
{
	stream->in_hand = log_crash_place(stream->log);
	if (crash_enter(stream->in_hand, at))
		return true;
	stream_report_poison(stream, stream->in_hand, "what the source read");
	return false;
}

/* ---------------------------------------------------------------------- room */

struct stream *
stream_of_room(struct job *job, bool *ret_has_room)
{
	*ret_has_room = job->promise->state == PROMISE_FULFILLED;
	job->promise = NULL;            /* counted: it is gone behind this */
	return (struct stream *)((char *)job - offsetof(struct stream, room));
}

bool
stream_await_room(struct stream *stream, void (*run)(struct job *job))
{
	struct promise *room = log_room(stream->log);

	if (room == NULL)
		return false;
	stream->room.run = run;
	promise_perform_then(room, &stream->room);
	return true;
}

/* -------------------------------------------------------------------- expect */

/* The silence is ours: a `block` cursor keeps the pump from asking. */
static bool
pump_is_blocked(const struct stream *stream)
{
	struct promise *room = log_room(stream->log);

	promise_unref(room);
	return room != NULL;
}

static void
expect_fire(struct timer *timer)
{
	struct stream *stream = (struct stream *)((char *)timer - offsetof(struct stream, expect));
	uint64_t due = stream->arrived_ns + stream->options.expect_ns;

	if (loop_now() < due) {
		timer_call_at(timer, due, expect_fire);
		return;
	}
	if (stream->state != STATE_DOWN && !pump_is_blocked(stream)
	    && stream_say_now(stream, STATE_STALE) == 0)
		return;                 /* the next event starts it again */
	timer_call_after(timer, stream->options.expect_ns, expect_fire);
}

void
expect_start(struct stream *stream)
{
	stream->arrived_ns = loop_now();
	if (stream->options.expect_ns == 0 || stream->state == STATE_STALE)
		timer_stop(&stream->expect);
	else
		timer_call_after(&stream->expect, stream->options.expect_ns, expect_fire);
}

void
expect_stop(struct stream *stream)
{
	timer_stop(&stream->expect);
}

/* -------------------------------------------------------------------- events */

/* An event has come: if that is news, it is said before. */
static int
pump_note_value(struct stream *stream)
{
	int r = 0;

	if (stream->options.expect_ns != 0)
		stream->arrived_ns = loop_now();
	if (stream->state == STATE_UP)
		return 0;
	if (stream_was_up(stream))
		stream->state = STATE_UP;
	else {
		r = stream_say_now(stream, STATE_UP);
		if (r == 0)
			expect_start(stream);
	}
	return r;
}

static int
pump_commit(struct stream *stream, const struct event *event)
{
	int r = log_append(stream->log, event);

	if (r != -EAGAIN)
		chain_committed(stream);
	return r;
}

/* The source has its device.  Behind a silence only an event ends the silence. */
static int
pump_up(struct stream *stream, const struct event *event)
{
	int r;

	stream_fds_drop_untaken(stream);
	if (stream->said == STATE_STALE)
		return 0;
	if (stream_was_up(stream)) {
		stream->state = STATE_UP;
		return 0;
	}
	r = pump_commit(stream, event);
	if (r != -EAGAIN) {
		stream_note_state(stream, event);
		expect_start(stream);
	}
	return r;
}

static int
pump_state(struct stream *stream, const struct event *event)
{
	int r;

	if (event->is == STATE_UP)
		return pump_up(stream, event);
	r = pump_commit(stream, event);
	if (r != -EAGAIN)
		stream_note_state(stream, event);
	return r;
}

static int
pump_append_in_hand(struct stream *stream, const struct event *event)
{
	int r;

	if (stream->say_changed) {
		r = stream_say_now(stream, STATE_CHANGED);
		if (r < 0)
			return r;
		stream->say_changed = false;
	}
	if (event->kind == EVENT_STATE)
		return pump_state(stream, event);
	if (event->kind == EVENT_VALUE) {
		r = pump_note_value(stream);
		if (r < 0)
			return r;
	}
	return pump_commit(stream, event);
}

/* -EAGAIN: not, or not all of it. */
static int
pump_append(struct stream *stream, const struct event *event)
{
	int r;

	stream_resume(stream);
	r = pump_append_in_hand(stream, event);
	crash_leave();
	return r;
}

/* ---------------------------------------------------------------- the loop */

static void
pump_open_gate(struct stream *stream, bool has_room)
{
	if (has_room)
		promise_fulfill(&stream->gate, value_undefined());
	else
		promise_fail(&stream->gate, -ENOMEM);
}

static void
pump_go_on(struct job *job)
{
	bool has_room;
	struct stream *stream = stream_of_room(job, &has_room);

	pump_open_gate(stream, has_room);
}

/* The event that did not fit is appended when there is room, and then room is awaited for the
 * next. */
static void
pump_held(struct job *job)
{
	bool has_room;
	struct stream *stream = stream_of_room(job, &has_room);

	if (has_room && pump_append(stream, stream->held) == -EAGAIN
	    && stream_await_room(stream, pump_held))
		return;
	stream->held = NULL;
	if (!has_room || !stream_await_room(stream, pump_go_on))
		pump_open_gate(stream, has_room);
}

static struct promise *
pump_hold(struct stream *stream, const struct event *event)
{
	if (!stream_await_room(stream, pump_held))
		return NULL;
	stream->held = event;
	promise_init(&stream->gate);
	return &stream->gate;
}

static struct promise *
pump_value(void *context, union value value)
{
	struct stream *stream = context;
	const struct event *event = value.constant;

	if (pump_append(stream, event) == -EAGAIN)
		return pump_hold(stream, event);
	return log_room(stream->log);
}

static void
pump_end(void *context, int error)
{
	struct stream *stream = context;

	if (stream->room.promise != NULL)
		promise_forget(&stream->room);
	stream_leave(stream);
	stream->held = NULL;
	stream->pump = NULL;
	iterator_free(stream->chain);
	stream->chain = stream->retry = NULL;
	expect_stop(stream);
	stream_pump_ended(stream, error);
}

int
pump_start(struct stream *stream)
{
	stream->pump = for_await(stream->chain, pump_value, pump_end, stream);
	return stream->pump != NULL ? 0 : -ENOMEM;
}

void
pump_cancel(struct stream *stream)
{
	for_await_cancel(stream->pump);
}

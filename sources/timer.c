/* The timer: from, from + 1, ... one an interval, the first when one interval has passed.
 *
 * Deadlines are absolute, multiples of the interval from its beginning, so that it does not
 * drift, however late it is called.  Beginning and next value are kept: a restart goes on at the
 * same beat. */
#include <inttypes.h>

#include "async/loop.h"
#include "async/timer.h"
#include "sources/sources.h"

/* What every JSON parser reads exactly, and far from where adding one overflows. */
#define TIMER_MAX "9007199254740991"

struct timer_options {
	int64_t from, to, interval;
	bool has_to;
};

struct timer_kept {
	uint64_t began_ns;           /* CLOCK_MONOTONIC */
	uint64_t tick;               /* the next, due at began + tick * interval; 0: not begun */
	int64_t value;               /* its value */
};

struct timer_source {
	struct source source;
	struct timer timer;
};

static const struct timer_options *
timer_options(const struct timer_source *self)
{
	return self->source.options;
}

static uint64_t
timer_interval(const struct timer_source *self)
{
	return (uint64_t)timer_options(self)->interval;
}

static uint64_t
timer_due(const struct timer_source *self)
{
	const struct timer_kept *kept = self->source.kept;

	return kept->began_ns + kept->tick * timer_interval(self);
}

/* Begins, or goes on at a predecessor's beat; that of another boot says nothing about this
 * clock. */
static void
timer_begin(struct timer_source *self)
{
	struct timer_kept *kept = self->source.kept;
	uint64_t now = loop_now();

	if (kept->tick == 0) {
		kept->tick = 1;
		kept->value = timer_options(self)->from;
	} else if (timer_due(self) <= now + timer_interval(self))
		return;
	kept->began_ns = now - (kept->tick - 1) * timer_interval(self);
}

static bool
timer_is_over(const struct timer_source *self)
{
	const struct timer_kept *kept = self->source.kept;

	return timer_options(self)->has_to && kept->value > timer_options(self)->to;
}

/* Ticks whose time has come beside the next one. */
static uint64_t
timer_missed(const struct timer_source *self)
{
	uint64_t now = loop_now(), due = timer_due(self);

	if (timer_options(self)->has_to || now < due)
		return 0;
	return (now - due) / timer_interval(self);
}

/* Takes `ticks` off; counting for ever, the value goes round. */
static void
timer_advance(struct timer_source *self, uint64_t ticks)
{
	struct timer_kept *kept = self->source.kept;

	kept->tick += ticks;
	kept->value = (int64_t)((uint64_t)kept->value + ticks);
}

static const struct event *
timer_gap(struct timer_source *self, uint64_t lost)
{
	timer_advance(self, lost);
	self->source.event = (struct event){
		.kind = EVENT_GAP,
		.time = moment_now(),
		.stage = GAP_SOURCE,
		.lost = lost,
	};
	return &self->source.event;
}

static const struct event *
timer_tick(struct timer_source *self)
{
	const struct timer_kept *kept = self->source.kept;

	if (!source_enter(&self->source, kept->tick))
		return timer_gap(self, 1);
	self->source.event = (struct event){
		.kind = EVENT_VALUE,
		.time = moment_now(),
		.value = { .kind = JSON_KIND_INTEGER, .integer = kept->value },
	};
	timer_advance(self, 1);
	return &self->source.event;
}

/* All there is to keep is in the kept block. */
static const struct position timer_nowhere;

static enum step
timer_ticks(struct coroutine *co, void *frame)
{
	struct timer_source *self = frame;

	BEGIN(co);
	timer_begin(self);
	YIELD(source_up(&self->source));
	while (!timer_is_over(self)) {
		source_settle(&self->source, &timer_nowhere);
		AWAIT(timer_at(&self->timer, timer_due(self)));
		if (timer_missed(self) > 0)
			YIELD(timer_gap(self, timer_missed(self)));
		YIELD(timer_tick(self));
	}
	FINALLY;
	timer_close(&self->timer);
	END;
}

/* ---------------------------------------------------------------------- options */

static const struct option timer_option_rows[] = {
	{ "from", OPTION_INTEGER(struct timer_options, from), .value = "1",
	    .min = "-" TIMER_MAX, .max = TIMER_MAX,
	    .help = "The first value; it comes when one interval has passed." },
	{ "to", OPTION_INTEGER(struct timer_options, to),
	    .min = "-" TIMER_MAX, .max = TIMER_MAX,
	    .given = offsetof(struct timer_options, has_to),
	    .help = "The last value, behind which the stream has ended.  Every value up to it "
		    "comes, late if need be.  Without it the timer ticks for ever; ticks that were "
		    "missed are then told as a gap, and the value counts on." },
	{ "interval", OPTION_DURATION(struct timer_options, interval), .value = "1s",
	    .min = "1ms", .max = "365d",
	    .help = "The time between two values.  Each is due at a multiple of it from the "
		    "timer's beginning, so that it does not drift." },
	{ 0 },
};

static void
timer_check(const void *options, struct option_report *report)
{
	const struct timer_options *self = options;

	if (self->has_to && self->to < self->from)
		option_error(report, "to", "is less than \"from\" (%" PRId64 "): a timer counts up",
		    self->from);
}

const struct source_ops timer_source = {
	.name = "timer",
	.help = "Counts: a value at each interval, up to a last one or for ever.",
	.options = timer_option_rows,
	.options_size = sizeof(struct timer_options),
	.check = timer_check,
	.size = sizeof(struct timer_source),
	.kept_size = sizeof(struct timer_kept),
	.run = timer_ticks,
};

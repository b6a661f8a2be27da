/* attr: a number or a text out of a file of sysfs or procfs, at an interval.
 *
 * One read at a time, in a thread (blocking.h), but for procfs.  One that does not come back is
 * `down` with ETIMEDOUT; no second one is begun, and when it comes back it is `up`. */
#include <stdio.h>
#include <string.h>

#include "async/loop.h"
#include "async/race.h"
#include "async/timer.h"
#include "sources/attr_parse.h"
#include "sources/attr_read.h"
#include "sources/blocking.h"
#include "sources/sources.h"

struct attr {
	struct source source;
	struct blocking *reader;
	struct race race;
	struct race_arm read, late;
	struct timer deadline, tick;
	struct json_value value;
	uint64_t next_ns;
	regex_t regex;
	bool has_regex;
	bool reading;                /* a read goes on, or its result is to be taken */
	bool up, stuck;
	bool poison;                 /* what was read is not to be looked at */
	int error;
};

static const struct attr_options *
attr_options(const struct attr *self)
{
	return self->source.options;
}

static struct attr_read *
attr_data(struct attr *self)
{
	return blocking_data(self->reader);
}

static int
attr_begin(struct attr *self)
{
	const struct attr_options *options = attr_options(self);

	self->reader = blocking_open(sizeof(struct attr_read), attr_read_fini);
	if (self->reader == NULL || attr_read_init(attr_data(self), options->path) < 0)
		return -ENOMEM;
	self->next_ns = loop_now();
	if (options->match == NULL)
		return 0;
	if (regcomp(&self->regex, options->match, REG_EXTENDED | REG_NEWLINE) != 0)
		return -ENOMEM;         /* the validator has compiled it before */
	self->has_regex = true;
	return 0;
}

/* Begins to read; what is quick is done at once. */
static void
attr_start(struct attr *self)
{
	if (attr_data(self)->quick) {
		self->error = attr_read_call(attr_data(self));
		return;
	}
	self->reading = true;
	race_watch(&self->race, &self->read, blocking_run(self->reader, attr_read_call));
	race_watch(&self->race, &self->late,
	    timer_after(&self->deadline, (uint64_t)attr_options(self)->timeout));
}

/* One of the two has come. */
static void
attr_note(struct attr *self, const void *arm)
{
	if (arm == &self->late) {
		self->stuck = true;
		return;
	}
	self->reading = false;
	self->error = self->read.completion.type == COMPLETION_THROW
	    ? (int)self->read.completion.value.number : 0;
	race_forget(&self->late);
	timer_stop(&self->deadline);
}

static const struct event *
attr_stuck(struct attr *self)
{
	self->up = false;
	snprintf(self->source.message, sizeof self->source.message,
	    "a read of %s does not come back", attr_options(self)->path);
	self->source.event = (struct event){
		.kind = EVENT_STATE,
		.is = STATE_DOWN,
		.time = moment_now(),
		.error = -ETIMEDOUT,
		.message = self->source.message,
	};
	return &self->source.event;
}

static int
attr_fail_to_parse(struct attr *self, int error)
{
	const struct attr_options *options = attr_options(self);

	if (error == -EBADMSG)
		return source_fail(&self->source, error, "%s holds no number there", options->path);
	if (options->match != NULL)
		return source_fail(&self->source, error, "\"match\" finds nothing in %s",
		    options->path);
	if (options->field.name != NULL)
		return source_fail(&self->source, error, "%s has no field \"%s\"", options->path,
		    options->field.name);
	return source_fail(&self->source, error, "%s has fewer than %d fields", options->path,
	    (int)options->field.number);
}

/* What was read becomes self->value.  0 or -errno. */
static int
attr_take(struct attr *self)
{
	const struct attr_read *read = attr_data(self);
	int r;

	if (self->error < 0)
		return source_fail(&self->source, self->error, "%s", read->message);
	self->poison = !source_enter(&self->source,
	    arena_checksum(0, read->text, read->length));
	if (self->poison)
		return 0;
	r = attr_parse(attr_options(self), self->has_regex ? &self->regex : NULL, read->text,
	    read->length, &self->value);
	return r < 0 ? attr_fail_to_parse(self, r) : 0;
}

static const struct event *
attr_up(struct attr *self)
{
	self->up = true;
	self->stuck = false;
	return source_up(&self->source);
}

static const struct event *
attr_event(struct attr *self)
{
	self->source.event = (struct event){
		.kind = self->poison ? EVENT_GAP : EVENT_VALUE,
		.time = attr_data(self)->time,
		.value = self->value,
		.stage = GAP_SOURCE,
		.lost = 1,
	};
	return &self->source.event;
}

/* The next beat: a multiple of the interval from the beginning, those that a slow read has run
 * over left out, for nothing was lost. */
static uint64_t
attr_next(struct attr *self)
{
	uint64_t interval = (uint64_t)attr_options(self)->interval, now = loop_now();

	self->next_ns += interval;
	if (self->next_ns <= now)
		self->next_ns += ((now - self->next_ns) / interval + 1) * interval;
	return self->next_ns;
}

static enum step
attr_body(struct coroutine *co, void *frame)
{
	static const struct position nowhere;
	struct attr *self = frame;

	BEGIN(co);
	self->error = attr_begin(self);
	if (self->error < 0)
		THROW(self->error);
	for (;;) {
		attr_start(self);
		while (self->reading) {
			AWAIT(race_next(&self->race));
			attr_note(self, co->value.constant);
			if (self->reading)
				YIELD(attr_stuck(self));
		}
		self->error = attr_take(self);
		if (self->error < 0)
			THROW(self->error);
		if (!self->up)
			YIELD(attr_up(self));
		YIELD(attr_event(self));
		source_settle(&self->source, &nowhere);
		AWAIT(timer_at(&self->tick, attr_next(self)));
	}
	FINALLY;
	race_forget(&self->read);
	race_forget(&self->late);
	race_fini(&self->race);
	timer_close(&self->deadline);
	timer_close(&self->tick);
	blocking_close(self->reader);
	if (self->has_regex)
		regfree(&self->regex);
	END;
}

/* ----------------------------------------------------------------------- options */

static const struct option attr_option_rows[] = {
	{ "path", OPTION_PATH(struct attr_options, path), .required = true,
	    .help = "The file, or a glob that matches just one: the numbers of hwmon devices move, "
		    "their folder's other names do not: "
		    "\"/sys/devices/platform/coretemp.0/hwmon/hwmon*/temp1_input\"." },
	{ "field", OPTION_EITHER(struct attr_options, field), .min = "1", .max = "100000",
	    .help = "Which part of the text: a number, from 1, of its words, or a name: "
		    "\"MemAvailable\" for a word behind \"MemAvailable:\", \"avg10\" for what "
		    "follows in \"avg10=\".  The first one counts.  Without it, and without "
		    "\"match\", all of it." },
	{ "match", OPTION_REGEX(struct attr_options, match),
	    .help = "Which part of the text: what the first group of this POSIX extended regular "
	            "expression finds; ^ and $ match at lines: \"^full avg10=([0-9.]+)\"." },
	{ "result", OPTION_ENUM(struct attr_options, result, attr_result_names), .value = "auto",
	    .help = "\"number\": what is no decimal number is an error.  \"text\": a string, "
		    "always.  \"auto\": a number if it is one, else a string." },
	{ "scale", OPTION_DOUBLE(struct attr_options, scale), .value = "1",
	    .given = offsetof(struct attr_options, has_scale),
	    .help = "What the number is multiplied by: 0.001 for the thousandths of degrees and "
		    "volts that the kernel gives.  What is no number is an error then." },
	{ "offset", OPTION_DOUBLE(struct attr_options, offset), .value = "0",
	    .given = offsetof(struct attr_options, has_offset),
	    .help = "What is then added." },
	{ "interval", OPTION_DURATION(struct attr_options, interval), .value = "1s", .min = "1ms",
	    .max = "365d", .help = "The time between two readings; the first one is at once." },
	{ "timeout", OPTION_DURATION(struct attr_options, timeout), .value = "5s", .min = "1ms",
	    .max = "1d",
	    .help = "A reading that takes longer is told as \"down\", with the cause ETIMEDOUT; it "
		    "is waited for all the same, and no other one is begun." },
	{ 0 },
};

static bool
has_group(const char *match)
{
	regex_t regex;
	bool has;

	if (regcomp(&regex, match, REG_EXTENDED | REG_NEWLINE) != 0)
		return false;
	has = regex.re_nsub >= 1;
	regfree(&regex);
	return has;
}

static void
attr_check(const void *options, struct option_report *report)
{
	const struct attr_options *self = options;

	if (self->match != NULL && !has_group(self->match))
		option_error(report, "match", "has no group: put what is wanted in parentheses");
	if (self->match != NULL && (self->field.name != NULL || self->field.number != 0))
		option_error(report, "match", "and \"field\" exclude each other");
	if (self->result == ATTR_TEXT && (self->has_scale || self->has_offset))
		option_error(report, "result",
		    "is \"text\", which \"scale\" and \"offset\" cannot change");
}

const struct source_ops attr_source = {
	.name = "attr",
	.help = "Reads a number or a text from a file of sysfs or procfs at an interval.",
	.options = attr_option_rows,
	.options_size = sizeof(struct attr_options),
	.check = attr_check,
	.devices = "",
	.size = sizeof(struct attr),
	.run = attr_body,
};

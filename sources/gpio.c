/* gpio: the edges of one GPIO line.
 *
 * A value is that of its edge, never read behind the interrupt, when it may be another one
 * already; it is read at the beginning, and when edges were lost in a way that leaves it
 * uncertain. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "async/loop.h"
#include "async/race.h"
#include "async/timer.h"
#include "async/watch.h"
#include "sources/blocking.h"
#include "sources/gpio_debounce.h"
#include "sources/gpio_edges.h"
#include "sources/gpio_kept.h"
#include "sources/gpio_slow.h"
#include "sources/hotplug.h"
#include "sources/sources.h"

#define LINE_KEY "line"
#define SUBSYSTEM "gpio"

/* Its value, as a piece of input beside the edges (base/crash.h). */
#define VALUE_PLACE UINT64_MAX

/* How often to look whether the chip is still there, for kernels that do not say so, where
 * nobody else says it either. */
#define CHECK_NS (5 * SECOND)

struct gpio_options {
	const char *chip;
	struct option_either line;
	int edges, bias;
	bool active_low;
	int64_t debounce, queue;
};

struct gpio {
	struct source source;
	struct blocking *blocking;
	struct gpio_edges edges;
	struct watch watch;
	struct race race;
	struct race_arm readable, quiet, check, gone;
	struct timer quiet_timer, check_timer;
	struct hotplug_wait hotplug;
	uint64_t debounce_ns;        /* in software; 0: none, or the kernel does it */
	int chosen;                  /* enum gpio_chosen */
	bool adopted, stored, watching;
	int error;
};

static const struct gpio_options *
gpio_options(const struct gpio *self)
{
	return self->source.options;
}

static struct gpio_line *
gpio_line_of(struct gpio *self)
{
	return blocking_data(self->blocking);
}

/* -------------------------------------------------------------------- beginning */

/* A software debounce needs to see both directions, whichever are told. */
static void
gpio_fill_request(struct gpio *self, struct gpio_request *request)
{
	const struct gpio_options *options = gpio_options(self);

	*request = (struct gpio_request){
		.offset = (unsigned int)options->line.number,
		.edges = self->debounce_ns > 0 ? GPIO_BOTH : options->edges,
		.bias = options->bias,
		.active_low = options->active_low,
		.debounce_ns = (uint64_t)options->debounce,
		.queue = (unsigned int)options->queue,
	};
}

static int
gpio_begin(struct gpio *self)
{
	const struct gpio_options *options = gpio_options(self);
	struct gpio_line *line;
	int r;

	self->chosen = options->edges;
	self->debounce_ns = gpio_line_debounces ? 0 : (uint64_t)options->debounce;
	self->blocking = blocking_open(sizeof *line, gpio_slow_fini);
	if (self->blocking == NULL)
		return -ENOMEM;
	line = gpio_line_of(self);
	r = gpio_slow_init(line, options->chip, options->line.name);
	gpio_fill_request(self, &line->request);
	return r < 0 ? r : gpio_edges_open(&self->edges, &self->source);
}

/* A predecessor's line, if it still is one.  True: it goes on, with what the kernel has kept
 * meanwhile. */
static bool
gpio_adopt(struct gpio *self)
{
	int fd = source_fd_take(&self->source, LINE_KEY);

	if (fd < 0)
		return false;
	if (!gpio_line_is_there(fd)) {
		source_fd_drop(&self->source, LINE_KEY);
		close(fd);
		return false;
	}
	gpio_line_of(self)->fd = fd;
	self->stored = source_fd_is_kept(&self->source, LINE_KEY);
	return true;
}

/* Stored, the line outlives us.  The manager may be busy: then it is tried again at the next
 * check. */
static void
gpio_store(struct gpio *self)
{
	if (!self->stored)
		self->stored = source_fd_keep(&self->source, LINE_KEY, gpio_line_of(self)->fd)
		    != -EAGAIN;
}

/* A predecessor's, which it had not told the value of. */
static bool
gpio_is_new(const struct gpio *self)
{
	const struct gpio_kept *kept = self->source.kept;

	return kept->initial_ns == 0 || kept->loss == VALUE_TO_TELL;
}

/* What is kept is committed before the line is stored: who finds the one finds the other. */
static int
gpio_opened(struct gpio *self)
{
	struct gpio_line *line = gpio_line_of(self);
	struct gpio_kept *kept = self->source.kept;

	if (line->error < 0)
		return source_fail(&self->source, line->error, "%s", line->request.message);
	source_log(&self->source, LOG_INFO, "reads %s", line->request.message);
	gpio_edges_begin(&self->edges, &self->source);
	*kept = (struct gpio_kept){ .initial_ns = line->before_ns, .loss = VALUE_TO_TELL };
	gpio_edges_settle(&self->edges, &self->source);
	gpio_store(self);
	return 0;
}

static void
gpio_watch(struct gpio *self)
{
	watch_init(&self->watch, gpio_line_of(self)->fd);
	self->watching = true;
	gpio_store(self);
	race_watch(&self->race, &self->check, timer_after(&self->check_timer, CHECK_NS));
}

/* ----------------------------------------------------------------------- events */

static const struct event *
gpio_event(struct gpio *self, uint8_t value, struct moment time)
{
	struct gpio_kept *kept = self->source.kept;

	kept->value = value;
	self->source.event = (struct event){
		.kind = EVENT_VALUE,
		.time = time,
		.position = gpio_edges_position(&self->edges),
		.value = { .kind = JSON_KIND_INTEGER, .integer = value },
	};
	return &self->source.event;
}

static const struct event *
gpio_gap(struct gpio *self, uint64_t lost)
{
	self->source.event = (struct event){
		.kind = EVENT_GAP,
		.time = moment_now(),
		.position = gpio_edges_position(&self->edges),
		.stage = GAP_KERNEL,
		.lost = lost,
	};
	return &self->source.event;
}

/* An edge, or the value, that is left out because it kills the process. */
static const struct event *
gpio_poison(struct gpio *self)
{
	gpio_gap(self, 1);
	self->source.event.stage = GAP_SOURCE;
	return &self->source.event;
}

/* The value as it was read: at the beginning, or behind a loss. */
static const struct event *
gpio_value(struct gpio *self)
{
	const struct gpio_line *line = gpio_line_of(self);
	struct gpio_kept *kept = self->source.kept;

	kept->fresh = kept->loss == VALUE_TO_TELL;
	kept->loss = LOSS_NONE;
	kept->pending = 0;
	if (!source_enter(&self->source, VALUE_PLACE)) {
		kept->value = (uint8_t)line->value;
		return gpio_poison(self);
	}
	return gpio_event(self, (uint8_t)line->value, line->time);
}

static const struct event *
gpio_edge_event(struct gpio *self, bool rising, uint64_t mono_ns)
{
	static const char *const names[] = { "falling", "rising" };

	gpio_event(self, rising, moment_of_mono(mono_ns));
	self->source.event.members[0] = (struct event_member){ "edge", {
		.kind = JSON_KIND_STRING, .text = { names[rising], strlen(names[rising]) } } };
	self->source.event.member_count = 1;
	return &self->source.event;
}

static bool
gpio_is_chosen(const struct gpio *self, bool rising)
{
	return self->chosen == GPIO_BOTH || (self->chosen == GPIO_RISING) == rising;
}

/* The edge that was held back; NULL: it is none, or not chosen. */
static const struct event *
gpio_stable(struct gpio *self)
{
	struct gpio_kept *kept = self->source.kept;

	return gpio_debounce_release(kept) && gpio_is_chosen(self, kept->value) ?
	    gpio_edge_event(self, kept->value, kept->pending_ns) : NULL;
}

static bool
gpio_is_stable_at(const struct gpio *self, uint64_t mono_ns)
{
	return mono_ns >= gpio_debounce_due(self->source.kept, self->debounce_ns);
}

/* ------------------------------------------------------------------------- edges */

/* It is in the value that was read already: it came before, or it is what was found. */
static bool
gpio_is_included(struct gpio *self, const struct gpio_edge *edge)
{
	struct gpio_kept *kept = self->source.kept;
	bool fresh = kept->fresh;

	if (edge->mono_ns < kept->initial_ns)
		return true;
	kept->fresh = 0;
	return fresh && self->chosen == GPIO_BOTH && edge->rising == (kept->value != 0);
}

/* By which the next edge is known to base/crash.h. */
static uint64_t
gpio_place(const struct gpio *self)
{
	const struct position position = gpio_edges_position(&self->edges);

	return (uint64_t)position.generation << 40 ^ position.consumed;
}

/* Takes the edge; the event that it gives, or NULL. */
static const struct event *
gpio_take(struct gpio *self, const struct gpio_edge *edge)
{
	struct gpio_kept *kept = self->source.kept;

	bool poison = !source_enter(&self->source, gpio_place(self));

	self->edges.at++;
	kept->seqno = edge->seqno;
	if (gpio_line_full > 0 && self->edges.at == self->edges.count
	    && self->edges.count >= gpio_line_full)
		kept->loss = LOSS_TO_TELL;
	if (gpio_is_included(self, edge))
		return NULL;
	if (poison) {
		kept->value = edge->rising;
		return gpio_poison(self);
	}
	if (self->debounce_ns == 0)
		return gpio_edge_event(self, edge->rising, edge->mono_ns);
	gpio_debounce_hold(kept, edge);
	return NULL;
}

/* What the numbers say is missing before this edge; it is told once. */
static uint32_t
gpio_missing(struct gpio *self, const struct gpio_edge *edge)
{
	struct gpio_kept *kept = self->source.kept;
	uint32_t missing = edge->seqno - kept->seqno - 1;

	if (!gpio_line_counts || missing == 0)
		return 0;
	kept->seqno = edge->seqno - 1;
	return missing;
}

/* The next event of what has come, NULL: none. */
static const struct event *
gpio_next(struct gpio *self)
{
	const struct event *event = NULL;
	struct gpio_edge edge;

	while (event == NULL && gpio_edges_peek(&self->edges, &edge)) {
		uint32_t missing = gpio_missing(self, &edge);

		if (missing > 0)
			event = gpio_gap(self, missing);
		else if (gpio_is_stable_at(self, edge.mono_ns))
			event = gpio_stable(self);
		else
			event = gpio_take(self, &edge);
	}
	if (event == NULL && self->edges.drained && gpio_is_stable_at(self, loop_now()))
		event = gpio_stable(self);
	return event;
}

/* A full queue has been read: nobody knows what it had no room for. */
static const struct event *
gpio_loss(struct gpio *self)
{
	struct gpio_kept *kept = self->source.kept;

	kept->loss = LOSS_TO_READ;
	return gpio_gap(self, LOST_UNKNOWN);
}

static bool
gpio_has_loss(const struct gpio *self, enum gpio_loss loss)
{
	const struct gpio_kept *kept = self->source.kept;

	return kept->loss == loss;
}

/* ------------------------------------------------------------------------ waiting */

static struct promise *
gpio_await(struct gpio *self)
{
	uint64_t due;

	gpio_edges_settle(&self->edges, &self->source);
	if (self->readable.state == RACE_IDLE)
		race_watch(&self->race, &self->readable, watch_readable(&self->watch));
	if (self->gone.state == RACE_IDLE)
		race_watch(&self->race, &self->gone, hotplug_gone(&self->hotplug, SUBSYSTEM));
	race_forget(&self->quiet);
	due = gpio_debounce_due(self->source.kept, self->debounce_ns);
	if (due < UINT64_MAX)
		race_watch(&self->race, &self->quiet, timer_at(&self->quiet_timer, due));
	return race_next(&self->race);
}

/* Something has come.  0 or -errno. */
static int
gpio_look(struct gpio *self, const void *arm)
{
	int fd = gpio_line_of(self)->fd, r;

	if (arm == &self->check) {
		gpio_store(self);
		race_watch(&self->race, &self->check, timer_after(&self->check_timer, CHECK_NS));
	}
	r = gpio_edges_read(&self->edges, fd);
	if (r == 0 && (arm == &self->check || arm == &self->gone) && self->edges.count == 0
	    && !gpio_line_is_there(fd))
		r = -ENODEV;
	if (r < 0)
		return source_fail(&self->source, r, "its GPIO chip has gone");
	return 0;
}

/* To the next body; a call that goes on has the fd still. */
static void
gpio_leave(struct gpio *self)
{
	int fd = self->watching ? fcntl(gpio_line_of(self)->fd, F_DUPFD_CLOEXEC, 3) : -1;

	if (fd >= 0)
		source_fd_leave(&self->source, LINE_KEY, fd);
}

static void
gpio_release(struct gpio *self)
{
	race_forget(&self->readable);
	race_forget(&self->quiet);
	race_forget(&self->check);
	race_forget(&self->gone);
	race_fini(&self->race);
	timer_close(&self->quiet_timer);
	timer_close(&self->check_timer);
	hotplug_wait_fini(&self->hotplug);
	if (self->watching)
		watch_fini(&self->watch);
	if (source_handing_over(&self->source))
		gpio_leave(self);
	else
		source_fd_drop(&self->source, LINE_KEY);
	blocking_close(self->blocking);
}

/* ------------------------------------------------------------------------- body */

static enum step
gpio_body(struct coroutine *co, void *frame)
{
	struct gpio *self = frame;

	BEGIN(co);
	self->error = gpio_begin(self);
	if (self->error < 0)
		THROW(self->error);
	while (gpio_next(self) != NULL)
		YIELD(&self->source.event);
	self->adopted = gpio_adopt(self);
	if (self->adopted && !gpio_is_new(self))
		YIELD(source_up(&self->source));
	else {
		AWAIT(blocking_run(self->blocking,
		    self->adopted ? gpio_slow_value : gpio_slow_open));
		self->error = gpio_opened(self);
		if (self->error < 0)
			THROW(self->error);
		YIELD(source_up(&self->source));
		YIELD(gpio_value(self));
	}
	gpio_watch(self);
	for (;;) {
		while (gpio_next(self) != NULL)
			YIELD(&self->source.event);
		if (gpio_has_loss(self, LOSS_TO_TELL))
			YIELD(gpio_loss(self));
		if (gpio_has_loss(self, LOSS_TO_READ)) {
			AWAIT(blocking_run(self->blocking, gpio_slow_value));
			if (gpio_line_of(self)->error < 0)
				THROW(gpio_line_of(self)->error);
			YIELD(gpio_value(self));
		}
		AWAIT(gpio_await(self));
		self->error = gpio_look(self, co->value.constant);
		if (self->error < 0)
			THROW(self->error);
	}
	FINALLY;
	gpio_release(self);
	END;
}

/* ----------------------------------------------------------------------- options */

static const char *const gpio_edge_names[] = { "both", "rising", "falling", NULL };
static const char *const gpio_bias_names[] = { "as-is", "disabled", "pull-up", "pull-down", NULL };

static const struct option gpio_option_rows[] = {
	{ "chip", OPTION_STRING(struct gpio_options, chip),
	    .help = "The chip, by name (\"gpiochip0\"), by label, or by path.  Numbers move from "
		    "boot to boot, labels do not.  Without it, the chip that has a line of the "
		    "given name." },
	{ "line", OPTION_EITHER(struct gpio_options, line), .required = true, .min = "0",
	    .max = "65535",
	    .help = "The line, by name (\"DOOR\") or by its offset on the chip." },
	{ "edge", OPTION_ENUM(struct gpio_options, edges, gpio_edge_names), .value = "both",
	    .help = "Which edges are events.  The line's value at the beginning is one, too." },
	{ "bias", OPTION_ENUM(struct gpio_options, bias, gpio_bias_names), .value = "as-is",
	    .help = "The chip's resistor at the line." },
	{ "active_low", OPTION_BOOL(struct gpio_options, active_low),
	    .help = "A low line counts as 1, and falling to it as a rising edge." },
	{ "debounce", OPTION_DURATION(struct gpio_options, debounce), .value = "0s", .max = "1m",
	    .help = "A change counts when the line has then been stable for so long.  With "
		    "libgpiod 2 the kernel does it; with 1.6 awaitd does, and an event has the "
		    "time of its last edge." },
	{ "queue", OPTION_INTEGER(struct gpio_options, queue), .value = "256", .min = "1",
	    .max = "1024",
	    .help = "How many edges the kernel keeps while they are not read, at a restart for "
		    "one.  Beyond that they are lost, and told as a gap.  With libgpiod 1.6 it "
		    "keeps 16." },
	{ 0 },
};

static void
gpio_check(const void *options, struct option_report *report)
{
	const struct gpio_options *self = options;

	if (self->chip == NULL && self->line.name == NULL)
		option_error(report, "line", "is an offset, which needs a \"chip\"");
}

const struct source_ops gpio_source = {
	.name = "gpio",
	.help = "The edges of a GPIO line, with the kernel's time, and its value at the beginning.",
	.options = gpio_option_rows,
	.options_size = sizeof(struct gpio_options),
	.check = gpio_check,
	.devices = SUBSYSTEM,
	.size = sizeof(struct gpio),
	.kept_size = sizeof(struct gpio_kept),
	.run = gpio_body,
};

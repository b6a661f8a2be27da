/* The socket: programs connect and write, each record is an event.
 *
 * Fair: a turn of the loop takes at most INLET_BATCH bytes in all, one receive from each
 * producer that is ready, in the order in which they became so. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/socket_private.h"
#include "sources/sources.h"

/* Less than this is not worth a system call. */
#define BUDGET_MIN ((size_t)4 * 1024)

/* ----------------------------------------------------------------------- batch */

/* The bytes that this turn still allows. */
static size_t
socket_budget(struct socket_source *self)
{
	if (loop_turns() > self->turn_number) {
		self->turn_number = loop_turns();
		self->taken = 0;
	}
	return INLET_BATCH - self->taken >= BUDGET_MIN ? INLET_BATCH - self->taken : 0;
}

/* At the end of a turn; what is read now counts for the next. */
static void
socket_turn(struct turn_task *task)
{
	struct socket_source *self =
	    (struct socket_source *)((char *)task - offsetof(struct socket_source, turn));

	self->turn_number = loop_turns() + 1;
	self->taken = 0;
	wake_up(&self->wake);
}

/* The kernel tells an error once: if a predecessor was told and died of something else, it looks
 * like an end now. */
static int
producer_end_error(const struct producer *producer)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t length = sizeof info;

	if (producer->owner->address.address.sa_family == AF_UNIX
	    || getsockopt(producer->fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		return 0;
	return info.tcpi_state == TCP_CLOSE ? -ECONNRESET : 0;
}

static void
producer_receive(struct producer *producer, size_t budget)
{
	struct socket_source *self = producer->owner;
	ssize_t received = inlet_receive(&self->layout, producer->slot, producer->fd, budget);

	if (received > 0)
		self->taken += (size_t)received;
	else if (received == 0) {
		producer->over = true;
		producer->error = producer_end_error(producer);
	} else if (received != -EAGAIN && received != -EINTR) {
		producer->over = true;
		producer->error = (int)received;
	}
}

/* An end without an error makes a record of what is left. */
static void
producer_begin(struct producer *producer)
{
	struct socket_source *self = producer->owner;

	producer->inlet = inlet_at(&self->layout, producer->slot);
	producer->begun = inlet_done_offset(producer->inlet->done);
	producer->at = 0;
	producer->data = inlet_data(&self->layout, producer->slot, &producer->length);
	if (producer->over && producer->error == 0)
		producer->whole = producer->length;
	else
		producer->whole = framing_whole(&self->framing, producer->data, producer->scanned,
		    producer->length);
}

/* The next batch is there to be read; false: none, or not in this turn. */
static bool
socket_take(struct socket_source *self)
{
	struct producer *producer = TAILQ_FIRST(&self->ready);
	size_t budget;

	if (producer == NULL)
		return false;
	budget = socket_budget(self);
	if (budget == 0) {
		self->turn.run = socket_turn;
		loop_at_turn_end(&self->turn);
		return false;
	}
	TAILQ_REMOVE(&self->ready, producer, link);
	producer->ready = false;
	if (!producer->left)
		producer_receive(producer, budget);
	producer_begin(producer);
	source_take_in_hand(&self->source, &producer->inlet->crash);
	self->at = producer;
	self->source.event = (struct event){ .time = moment_now() };
	return true;
}

static struct position
producer_position(const struct producer *producer)
{
	return (struct position){
		.producer = producer->slot,
		.generation = producer->inlet->generation,
		.consumed = (producer->begun + producer->at)
		    | (producer->gives_up ? INLET_GIVES_UP : 0),
	};
}

/* What was read is settled, and only then may its memory be given away. */
static void
socket_done(struct socket_source *self)
{
	struct producer *producer = self->at;
	const struct position position = producer_position(producer);

	if (producer->at > 0) {
		source_settle(&self->source, &position);
		producer->inlet->done = position.consumed;
	}
	source_leave(&self->source);
	producer->scanned = producer->length - producer->at;
	producer->left = false;
	self->at = NULL;
	if (!producer->over) {
		producer_await(producer);
		return;
	}
	if (producer->scanned > 0)
		source_reject(&self->source, "%s was cut off within a record: %s", producer->name,
		    strerror(-producer->error));
	producer_close(producer);
}

/* ---------------------------------------------------------------------- events */

static void
socket_event(struct socket_source *self, enum event_kind kind)
{
	struct event *event = &self->source.event;

	event->kind = kind;
	event->position = producer_position(self->at);
}

static void
socket_gap(struct socket_source *self)
{
	socket_event(self, EVENT_GAP);
	self->source.event.stage = GAP_SOURCE;
	self->source.event.lost = 1;
}

/* It is in hand from here on; false: it has been, too often. */
static bool
producer_enter(const struct producer *producer)
{
	return crash_enter(&producer->inlet->crash, producer->begun + producer->at);
}

static void
socket_poison(struct socket_source *self, struct producer *producer)
{
	char what[PRODUCER_NAME_MAX + 30];

	snprintf(what, sizeof what, "a record of %s", producer->name);
	source_report_poison(&self->source, &producer->inlet->crash, what);
	producer->at += framing_skip(&self->framing, producer->data + producer->at,
	    producer->whole - producer->at);
	socket_gap(self);
}

/* The next record; true: it gave an event. */
static bool
socket_record(struct socket_source *self, struct producer *producer)
{
	struct frame frame = { .value = &self->source.event.value };

	if (!producer_enter(producer)) {
		socket_poison(self, producer);
		return true;
	}
	framing_next(&self->framing, producer->data + producer->at, producer->whole - producer->at,
	    &frame);
	producer->at += frame.size;
	switch (frame.kind) {
	case FRAME_VALUE:
		socket_event(self, EVENT_VALUE);
		return true;
	case FRAME_TOO_LONG:
		socket_gap(self);
		return true;
	case FRAME_INVALID:
		source_reject(&self->source, "invalid JSON of %s: byte %zu of a line: %s",
		    producer->name, frame.fault_at + 1, json_fault_message(frame.fault));
		break;
	case FRAME_EMPTY:
		break;
	}
	return false;
}

/* The end of a line that was given up is looked for; false: it is still to come. */
static bool
producer_skip(struct producer *producer)
{
	const char *lf = memchr(producer->data + producer->at, '\n',
	    producer->length - producer->at);

	producer->at = lf != NULL ? (size_t)(lf - producer->data) + 1 : producer->length;
	producer->gives_up = lf == NULL;
	return lf != NULL;
}

static bool
producer_is_stuck(const struct producer *producer)
{
	const struct framing *framing = &producer->owner->framing;

	return framing->kind != FRAMING_CHUNKS && producer->length - producer->at > framing->max;
}

/* The next event of the batch is in source.event; false: there is none. */
static bool
socket_next(struct socket_source *self)
{
	struct producer *producer = self->at;

	if (producer->gives_up && !producer_skip(producer))
		return false;
	while (producer->at < producer->whole)
		if (socket_record(self, producer))
			return true;
	if (!producer_is_stuck(producer))
		return false;
	producer->at = producer->length;
	producer->gives_up = true;
	socket_gap(self);
	return true;
}

/* ------------------------------------------------------------------------- body */

static enum step
socket_body(struct coroutine *co, void *frame)
{
	struct socket_source *self = frame;

	BEGIN(co);
	self->error = socket_open(self);
	if (self->error < 0)
		THROW(self->error);
	YIELD(source_up(&self->source));
	for (;;) {
		socket_accept(self);
		while (socket_take(self)) {
			while (socket_next(self))
				YIELD(&self->source.event);
			socket_done(self);
		}
		AWAIT(wake_await(&self->wake));
	}
	FINALLY;
	socket_close(self);
	END;
}

/* ---------------------------------------------------------------------- options */

static const struct option socket_option_rows[] = {
	{ "listen", OPTION_STRING(struct socket_options, listen), .required = true,
	    .help = "Where producers connect: \"unix:/path\", or \"tcp:[HOST:]PORT\" with an IP "
		    "address (an IPv6 one in brackets) for HOST; without it, only this machine is "
		    "listened to (127.0.0.1)." },
	{ "framing", OPTION_ENUM(struct socket_options, framing, framing_names), .value = "lines",
	    .help = "How bytes become values.  \"lines\": each line a string.  \"ndjson\": each "
		    "line one JSON value, checked and handed on as it was written; a line that is "
		    "none is told to nobody, counted, and logged at a limited rate.  \"chunks\": "
		    "as many bytes as \"chunk\" says, in base64.  Empty lines are ignored, as is a "
		    "CR before the LF; what a producer wrote last counts though it did not end "
		    "it." },
	{ "chunk", OPTION_SIZE(struct socket_options, chunk), .value = "4KiB", .min = "1",
	    .max = "1MiB",
	    .help = "Bytes of a chunk.  In base64 it has to fit the stream's \"max_line\"." },
	{ "mode", OPTION_MODE(struct socket_options, mode), .value = "0660",
	    .help = "Mode of a Unix socket's file: who may write to it may be a producer." },
	{ "group", OPTION_GROUP(struct socket_options, group),
	    .help = "Group of a Unix socket's file; without it, it is not changed." },
	{ "max_producers", OPTION_INTEGER(struct socket_options, max_producers), .value = "256",
	    .min = "1", .max = "4096", .limit = true,
	    .help = "How many may be connected at once; who comes then is told so and sent away.  "
		    "When a reload lowers it, those that are connected stay." },
	{ 0 },
};

static void
socket_check(const void *options, struct option_report *report)
{
	const struct socket_options *self = options;
	struct listener_address address;
	const char *problem = listener_parse(self->listen, &address);

	if (problem != NULL)
		option_error(report, "listen", "%s", problem);
}

const struct source_ops socket_source = {
	.name = "socket",
	.help = "Listens on a Unix stream socket or on TCP: what programs write to it becomes "
		"events.",
	.options = socket_option_rows,
	.options_size = sizeof(struct socket_options),
	.check = socket_check,
	.size = sizeof(struct socket_source),
	.limited = true,
	.run = socket_body,
};

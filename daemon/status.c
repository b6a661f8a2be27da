#include "daemon/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define NAMES_SHOWN 4

struct sums {
	uint64_t events, lost;
};

static void __attribute__((format(printf, 2, 3)))
text_add(char text[STATUS_LENGTH], const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + length, STATUS_LENGTH - length, format, arguments);
	va_end(arguments);
}

static struct sums
status_sums(void)
{
	struct sums sums = { 0, 0 };
	struct log_stats stats;

	for (struct stream *stream = streams_first(); stream != NULL;
	     stream = streams_next(stream)) {
		log_stats(stream_log(stream), &stats);
		sums.events += stats.events;
		sums.lost += stats.lost;
	}
	return sums;
}

static uint64_t
status_rate(struct status *status, uint64_t events)
{
	uint64_t now = clock_mono_ns(), rate = 0;

	/* Streams that have gone took their counts with them. */
	if (status->since_ns != 0 && events > status->events && now > status->since_ns)
		rate = (uint64_t)((double)(events - status->events) * NSEC_PER_SEC
		    / (double)(now - status->since_ns) + 0.5);
	status->events = events;
	status->since_ns = now;
	return rate;
}

/* ------------------------------------------------------ which streams do not flow */

static bool
is_down(const struct stream *stream)
{
	return stream_state(stream) == STATE_DOWN;
}

static bool
is_stale(const struct stream *stream)
{
	return stream_state(stream) == STATE_STALE;
}

static bool
is_idle(const struct stream *stream)
{
	return stream_options(stream)->on_demand && stream_idle(stream);
}

static void
status_names(char text[STATUS_LENGTH], const char *title, bool (*is)(const struct stream *))
{
	unsigned int count = 0;

	for (struct stream *stream = streams_first(); stream != NULL;
	     stream = streams_next(stream)) {
		if (!is(stream))
			continue;
		if (count < NAMES_SHOWN)
			text_add(text, "%s%s", count == 0 ? title : ", ", stream_name(stream));
		count++;
	}
	if (count > NAMES_SHOWN)
		text_add(text, " and %u more", count - NAMES_SHOWN);
}

static const char *
plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

void
status_text(struct status *status, const struct graph *graph, const char *note,
    char text[STATUS_LENGTH])
{
	struct sums sums = status_sums();
	struct sink_stats sinks;

	text[0] = '\0';
	graph_sink_stats(graph, &sinks);
	if (note != NULL)
		text_add(text, "%s; ", note);
	text_add(text,
	    "%zu stream%s, %" PRIu64 " subscriber%s, %" PRIu64 " events/s, %" PRIu64 " lost",
	    streams_count(), plural(streams_count()), sinks.connections, plural(sinks.connections),
	    status_rate(status, sums.events), sums.lost + sinks.lost);
	status_names(text, "; down: ", is_down);
	status_names(text, "; stale: ", is_stale);
	status_names(text, "; idle, no subscriber: ", is_idle);
}

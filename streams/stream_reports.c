/* What happens in streams, for whoever logs. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "streams/stream_private.h"
#include "streams/stream_source.h"

#define REPORT_MAX 512
#define REJECTS_EVERY_NS (10 * SECOND)

static void (*log_line)(int level, const char *stream, const char *message);

void
streams_set_log(void (*log)(int level, const char *stream, const char *message))
{
	log_line = log;
}

void
stream_report(const struct stream *stream, int level, const char *format, ...)
{
	char message[REPORT_MAX];
	va_list arguments;

	if (log_line == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	log_line(level, stream_name(stream), message);
}

void
stream_log_line(struct stream *stream, int level, const char *message)
{
	stream_report(stream, level, "%s", message);
}

static void
report_down(const struct stream *stream, const struct event *event)
{
	const char *cause = event->error < 0 ? strerror(-event->error) : "it says no cause";
	const char *message = event->message != NULL ? event->message : "";
	const char *colon = event->message != NULL ? ": " : "";

	if (event->retry_ns > 0)
		stream_report(stream, LOG_WARNING, "down: %s%s%s; trying again in %" PRIu64 " ms",
		    message, colon, cause, event->retry_ns / MILLISECOND);
	else
		stream_report(stream, LOG_WARNING, "down: %s%s%s", message, colon, cause);
}

void
stream_report_state(const struct stream *stream, const struct event *event)
{
	if (event->is == STATE_DOWN)
		report_down(stream, event);
	else if (event->is == STATE_STALE)
		stream_report(stream, LOG_WARNING, "stale: no event for %" PRIu64 " ms",
		    stream->options.expect_ns / MILLISECOND);
	else if (event->is == STATE_UP)
		stream_report(stream, LOG_NOTICE, "up again");
	else
		stream_report(stream, LOG_INFO, "%s", stream_state_name(event->is));
}

void
stream_report_poison(struct stream *stream, struct crash_place *place, const char *what)
{
	if (place->signal == 0)
		return;
	stream_report(stream, LOG_ERR, "%s has killed the process %u times, the last time by %s: "
	    "it is left out", what, place->deaths, strsignal((int)place->signal));
	place->signal = 0;
}

void
stream_reject(struct stream *stream, const char *message)
{
	uint64_t now = loop_now();

	log_count_rejected(stream->log);
	stream->unreported++;
	if (now < stream->report_from_ns)
		return;
	if (stream->unreported == 1)
		stream_report(stream, LOG_WARNING, "rejected: %s", message);
	else
		stream_report(stream, LOG_WARNING, "rejected: %s (and %" PRIu64 " more since the "
		    "last such message)", message, stream->unreported - 1);
	stream->unreported = 0;
	stream->report_from_ns = now + REJECTS_EVERY_NS;
}

uint64_t
stream_rejected(const struct stream *stream)
{
	struct log_stats stats;

	log_stats(stream->log, &stats);
	return stats.rejected;
}

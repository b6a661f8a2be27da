/* {"stats":["*"]}: what has come, gone and been lost, in this epoch. */
#include "sinks/unix_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/histogram.h"

#define RATE_WINDOW_NS (10 * NSEC_PER_SEC)
#define RATE_STEPS 64

/* When the entry was read; 0: it says no monotonic time (a gap, a state). */
static uint64_t
entry_mono(struct log *log, uint64_t seq)
{
	static const char member[] = "\"mono_ns\":";
	struct text line = log_rest(log, seq, 0);
	const char *at = memmem(line.data, line.length < 512 ? line.length : 512, member,
	    sizeof member - 1);

	return at != NULL ? strtoull(at + sizeof member - 1, NULL, 10) : 0;
}

/* The same of the first one at or behind `seq` that says it. */
static uint64_t
mono_from(struct log *log, uint64_t *seq)
{
	uint64_t mono = 0;

	for (int i = 0; i < RATE_STEPS && mono == 0 && *seq < log_next_seq(log); i++) {
		mono = entry_mono(log, *seq);
		if (mono == 0)
			(*seq)++;
	}
	return mono;
}

/* Entries a second over the last ten seconds, or over what the ring still holds of them: from the
 * stamps in the log, so that nothing is counted or sampled for it. */
static double
entry_rate(struct log *log)
{
	uint64_t now = clock_mono_ns();
	uint64_t next = log_next_seq(log), low = log_tail_seq(log), high = next;
	uint64_t begin = now > RATE_WINDOW_NS ? now - RATE_WINDOW_NS : 0, mono;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2, at = middle;

		mono = mono_from(log, &at);
		if (mono == 0 || mono >= begin)
			high = middle;
		else
			low = at + 1;
	}
	mono = low < next ? mono_from(log, &low) : 0;
	if (mono == 0 || mono >= now)
		return 0;
	/* A ring that was written over tells of a shorter time. */
	if (low > log_tail_seq(log) || low == 1)
		mono = begin;
	return (double)(next - low) * (double)NSEC_PER_SEC / (double)(now - mono);
}

static void
rate_out(struct unix_out *out, double rate)
{
	char text[32];

	snprintf(text, sizeof text, "%.1f", rate);
	unix_out_text(out, text);
}

static void
counter(struct unix_out *out, const char *name, uint64_t value)
{
	unix_out_text(out, ",");
	unix_out_name(out, name);
	unix_out_text(out, ":");
	unix_out_u64(out, value);
}

/* Null while nothing was sent to anybody who waited for it. */
static void
latency_out(struct unix_out *out, const struct histogram *latency, const char *name, uint64_t value)
{
	if (latency->count > 0) {
		counter(out, name, value);
		return;
	}
	unix_out_text(out, ",");
	unix_out_name(out, name);
	unix_out_text(out, ":null");
}

static void
latencies_out(struct unix_out *out, const struct histogram *latency)
{
	latency_out(out, latency, "latency_p50_ns", histogram_quantile(latency, .5));
	latency_out(out, latency, "latency_p99_ns", histogram_quantile(latency, .99));
	latency_out(out, latency, "latency_max_ns", latency->max);
}

static void
stats_line(struct unix_out *out, struct stream *stream)
{
	struct log *log = stream_log(stream);
	struct log_stats stats;

	log_stats(log, &stats);
	unix_out_text(out, "{\"stats\":");
	unix_out_name(out, stream_name(stream));
	counter(out, "events", stats.events);
	counter(out, "gaps", stats.gaps);
	counter(out, "states", stats.states);
	counter(out, "lost", stats.lost);
	counter(out, "rejected", stats.rejected);
	counter(out, "too_long", stats.too_long);
	counter(out, "bytes", stats.bytes);
	unix_out_text(out, ",\"rate\":");
	rate_out(out, entry_rate(log));
	counter(out, "listeners", stream_listeners(stream));
	counter(out, "kept", log_next_seq(log) - log_tail_seq(log));
	latencies_out(out, log_latency(log));
	unix_out_text(out, ",\"time\":");
	unix_out_time(out, stats.last.real_ns);
	unix_out_text(out, "}");
}

enum unix_answered
unix_stats(struct unix_connection *c, struct unix_request *request)
{
	return unix_answer_streams(c, request, stats_line);
}

/* How long events take from their source's stamp until they are sent: one of a batch is looked
 * at, for the first reader it goes to and then for every eighth. */
#include <stdlib.h>

#include "streams/log_private.h"

#define SAMPLE_EVERY 8u

void
log_latency_open(struct log *log)
{
	if (log->latency.histogram == NULL)
		log->latency.histogram = calloc(1, sizeof *log->latency.histogram);
}

/* What is stamped later than now, by a clock that is not ours, says nothing. */
static void
log_latency_sample(struct log *log)
{
	struct log_latency *latency = &log->latency;
	uint64_t now;

	if (latency->pass-- > 0)
		return;
	latency->pass = SAMPLE_EVERY - 1;
	now = loop_now_refresh();
	if (latency->histogram != NULL && now >= latency->mono_ns)
		histogram_add(latency->histogram, now - latency->mono_ns);
}

void
log_sent(struct log *log, uint64_t from, uint64_t to)
{
	const struct log_latency *latency = &log->latency;

	if (from <= latency->seq && latency->seq < to && latency->mono_ns != 0
	    && latency->turn == loop_turns())
		log_latency_sample(log);
}

const struct histogram *
log_latency(const struct log *log)
{
	static const struct histogram none;

	return log->latency.histogram != NULL ? log->latency.histogram : &none;
}

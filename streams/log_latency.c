/* How long events take from their source's stamp until they are sent: one of a batch is looked
 * at, for the first reader it goes to and then for every eighth. */
#include <stdlib.h>

#include "streams/log_private.h"

#define SAMPLE_EVERY 8u

void
log_latency_open(struct log *log)
{
	if (log->latency == NULL)
		log->latency = calloc(1, sizeof *log->latency);
}

/* What is stamped later than now, by a clock that is not ours, says nothing. */
static void
log_latency_sample(struct log *log)
{
	struct log_batch *batch = &log->batch;
	uint64_t now;

	if (batch->pass-- > 0)
		return;
	batch->pass = SAMPLE_EVERY - 1;
	now = loop_now_refresh();
	if (log->latency != NULL && now >= batch->mono_ns)
		histogram_add(log->latency, now - batch->mono_ns);
}

/* Who gets the batch in a later turn than the next was behind. */
void
log_sent(struct log *log, uint64_t from, uint64_t to)
{
	const struct log_batch *batch = &log->batch;

	if (from <= batch->seq && batch->seq < to && batch->mono_ns != 0
	    && loop_turns() - batch->turn <= 1)
		log_latency_sample(log);
}

const struct histogram *
log_latency(const struct log *log)
{
	static const struct histogram none;

	return log->latency != NULL ? log->latency : &none;
}

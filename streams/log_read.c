/* Spans: what of a log can be sent as it lies. */
#include <assert.h>

#include "streams/log_private.h"

/* The last seq in (seq, next_seq] whose offset is at most `end`; at least seq + 1. */
static uint64_t
log_seq_before(const struct log *log, uint64_t seq, uint64_t end)
{
	uint64_t low = seq + 1, high = log->next_seq;

	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;

		if (log_begin_of(log, middle) <= end)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

bool
log_span(const struct log *log, uint64_t seq, size_t limit, struct span *ret)
{
	uint64_t begin, end = log->head, next = log->next_seq;

	if (seq < log->tail_seq || seq >= next)
		return false;
	begin = log_begin_of(log, seq);
	if (end - begin > limit) {
		next = log_seq_before(log, seq, begin + limit);
		end = log_begin_of(log, next);
	}
	*ret = (struct span){
		.data = log_at(log, begin),
		.length = (size_t)(end - begin),
		.first = seq,
		.next = next,
	};
	return true;
}

uint64_t
log_offset(const struct log *log, uint64_t seq)
{
	assert(seq >= log->tail_seq && seq <= log->next_seq);
	return log_begin_of(log, seq);
}

struct text
log_rest(const struct log *log, uint64_t seq, size_t offset)
{
	uint64_t begin, end;

	assert(seq >= log->tail_seq && seq < log->next_seq);
	begin = log_begin_of(log, seq) + offset;
	end = log_begin_of(log, seq + 1);
	assert(begin <= end);
	return (struct text){ .data = log_at(log, begin), .length = (size_t)(end - begin) };
}

struct text
log_last_event(const struct log *log)
{
	return log_line_kept(log, SAVED_EVENT);
}

struct text
log_last_state(const struct log *log)
{
	return log_line_kept(log, SAVED_STATE);
}

enum stream_state
log_state(const struct log *log)
{
	return (enum stream_state)log->rare.state;
}

void
log_stats(const struct log *log, struct log_stats *ret)
{
	struct text last = log_last_event(log);

	*ret = (struct log_stats){
		.events = log->next_seq - 1 - log->rare.gaps - log->rare.states,
		.gaps = log->rare.gaps,
		.states = log->rare.states,
		.lost = log->rare.lost,
		.bytes = log->head,
		.too_long = log->rare.too_long,
		.rejected = log->rare.rejected,
	};
	if (last.length > 0)
		(void)encoder_read_moment(&log->encoder, last.data, last.length, &ret->last);
}

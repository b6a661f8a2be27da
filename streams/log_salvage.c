/* A log in a file after a power cut, or a cold start without the arena.
 *
 * The kernel writes dirty pages of the file to the disk when it likes (some 35 s at most, by
 * vm.dirty_writeback_centisecs and vm.dirty_expire_centisecs), in any order.  So a cut costs what
 * was not written yet, and any page of the file may be older than any other: record, index and
 * bytes are each held against their checksums, lines from the newest on.  Torn ones are cut off;
 * the run of whole ones behind them is kept, and stands under a new epoch: subscribers may have
 * seen what is lost, and its seqs are given again. */
#include <string.h>

#include "streams/log_private.h"

/* -------------------------------------------------------------------- the boot */

/* The arena knows it, and is asked instead of the kernel: that would take an fd, which a process
 * that has adopted many may not have, and what cannot be read would look like a power cut.  That
 * the arena lives proves that the machine has not been booted since it was made.  Without it, and
 * where the kernel does not tell (no /proc), each file is taken for one of another boot: that its
 * lines are whole would not prove that they are the last ones, for a cut can leave a whole log as
 * it was half a minute ago.  Its epoch is a new one then, unless it was closed. */
bool
log_same_boot(const struct log *log)
{
	return strncmp(log->hot->boot, arena_boot(log->arena), BOOT_ID_LENGTH) == 0;
}

void
log_set_boot(struct log *log)
{
	memcpy(log->hot->boot, arena_boot(log->arena), BOOT_ID_SIZE);
}

/* -------------------------------------------------------------------- salvaging */

/* Whichever record is whole, of two the newer. */
static bool
salvage_commit(struct log *log)
{
	const struct log_commit *rec = log->hot->rec;
	unsigned int first = rec[1].number > rec[0].number;

	return log_recover_commit(log, rec[first].number)
	    || log_recover_commit(log, rec[!first].number);
}

/* Is entry `seq`, which ends at `end`, whole?  Then *ret_begin is where it begins. */
static bool
salvage_line(const struct log *log, uint64_t seq, uint64_t end, uint64_t *ret_begin)
{
	uint64_t begin = log_begin_of(log, seq);

	if (begin >= end || log_begin_of(log, seq + 1) != end || end > log->head
	    || log->head - begin > log_ring_size(log) || *log_at(log, begin) != '{'
	    || *log_at(log, end - 1) != '\n'
	    || log->sums[seq & log->index_mask] != log_line_checksum(log, seq, begin, end))
		return false;
	*ret_begin = begin;
	return true;
}

/* The lowest seq that the index can speak of. */
static uint64_t
salvage_lowest(const struct log *log)
{
	return log->next_seq > log->index_mask ? log->next_seq - log->index_mask : 1;
}

/* Cuts off what is torn: the newest whole entry is then the last.  False: there is none. */
static bool
salvage_cut(struct log *log, uint64_t lowest)
{
	uint64_t begin;

	for (uint64_t seq = log->next_seq - 1; seq >= lowest; seq--) {
		uint64_t end = log_begin_of(log, seq + 1);

		if (!salvage_line(log, seq, end, &begin))
			continue;
		log->next_seq = seq + 1;
		log->head = end;
		return true;
	}
	return false;
}

static void
salvage_last(struct log *log)
{
	bool event = log->last_event < log->tail_seq
	    && log_saved_valid(log, log_saved_at(log, SAVED_EVENT), log->last_event);
	bool state = log->rare.last_state < log->tail_seq
	    && log_saved_valid(log, log_saved_at(log, SAVED_STATE), log->rare.last_state);

	if (!event)
		log->last_event = 0;
	if (!state)
		log->rare.last_state = 0;
	for (uint64_t seq = log->tail_seq; seq < log->next_seq; seq++) {
		enum event_kind kind = line_kind(log_at(log, log_begin_of(log, seq)));

		if (kind == EVENT_VALUE)
			log->last_event = seq;
		else if (kind == EVENT_STATE)
			log->rare.last_state = seq;
	}
}

bool
log_salvage(struct log *log)
{
	uint64_t lowest, begin;

	if (log->sums == NULL || !salvage_commit(log))
		return false;
	lowest = salvage_lowest(log);
	if (!salvage_cut(log, lowest))
		return false;
	log->tail_seq = log->next_seq;
	log->tail = log->head;
	while (log->tail_seq > lowest && salvage_line(log, log->tail_seq - 1, log->tail, &begin)) {
		log->tail_seq--;
		log->tail = begin;
	}
	salvage_last(log);
	log->rare.gaps = log->rare.states = log->rare.lost = log->rare.too_long = 0;
	log->rare.rejected = 0;
	log->hot->tail_seq = log->tail_seq;
	log->rare_changed = true;
	log_publish(log);
	return true;
}

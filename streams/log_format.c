/* The log's layout: made, checked, and read back after a death. */
#include <string.h>
#include <unistd.h>

#include "streams/log_private.h"

static uint64_t
whole_pages(uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

_Static_assert(sizeof(struct log_header) + 63 + sizeof(struct log_hot) <= 4096,
    "hot words grow within the first page: logs of older versions have the same layout");

struct log_header
log_layout(uint64_t ring_size, bool sums, uint64_t *ret_size)
{
	struct log_header header = {
		.magic = LOG_MAGIC,
		.version = LOG_VERSION,
		.hot = (sizeof header + 63) / 64 * 64,
		.ring_size = ring_size,
	};

	header.index = whole_pages(header.hot + sizeof(struct log_hot));
	header.index_entries = ring_size / ENCODER_LINE_SHORTEST;
	header.saved = whole_pages(header.index + header.index_entries * sizeof(uint64_t));
	if (sums) {
		header.sums = header.saved;
		header.saved = whole_pages(header.sums + header.index_entries * sizeof(uint32_t));
	}
	header.saved_size = whole_pages(sizeof(struct log_saved) + ring_size / 4);
	header.ring = header.saved + 2 * header.saved_size;
	*ret_size = header.ring + ring_size;
	return header;
}

static uint32_t
header_checksum(const struct log_header *header)
{
	return arena_checksum(0, header, offsetof(struct log_header, checksum));
}

bool
log_header_valid(const struct log_header *header, const char *name, uint64_t extent_size)
{
	uint64_t ring_size = header->ring_size, size;
	struct log_header layout;

	if (header->checksum != header_checksum(header) || ring_size == 0
	    || (ring_size & (ring_size - 1)) != 0 || ring_size > extent_size)
		return false;
	layout = log_layout(ring_size, header->sums != 0, &size);
	return size == extent_size
	    && memcmp(header, &layout, offsetof(struct log_header, epoch)) == 0
	    && strncmp(header->name, name, sizeof header->name) == 0;
}

bool
log_header_of_another(const struct log_header *header, const char *name)
{
	return header->checksum == header_checksum(header)
	    && strncmp(header->name, name, sizeof header->name) != 0;
}

static void
log_point(struct log *log, const struct log_header *layout)
{
	char *memory = log->store.memory;

	log->header = (struct log_header *)memory;
	log->hot = (struct log_hot *)(memory + layout->hot);
	log->index = (uint64_t *)(memory + layout->index);
	log->sums = layout->sums != 0 ? (uint32_t *)(memory + layout->sums) : NULL;
	log->ring = memory + layout->ring;
	log->ring_mask = layout->ring_size - 1;
	log->index_mask = layout->index_entries - 1;
}

int
log_map(struct log *log, const struct log_header *layout)
{
	int r = store_map(&log->store, layout->ring);

	if (r == 0)
		log_point(log, layout);
	return r;
}

void
log_format(struct log *log, const struct log_header *layout)
{
	log->index[log->next_seq & log->index_mask] = log->head;
	log->hot->tail_seq = log->tail_seq;
	log->rare_changed = true;
	log_publish(log);
	log_set_boot(log);
	*log->header = *layout;
	strcpy(log->header->name, log->name);
	log_set_epoch(log);
}

void
log_set_epoch(struct log *log)
{
	memcpy(log->header->epoch, log->epoch, EPOCH_LENGTH);
	log_barrier();
	__atomic_store_n(&log->header->checksum, header_checksum(log->header), __ATOMIC_RELEASE);
}

/* ------------------------------------------------------------------- recovery */

bool
log_recover_commit(struct log *log, uint64_t number)
{
	const struct log_commit *commit = &log->hot->rec[number & 1];
	const struct log_rare *rare;

	log->commits = number;
	if (commit->number != number || commit->kept_size > KEPT_MAX || commit->rare > 1
	    || commit->checksum != log_commit_checksum(commit))
		return false;
	rare = &log->hot->rare[commit->rare];
	if (rare->checksum != log_rare_checksum(rare) || rare->state > STATE_ENDED)
		return false;
	log->next_seq = commit->next_seq;
	log->head = commit->head;
	log->position = commit->position;
	log->last_event = commit->last_event;
	log->rare_slot = (uint32_t)commit->rare;
	log->rare = *rare;
	memcpy(log->kept, commit->kept, commit->kept_size);
	return true;
}

/* Between two entries of the index is one line: the stream's, of this seq.  (In memory that no power
 * cut has touched there is no checksum of its value: that would cost every append what only a
 * wild store could make of use.) */
static bool
log_lines_valid(const struct log *log)
{
	uint64_t begin = log_begin_of(log, log->tail_seq);

	for (uint64_t seq = log->tail_seq; seq < log->next_seq; seq++) {
		uint64_t end = log_begin_of(log, seq + 1);

		if (end <= begin || end > log->head
		    || !encoder_owns_line(&log->encoder, log_at(log, begin), end - begin, seq))
			return false;
		begin = end;
	}
	return begin == log->head;
}

static bool
log_recover_tail(struct log *log)
{
	log->tail_seq = log->hot->tail_seq;
	if (log->tail_seq == 0 || log->tail_seq > log->next_seq
	    || log->next_seq - log->tail_seq >= log->index_mask)
		return false;
	log->tail = log_begin_of(log, log->tail_seq);
	return log->tail <= log->head && log->head - log->tail <= log_ring_size(log);
}

static bool
log_kept_line_valid(const struct log *log, unsigned int which, uint64_t seq)
{
	if (seq >= log->next_seq)
		return false;
	return seq == 0 || seq >= log->tail_seq
	    || log_saved_valid(log, log_saved_at(log, which), seq);
}

bool
log_recover(struct log *log)
{
	return log_recover_commit(log, log->hot->commits) && log_recover_tail(log)
	    && log_lines_valid(log)
	    && log_kept_line_valid(log, SAVED_EVENT, log->last_event)
	    && log_kept_line_valid(log, SAVED_STATE, log->rare.last_state);
}

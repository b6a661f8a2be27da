/* log.h - a stream's log: a bounded ring of NDJSON bytes, mapped twice so that any range is
 * contiguous, with an index seq -> offset.  It is the history, the fan-out buffer, and what
 * survives a restart; its last event and its current state it keeps outside the ring as well.
 *
 * In the arena, one extent a log:
 *	header (written once)	magic, version, ring size, index size, epoch, stream's name, checksum
 *	hot words		tail_seq; commits; two records; two blocks of what changes rarely
 *	index			idx[seq % n] = offset of the entry's first byte
 *	sums			in a file only: a checksum a line
 *	saved			the last event and the last state, once they have left the ring
 *	ring			mapped twice, a power of two
 * Offsets and seqs are u64 and only grow; seq 1 is the first entry.
 *
 * Append: (1) tail_seq past every line about to be overwritten; (2) the bytes; (3) the next
 * line's idx; (4) the idle record: next_seq, head, the producer's position, the chain's kept block,
 * a checksum; (5) commits++, one 8-byte store that makes line, seq, index, position and kept true
 * together. */
#ifndef STREAMS_LOG_H
#define STREAMS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "async/promise.h"
#include "streams/arena.h"
#include "streams/event.h"

#define KEPT_MAX 256
#define EPOCH_LENGTH 16            /* characters of an epoch on the wire: [0-9a-f] */
#define MAX_LINE_DEFAULT (64 * 1024)

struct log_options {
	size_t size;               /* of the ring; rounded up to a power of two, at least four max_line */
	size_t max_line;           /* of one entry, with its LF */
	uint64_t count;            /* keep at most so many entries; 0: as many as fit */
	uint64_t age_ns;           /* keep them at most so long; 0: for ever */
	const char *path;          /* keep it in this file instead of the arena; NULL */
	bool as_left;              /* at open: an adopted one stays in its ring until log_change() */
};

struct log;

/* Adopts or makes the log of a stream.  An adopted one whose checksums do not fit costs a new
 * epoch, which log_new_epoch() tells; one of another size moves into a ring as asked for, or with
 * as_left is there as it was left, for who settles by it what a predecessor had under way.  0 or
 * -errno: -EINVAL: name or sizes; -EBUSY: it is open already; -ENOMEM, -ENOSPC.
 *
 * With a path it lies in that file, all of whose blocks are taken at once, so that a full disk is
 * told here and by log_change() and never later: then, or when the file cannot be opened, belongs
 * to another process or is something else (another stream's log, too), it lies in the arena
 * instead, and log_path_error() says why; it moves when it is opened or changed again and nothing
 * is in the way, and replaces an older log of this stream that lies there.  The arena says in which
 * file it lies: a successor finds it there, whatever path it asks for, and moves it.
 *
 * A file written in this boot of the machine is adopted as the arena is.  After a reboot it is too
 * if it was closed by log_close().  A power cut costs what the kernel had not written to the disk
 * yet (some 35 s as it is configured, by vm.dirty_expire_centisecs and
 * vm.dirty_writeback_centisecs); torn lines are cut off, the whole ones before them are kept, and
 * the epoch is a new one.  Opening, changing and closing wait for the disk; appending does not. */
int log_open(struct arena *arena, const char *name, const struct log_options *options,
    struct log **ret);

/* 0, or the -errno why it does not lie in the file that was asked for. */
int log_path_error(const struct log *log);

/* Leaves it to a successor.  Takes NULL. */
void log_close(struct log *log);

/* Removes it for good: the stream is gone.  Takes NULL. */
void log_drop(struct log *log);

const char *log_name(const struct log *log);
const char *log_epoch(const struct log *log);
bool log_new_epoch(const struct log *log);   /* it could not be adopted, or there was none */
uint64_t log_next_seq(const struct log *log);   /* of the entry to come; 1: empty */
uint64_t log_tail_seq(const struct log *log);   /* the oldest kept; == next_seq: none.  Of a log whose
                                                 * entries age it moves from turn to turn, too */

/* Other options for an open log.  Lines, seqs, epoch and cursors stay; in a smaller ring the oldest
 * lines go, also from under a `block` cursor, which is told.  0 or -errno, and then it is as it
 * was. */
int log_change(struct log *log, const struct log_options *options);

/* The producer's position as of the last commit, and the chain's kept block: KEPT_MAX bytes of
 * plain memory, which every commit copies into its record.  At open it holds what the last commit
 * kept. */
struct position log_position(const struct log *log);
void *log_kept(struct log *log);

/* For what the stream's source has in hand (base/crash.h).  It moves when the log is changed. */
struct crash_place *log_crash_place(struct log *log);

/* Only so many bytes of the kept block are in use, so that a commit copies no more (KEPT_MAX at
 * open). */
void log_set_kept_size(struct log *log, size_t size);

/* Copies that much, a multiple of eight, of a kept block: it is words, mostly so few that a call
 * would take longer. */
static inline void
kept_copy(unsigned char *to, const unsigned char *from, size_t size)
{
	for (size_t at = 0; at < size; at += 8)
		memcpy(to + at, from + at, 8);
}

/* A word that says for which chain (source and operators) `kept` was written: at open the one
 * stored, to be compared by the caller; set, it is stored with the next commit, so that it and
 * `kept` change together. */
uint64_t log_chain(const struct log *log);
void log_set_chain(struct log *log, uint64_t chain);

/* The unit that stands on sensor events; NULL or "": none.  Copied.  -EINVAL: too long. */
int log_set_unit(struct log *log, const char *unit);

/* Encodes the event as one line and commits it: seq is given here.  Never blocks, never allocates.
 * -EMSGSIZE: the line would be longer than max_line; then a gap of stage `source` was appended in
 * its place.  -EAGAIN: a `block` cursor stands in the way (log_room), and nothing was done.  An
 * event whose position is all zero leaves the position as it was. */
int log_append(struct log *log, const struct event *event);

/* Commits position and kept without a line: what was consumed gave none. */
void log_commit(struct log *log, const struct position *position);

/* Counts input that gave no entry; true with the next commit, which is that of the input's
 * position. */
void log_count_rejected(struct log *log);

/* NULL when one more line of any size may be appended, else a promise (counted: the reference is
 * the caller's, who awaits it) that is fulfilled when `block` cursors have moved on.  Append first,
 * then await this. */
struct promise *log_room(struct log *log);

/* The last event (EVENT_VALUE) as its line, without LF; length 0: none yet. */
struct text {
	const char *data;
	size_t length;
};
struct text log_last_event(const struct log *log);

/* The current state, and its entry's line if one was ever written. */
enum stream_state log_state(const struct log *log);
struct text log_last_state(const struct log *log);

/* What is shown in `stats`; counters of this epoch, which survive. */
struct log_stats {
	uint64_t events, gaps, states, lost, bytes, too_long, rejected;
	struct moment last;          /* of the last event; 0: none */
};
void log_stats(const struct log *log, struct log_stats *ret);

/* Entries [from, to) have been sent to a reader.  Behind the send, for log_latency(). */
void log_sent(struct log *log, uint64_t from, uint64_t to);

/* Nanoseconds from an event's stamp to its sending, of this process's life: a sample, of events
 * that went to readers which waited for them.  Valid until the log is closed. */
struct histogram;
const struct histogram *log_latency(const struct log *log);

/* ------------------------------------------------------------------- reading */

/* A run of whole lines, contiguous in memory.  Valid until the log is appended to or closed. */
struct span {
	const char *data;
	size_t length;
	uint64_t first, next;        /* seqs: [first, next) */
};

/* From `seq`, which must be in [tail, next], as many whole lines as fit into `limit` bytes, but at
 * least one; false: there is nothing from there. */
bool log_span(const struct log *log, uint64_t seq, size_t limit, struct span *ret);

/* Where entry `seq`, in [tail, next], begins: an offset, in bytes, that only grows within the
 * epoch.  For who sent a part of a span. */
uint64_t log_offset(const struct log *log, uint64_t seq);

/* Offsets within a line, for who was cut off in the middle: the bytes from `offset` of entry
 * `seq`. */
struct text log_rest(const struct log *log, uint64_t seq, size_t offset);

/* ------------------------------------------------------------------- cursors */

enum lag { LAG_SKIP, LAG_LATEST, LAG_BLOCK, LAG_CLOSE };

/* A place in a log.  Embedded, zeroed before cursor_open(). */
struct cursor {
	struct log *log;
	uint64_t seq;                /* the next to be read; the owner may keep it in the arena */
	enum lag lag;
	struct cursor *next, **link; /* in the log's list of waiting cursors */
	struct cursor *block_next, **block_link;
	/* Called once a turn at most, after the jobs have drained, when a waiting cursor has
	 * something to read, or its log is closed (cursor->log is NULL then). */
	void (*ready)(struct cursor *cursor);
};

/* `seq` is in [1, next_seq]; one that is kept no more is told as lost by the first read. */
void cursor_open(struct cursor *cursor, struct log *log, uint64_t seq, enum lag lag);

/* Takes an open or a closed cursor. */
void cursor_close(struct cursor *cursor);

/* Closes one that a successor goes on with: until this process is done with the log, nothing that a
 * `block` cursor had before it is overwritten. */
void cursor_leave(struct cursor *cursor);

/* The span at the cursor, which stays where it is; false: nothing there.  *ret_lost_from and _to
 * (seqs, inclusive; 0: none) are what was overwritten or skipped before the span: by then the
 * cursor has moved past it, and the owner tells the gap.  By the cursor's lag, when it has fallen
 * behind the ring:
 *	skip	goes on at the oldest kept entry
 *	latest	the same; and when an event waits behind others it goes on there, or at the
 *		first state that waits before it
 *	block	is never overtaken, but by log_change() and where it was opened behind the
 *		ring: then as skip
 *	close	false with *ret_lost_from set, again and again, and it stays where it is: its
 *		owner ends it */
bool cursor_read(struct cursor *cursor, size_t limit, struct span *ret,
    uint64_t *ret_lost_from, uint64_t *ret_lost_to);

/* Entries up to `seq` (exclusive) are done with. */
void cursor_advance(struct cursor *cursor, uint64_t seq);

/* Asks for ->ready when there is something at the cursor.  If there is already, it comes this
 * turn. */
void cursor_wait(struct cursor *cursor);

/* From `block` to `skip`: its time is up. */
void cursor_set_lag(struct cursor *cursor, enum lag lag);

/* A cursor as an async iterator of spans (const struct span *), skipping what is lost: for sources
 * that read other streams, and for tests.  The value is valid until next() is called again: it is a
 * copy, of at most 64 KiB or one line.  Done when the log is closed; with LAG_CLOSE it throws
 * -ENOBUFS when it is overtaken. NULL: no memory. */
struct iterator *cursor_iterator(struct log *log, uint64_t seq, enum lag lag);

#endif

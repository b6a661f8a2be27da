/* log_private.h - the log's layout in its extent, struct log, and what its files share:
 *	log.c		open, close, drop, accessors
 *	log_store.c	where it lies: an extent of the arena, or a file
 *	log_paths.c	in which file, for a successor
 *	log_format.c	the layout: made, checked, read back
 *	log_salvage.c	what a power cut left of a file
 *	log_append.c	append and commit
 *	log_trim.c	what makes room: the tail, and the lines kept outside the ring
 *	log_read.c	spans
 *	log_room.c	`block` cursors
 *	log_change.c	other options: a ring of another size
 *	log_latency.c	how long events take
 *	cursor.c, cursor_iterator.c */
#ifndef STREAMS_LOG_PRIVATE_H
#define STREAMS_LOG_PRIVATE_H

#include "async/loop.h"
#include "base/boot.h"
#include "base/crash.h"
#include "base/histogram.h"
#include "streams/encode.h"
#include "streams/log.h"

#define LOG_MAGIC UINT64_C(0x676f6c6474696177)   /* "waitdlog", as the bytes lie */
#define LOG_VERSION 2

/* Written once, the checksum last. */
struct log_header {
	uint64_t magic;
	uint32_t version;
	uint32_t hot;              /* offset of struct log_hot */
	uint64_t index;            /* offset; entries: a power of two, more than lines can be in the ring */
	uint64_t index_entries;
	uint64_t sums;             /* offset of a checksum a line, uint32_t[index_entries]; 0: none */
	uint64_t saved;            /* offset of two struct log_saved, each of saved_size bytes */
	uint64_t saved_size;
	uint64_t ring;             /* offset, to the extent's end */
	uint64_t ring_size;        /* a power of two */
	char epoch[EPOCH_LENGTH];
	char name[ARENA_NAME_MAX + 1];
	uint32_t reserved;
	uint32_t checksum;
};

/* One of two: the active one is rec[commits & 1]. */
struct log_commit {
	uint32_t checksum;         /* of all behind it, and of kept only kept_size bytes */
	uint32_t kept_size;        /* a multiple of 8 */
	uint64_t number;           /* what `commits` is when it is true */
	uint64_t next_seq, head;
	struct position position;
	uint64_t last_event;       /* its seq; 0: none yet */
	uint64_t rare;             /* which of log_hot.rare goes with it */
	unsigned char kept[KEPT_MAX];
};

/* What few commits change: the one that a record does not name is idle. */
struct log_rare {
	uint64_t gaps, states, lost, too_long, rejected;
	uint64_t chain;
	uint64_t last_state;       /* its seq; 0: none yet */
	uint32_t state;            /* enum stream_state */
	uint32_t checksum;
};

struct log_hot {
	_Alignas(64) uint64_t tail_seq;
	uint64_t commits;
	_Alignas(64) struct log_commit rec[2];
	_Alignas(64) struct log_rare rare[2];

	/* In a file: since which boot of the machine it is written to, and whether all of it was on
	 * the disk when it was closed. */
	_Alignas(64) char boot[BOOT_ID_SIZE];
	uint64_t clean;

	struct crash_place crash;  /* of the stream's source, for its own use */
};

/* Where a log lies. */
struct log_store {
	struct arena *arena;
	const char *name;          /* the log's, borrowed */
	struct extent *extent;     /* in the arena */
	char *path;                /* or in this file; else NULL */
	int fd;                    /* of the file, locked */
	char *memory;              /* mapped by store_map() */
	uint64_t size, mirror;
};

/* The last event or state once its line has left the ring.  While the line is in the ring this may
 * be anything: it is filled before the tail passes the line. */
struct log_saved {
	uint64_t seq;
	uint32_t length;
	uint32_t checksum;         /* of seq, length and the line */
	char line[];
};

enum { SAVED_EVENT, SAVED_STATE };

/* What cursors that waited are to be told of, or were last. */
struct log_batch {
	uint64_t seq, head;        /* of its first entry; the head behind that */
	uint64_t mono_ns;          /* the stamp of that, if it is an event; else 0 */
	uint64_t seen;             /* next_seq when telling was put off; 0: it was not */
	uint64_t turn;             /* of the loop, in which they were told */
	unsigned int pass;         /* so many more readers are not looked at for the latency */
};

struct log {
	/* Read by each append. */
	struct log_hot *hot;
	uint64_t *index;
	char *ring;
	uint64_t ring_mask, index_mask;
	uint64_t next_seq, head, tail_seq, tail;   /* tail: offset of the oldest kept line */
	uint64_t commits;
	uint64_t head_limit;       /* the head may come up to here: `block` cursors; else UINT64_MAX */
	uint64_t floor_seq;        /* none of them is below this; else UINT64_MAX */
	size_t floor_holders;      /* how many of them keep it there, at most */
	uint64_t count_limit;      /* entries */
	size_t max_line, line_room;   /* of a line; to be free for writing one */
	struct position position;
	uint64_t last_event;
	uint32_t rare_slot, kept_size;
	bool rare_changed;         /* since the last commit */
	struct log_rare rare;
	struct cursor *waiting;
	struct turn_task wake;
	struct log_batch batch;
	struct encoder encoder;
	_Alignas(8) unsigned char kept[KEPT_MAX];

	/* The rest. */
	uint64_t age_ns;
	uint64_t expiring_seq;     /* the oldest kept when `expires` was found; 0: find it */
	int64_t expires;           /* CLOCK_REALTIME: it is kept until then */
	uint64_t expired_turn;     /* of the loop, when readers had it looked at */
	struct cursor *idle;       /* open cursors that do not wait */
	struct cursor *blocking;
	uint64_t left_seq;         /* of `block` cursors that a successor goes on with; else UINT64_MAX */
	struct promise *room;      /* counted; NULL: nobody waits */
	struct promise no_memory;  /* in its place */
	struct histogram *latency; /* NULL: nobody has listened yet, or no memory */
	struct log_header *header;
	struct arena *arena;
	struct log_store store;
	uint32_t *sums;            /* of lines; NULL: none */
	int path_error;            /* why it is not in the file that was asked for */
	char epoch[EPOCH_LENGTH + 1];
	char name[ARENA_NAME_MAX + 1];
	bool new_epoch;
};

static inline char *
log_at(const struct log *log, uint64_t offset)
{
	return log->ring + (offset & log->ring_mask);
}

static inline uint64_t
log_begin_of(const struct log *log, uint64_t seq)
{
	return log->index[seq & log->index_mask];
}

static inline uint64_t
log_ring_size(const struct log *log)
{
	return log->ring_mask + 1;
}

/* What was stored so far is in memory before what is stored next: the successor reads it after
 * this process's death, so that the compiler's order is all it takes. */
static inline void
log_barrier(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* ------------------------------------------------------------------ options */

/* -EINVAL: too large. */
int log_ring_size_of(const struct log_options *options, uint64_t *ret);
void log_take_options(struct log *log, const struct log_options *options);

/* -------------------------------------------------------------------- store */

/* The log of this name that there is, in the arena, or else in the file that the arena says, or
 * else in this one (NULL: in none); not mapped yet.  -ENOENT: none.  -EEXIST: the file is
 * something else, or another stream's log.  -EBUSY: another process has the file. */
int store_find(struct log_store *store, struct arena *arena, const char *name,
    const char *path);

/* A new one, zeroed, that takes the old one's place (or nobody's) by store_replace(); `path` NULL:
 * in the arena.  `from`: the file of the old one, or NULL; that both may be there is written down,
 * until store_replace(), or store_write_down() of the old one. */
int store_prepare(struct log_store *store, struct arena *arena, const char *name, const char *from,
    const char *path, uint64_t size);
int store_replace(struct log_store *old, struct log_store *prepared);

/* For a successor: it lies here and nowhere else. */
void store_write_down(const struct log_store *store);

/* The same of one that was found: what a move that was cut short has left elsewhere, of this epoch,
 * is removed. */
void store_settle(const struct log_store *store, const char *epoch);

/* May a prepared one take the place of what is under this path?  0: nothing is, or `store`, or a
 * log of this name that nobody has open; -EEXIST, -EBUSY, ... as store_find(). */
int store_may_stand(const struct log_store *store, const char *name, const char *path);

/* Maps it, with what lies from `mirror` on once more behind its end. */
int store_map(struct log_store *store, uint64_t mirror);

/* Leaves it to a successor. */
void store_release(struct log_store *store);

/* Removes it, prepared or true. */
void store_drop(struct log_store *store);

/* Is it in this file, or with NULL in the arena? */
bool store_is_in(const struct log_store *store, const char *path);

/* What was written is on the disk.  0 or -errno. */
int store_sync(const struct log_store *store);

/* -------------------------------------------------------------------- paths */

/* Calls `each` for the file that the log of this name lies in, as the arena says, or for both
 * between which it was moving, until it gives 0.  -ENOENT: the arena says none. */
int paths_each(struct arena *arena, const char *name,
    int (*each)(const char *path, void *context), void *context);

/* It lies in `to`; or in `from` until that is no more, and then in `to`. */
int paths_set(struct arena *arena, const char *name, const char *from, const char *to);

/* It lies in no file. */
void paths_drop(struct arena *arena, const char *name);

/* ------------------------------------------------------------------- format */

/* The header for a ring of this size, without epoch and name; the extent's size. */
struct log_header log_layout(uint64_t ring_size, bool sums, uint64_t *ret_size);

/* Is it one of ours, whole, and of this name? */
bool log_header_valid(const struct log_header *header, const char *name, uint64_t extent_size);

/* It is whole, as far as it can be told, and of another stream. */
bool log_header_of_another(const struct log_header *header, const char *name);

/* Makes a log of an empty extent: hot words, record and header from what `log` says; its lines, if
 * it has any, lie in ring and index already. */
void log_format(struct log *log, const struct log_header *layout);

/* Points log into its extent, whose header is valid: -errno of mapping the ring twice. */
int log_map(struct log *log, const struct log_header *layout);

/* Reads back the last commit, and checks everything.  False: the log is damaged. */
bool log_recover(struct log *log);
bool log_recover_commit(struct log *log, uint64_t number);

/* A file whose log is damaged: what can still be read of it, under a new epoch.  False: nothing. */
bool log_salvage(struct log *log);

/* Of the machine's boot, as the arena names it; in a file: is it still the one in which it was
 * written?  And says from now on that it is. */
bool log_same_boot(const struct log *log);
void log_set_boot(struct log *log);

/* Writes log->epoch into the header, which is then valid. */
void log_set_epoch(struct log *log);

/* Of a line: what is kept of it in `sums`. */
static inline uint32_t
log_line_checksum(const struct log *log, uint64_t seq, uint64_t begin, uint64_t end)
{
	return arena_checksum((uint32_t)seq, log_at(log, begin), (size_t)(end - begin));
}

/* -------------------------------------------------------------------- commit */

/* Makes true what log's next_seq, head, position, rare and kept say. */
void log_publish(struct log *log);

uint32_t log_commit_checksum(const struct log_commit *commit);
uint32_t log_rare_checksum(const struct log_rare *rare);

/* ---------------------------------------------------------------------- trim */

/* Moves the tail until `room` bytes are free behind the head and count and age allow one entry
 * more; for these two never past a `block` cursor.  The caller has looked that none stands in the
 * way of the room.  Moves it somewhat further for want of room, so that not each append has to. */
void log_trim(struct log *log, uint64_t room);

/* By age alone, for who reads. */
void log_expire(struct log *log);

/* The last event or state, in the ring or outside; without LF. */
struct text log_line_kept(const struct log *log, unsigned int which);

void log_save(struct log *log, unsigned int which, uint64_t seq, struct text line);
struct log_saved *log_saved_at(const struct log *log, unsigned int which);
bool log_saved_valid(const struct log *log, const struct log_saved *saved, uint64_t seq);

/* ---------------------------------------------------------------------- room */

/* Finds floor_seq and head_limit anew; in between they are lower bounds. */
void log_find_floor(struct log *log);

/* May the head move by `size`?  Looks for the `block` cursors' floor anew. */
bool log_floor_allows(struct log *log, uint64_t size);

/* The `block` cursors' floor may have changed: whoever waits for room is told, if there is. */
void log_floor_changed(struct log *log);

/* A `block` cursor stands at `seq` no longer.  The floor is looked for when the last has left it:
 * with each of them it would be a square of their number. */
void log_floor_left(struct log *log, uint64_t seq);

/* ------------------------------------------------------------------- cursors */

/* Behind an append.  Has ->ready called for all that wait, when the turn ends. */
static inline void
log_changed(struct log *log, const struct event *event)
{
	if (log->waiting == NULL || log->wake.registered)
		return;
	log->batch = (struct log_batch){
		.seq = log->next_seq - 1,
		.head = log->head,
		.mono_ns = event->kind == EVENT_VALUE ? event->time.mono_ns : 0,
	};
	loop_at_turn_end(&log->wake);
}

void log_wake(struct turn_task *task);

/* Makes room for figures, once. */
void log_latency_open(struct log *log);

/* The log goes: its cursors have none from now on, and are told. */
void log_abandon_cursors(struct log *log);

#endif

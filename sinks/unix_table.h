/* unix_table.h - the connection table of a sink, in the arena: all that a successor needs to go
 * on with every peer as if nothing had happened (the protocol is tried and proved in the design's
 * restart/).
 *
 * The extent is a header of one page and `slots` places of `stride` bytes.  It is sparse, and
 * each place is laid out so that a quiet subscriber touches one page of it:
 *
 *	 unused | outbox ... | struct unix_slot | own | receive ring ... | struct unix_cold
 *	        HOME         ^ page boundary + HOME
 *
 * for both rings are empty most of the time, and an empty one begins anew: the outbox in its last
 * HOME bytes, the receive ring in its first, which lie in the page of the slot.  "own" is what
 * this process alone knows of the connection: a successor never looks at it.
 *
 * State is kept in pairs of slots and a counter whose lowest bit selects the active one.  The
 * idle one is the *draft*: it is filled at leisure, and made true by the one 8-byte store that
 * counts on.
 *
 * All positions are u64 and only grow.  Addresses in an mmsghdr are of the process that wrote
 * them and mean nothing to its successor.  One writer thread; release stores suffice. */
#ifndef SINKS_UNIX_TABLE_H
#define SINKS_UNIX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/crash.h"
#include "sinks/unix_options.h"
#include "streams/arena.h"
#include "streams/log.h"

#define UNIX_TABLE_VERSION 3
#define UNIX_HOME 1024u              /* bytes of the outbox that share the slot's page */
#define UNIX_OWN 384u                /* bytes for struct unix_connection */
#define UNIX_SPANS 64                /* of the ring in one message */
#define UNIX_PIECES (UNIX_SPANS + 2)
#define UNIX_VECTORS (UNIX_SPANS + 2)
#define UNIX_PIECES_NEAR 4           /* what the slot itself has room for */
#define UNIX_VECTORS_NEAR 6
#define UNIX_PATTERNS_NEAR 3
#define UNIX_CURSORS_NEAR 4
#define UNIX_IDS 16
#define UNIX_NAME_SIZE 72            /* of a stream, with its NUL */

/* A cursor's place and all else about it that changes; in a message also what the ring gives to
 * it. */
struct unix_piece {
	uint16_t cursor;
	uint8_t phase;               /* enum unix_phase */
	uint8_t lag;                 /* enum lag */
	uint32_t length;             /* bytes of the ring */
	uint64_t from, to;           /* it is at `from` and, when all bytes are taken, at `to` */
	uint64_t target;             /* `ready` is said when it is here; 0: was said */
};

enum unix_phase {
	UNIX_LIVE,
	UNIX_HISTORY,                /* `after`: what is lost before the first line is `history` */
	UNIX_EPOCH,                  /* has to be told that the epoch is another */
	UNIX_LATEST,                 /* is at the last event; goes on from `target` */
	UNIX_ADDED,                  /* taken in by a glob; `subscribed` is still to be said */
};

/* Truth about one subscription: the piece of the active message that names it, else this.  A record
 * counts from the moment `born` to the moment `died`, in messages. */
struct unix_cursor {
	uint64_t born, died;         /* 0: not */
	uint64_t seq, target;
	char epoch[EPOCH_LENGTH];
	char name[UNIX_NAME_SIZE];
	uint8_t phase, lag;
	uint8_t id;                  /* UNIX_IDS: none */
	uint8_t spare[5];
};

/* A pattern that was subscribed and takes in streams that come. */
struct unix_pattern {
	uint64_t born, died;
	uint8_t from, lag;           /* enum unix_from, enum lag */
	uint8_t glob;
	char text[UNIX_PATTERN_MAX + 2];
};

struct unix_receive {
	struct mmsghdr message;
	struct iovec vector[2];
	uint64_t base;               /* received is base + msg_len */
	uint64_t start;              /* nothing before this was left */
};

enum unix_send_flag {
	UNIX_DISCARD = 1,            /* a request was too long: up to its LF nothing counts */
	UNIX_ENDING = 2,             /* the last word is in the outbox; closed when it is gone */
};

/* An answer of many lines, of the request at `consumed`: what has been said of it. */
struct unix_answer {
	char last[UNIX_NAME_SIZE];   /* the stream answered last */
	uint32_t count;
	uint32_t active;
};

struct unix_send {
	struct mmsghdr message;
	uint64_t head, tail;         /* of the outbox; the message begins with `offered` of it */
	uint64_t consumed;           /* of the requests */
	uint32_t offered;
	uint16_t pieces;
	uint8_t far, flags;          /* pieces and vectors are the cold ones; enum unix_send_flag */
	struct unix_answer answer;
	struct iovec vector[UNIX_VECTORS_NEAR];
	struct unix_piece piece[UNIX_PIECES_NEAR];
};

enum unix_slot_state { UNIX_FREE, UNIX_INIT, UNIX_OPEN };

struct unix_slot {
	uint64_t word;               /* generation << 2 | enum unix_slot_state; all zero: FREE */
	uint64_t cookie;             /* SO_COOKIE */
	uint32_t uid, index;
	uint64_t sends, receives;    /* the counters */
	struct crash_place crash;    /* the request in hand, by where it ends */
	uint32_t cursors, patterns;  /* records beyond these were never written */
	struct unix_receive receive[2];
	struct unix_send send[2];
	struct unix_pattern pattern[UNIX_PATTERNS_NEAR];
	struct unix_cursor cursor[UNIX_CURSORS_NEAR];
};

struct unix_id {
	uint16_t length;
	char text[UNIX_ID_MAX];
};

struct unix_cold {
	struct iovec vector[2][UNIX_VECTORS];
	struct unix_piece piece[2][UNIX_PIECES];
	struct unix_id id[UNIX_IDS];
	/* then the other patterns, then the other cursors */
};

_Static_assert(sizeof(struct unix_cursor) == 128, "cursors are kept small");
_Static_assert(UNIX_HOME + sizeof(struct unix_slot) + UNIX_OWN <= 4096 - 512,
    "a slot, the end of its outbox and the beginning of its receive ring share a page");

/* What the table was made for.  Sizes of rings are powers of two, outbox a multiple of the page. */
struct unix_shape {
	uint32_t slots;
	uint32_t cursors, patterns;  /* of one connection */
	uint32_t spare;
	uint64_t outbox, receive;
};

struct unix_counters {
	uint64_t accepted, refused, deliveries, bytes, lost;
};

struct unix_table_header {
	uint64_t magic;
	uint32_t version;
	uint32_t checksum;           /* of magic, version and shape */
	struct unix_shape shape;
	uint32_t used;               /* slots beyond these were never touched */
	uint32_t spare;
	uint64_t generations;        /* of connections and listeners; never given twice */
	uint64_t listener;           /* the stored listener's generation; 0: it is not stored */
	uint64_t listener_table;     /* and the id of the table that it is named by */
	struct unix_counters counters;
};

struct unix_table {
	LIST_ENTRY(unix_table) link;
	struct arena *arena;
	struct extent *extent;
	struct unix_table_header *header;
	struct unix_shape shape;
	uint64_t stride;
	uint64_t *taken;             /* slots of this process's connections, a bit each */
	size_t connections;          /* how many */
};

LIST_HEAD(unix_table_list, unix_table);

/* The shape that these options need. */
struct unix_shape unix_shape_for(const struct unix_options *options);

/* May an open table of this shape serve these options? */
bool unix_shape_serves(const struct unix_shape *shape, const struct unix_options *options);

/* Adopts the table of this name.  0 or -errno: -ENOENT: there is none; -EPROTONOSUPPORT: of another
 * version, or damaged, and it was dropped. */
int unix_table_adopt(struct arena *arena, const char *name, struct unix_table **ret);

/* Reads another's, whose header is right, as it lies; and what makes a header right.  For tests. */
struct unix_table unix_table_view(struct extent *extent);
uint32_t unix_table_checksum(const struct unix_table_header *header);

/* A new one, which has the stored listener of the former, or of nobody (NULL).  0 or -errno. */
int unix_table_new(struct arena *arena, const char *name, const struct unix_shape *shape,
    const struct unix_table *former, struct unix_table **ret);

/* Leaves it to a successor, or gives it back for good. */
void unix_table_close(struct unix_table *table, bool drop);

/* The lowest slot that is free, so that few pages are in use; -1: none. */
int64_t unix_table_free_slot(const struct unix_table *table);
void unix_table_mark(struct unix_table *table, uint32_t index, bool taken);

struct unix_slot *unix_table_slot(const struct unix_table *table, uint32_t index);

/* ------------------------------------------------------------------- a slot */

static inline enum unix_slot_state
unix_slot_state(const struct unix_slot *slot)
{
	return (enum unix_slot_state)(slot->word & 3);
}

static inline uint64_t
unix_slot_generation(const struct unix_slot *slot)
{
	return slot->word >> 2;
}

void unix_slot_set_state(struct unix_slot *slot, enum unix_slot_state state);

/* FREE to INIT, of a new generation, with nothing in it.  It becomes true before anything else
 * is done with the connection. */
void unix_slot_init(struct unix_table *table, uint32_t index);

/* Keeps a slot's pages in memory; mlock(2) is not inherited, so an adopted one needs it too. */
void unix_slot_lock(struct unix_table *table, const struct unix_slot *slot);

/* The pages of a slot that is FREE go back to the system. */
void unix_slot_discard(struct unix_table *table, struct unix_slot *slot);

/* This process's own memory in it, and back. */
static inline void *
unix_slot_own(struct unix_slot *slot)
{
	return slot + 1;
}

static inline struct unix_slot *
unix_slot_of_own(void *own)
{
	return (struct unix_slot *)own - 1;
}

/* Its name in the fd store. */
#define UNIX_STORE_NAME_SIZE 64
void unix_slot_store_name(const struct unix_table *table, const struct unix_slot *slot,
    char name[static UNIX_STORE_NAME_SIZE]);

struct unix_pattern *unix_slot_pattern(const struct unix_table *table, struct unix_slot *slot,
    uint32_t index);
struct unix_cursor *unix_slot_cursor(const struct unix_table *table, struct unix_slot *slot,
    uint32_t index);
struct unix_id *unix_slot_id(const struct unix_table *table, struct unix_slot *slot,
    uint32_t index);
char *unix_slot_ring(const struct unix_table *table, struct unix_slot *slot);     /* requests */
char *unix_slot_outbox(const struct unix_table *table, struct unix_slot *slot);
struct unix_cold *unix_slot_cold(const struct unix_table *table, struct unix_slot *slot);

/* Does a record count, as of the active message, or as of the draft? */
static inline bool
unix_record_counts(uint64_t born, uint64_t died, uint64_t sends)
{
	return born != 0 && born <= sends && (died == 0 || died > sends);
}

/* May it be written?  (One that is taken but not true yet has UINT64_MAX in `born`.) */
static inline bool
unix_record_free(uint64_t born, uint64_t died, uint64_t sends)
{
	return born == 0 || (died != 0 && died <= sends);
}

#endif

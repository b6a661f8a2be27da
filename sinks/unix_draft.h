/* unix_draft.h - the two send slots of a connection: the active one, which the kernel counts in,
 * and the draft, which becomes true by one store.
 *
 * The way of a message: unix_draft_settle() finds out what the last one came to; lines are
 * written into the outbox of the draft (unix_out.h), records of cursors and patterns are made to
 * count from it on; pieces of the ring are added; unix_draft_commit(); sendmmsg(); settle again. */
#ifndef SINKS_UNIX_DRAFT_H
#define SINKS_UNIX_DRAFT_H

#include "sinks/unix_table.h"

static inline struct unix_send *
unix_active(struct unix_slot *slot)
{
	return &slot->send[slot->sends & 1];
}

static inline struct unix_send *
unix_draft(struct unix_slot *slot)
{
	return &slot->send[(slot->sends + 1) & 1];
}

/* What records that are made true by the draft are stamped with. */
static inline uint64_t
unix_draft_number(const struct unix_slot *slot)
{
	return slot->sends + 1;
}

/* Both are given by who settles: the log of a cursor's record, or NULL if it cannot be had any
 * more. */
typedef struct log *(*unix_log_of)(void *context, uint16_t cursor);

/* A piece that was taken in part: the bytes of `rest` have to follow, none if that was between
 * two lines.  To be saved before anything is appended to the log, whose tail may then pass the
 * piece's beginning, so that nobody could settle it again.  rest.data NULL: they cannot be had. */
struct unix_cut {
	bool cut;
	struct unix_piece piece;     /* where its cursor is behind the line */
	struct text rest;
};

/* Resolves the active message by what the kernel counted: a pure function of it, which writes the
 * same when it is done again.  Moves the records of its cursors, and begins the next draft. */
void unix_draft_settle(const struct unix_table *table, struct unix_slot *slot, unix_log_of log_of,
    void *context, struct unix_cut *ret_cut);

/* Something of the ring for the message, or a cursor's change: pieces [0, count) of one draft are
 * given at once, with the vectors that the whole message is made of. */
void unix_draft_fill(const struct unix_table *table, struct unix_slot *slot,
    const struct unix_piece *pieces, size_t piece_count, const struct iovec *vectors,
    size_t vector_count, uint32_t offered);

/* The rest of a line that was cut goes to the outbox, and is true there: to be done before
 * anything can be appended to its log, so that a cursor is always at a whole line.  Settles
 * again. */
void unix_draft_save_rest(const struct unix_table *table, struct unix_slot *slot,
    struct unix_cut *cut);

/* The draft becomes true. */
void unix_draft_commit(struct unix_slot *slot);

const struct unix_piece *unix_send_pieces(const struct unix_table *table, struct unix_slot *slot,
    const struct unix_send *send);

/* The outbox's [head, tail) of the draft, in two parts at most; how many. */
size_t unix_draft_outbox(const struct unix_table *table, struct unix_slot *slot,
    struct iovec vectors[static 2]);

static inline uint64_t
unix_draft_pending(struct unix_slot *slot)
{
	return unix_draft(slot)->tail - unix_draft(slot)->head;
}

#endif

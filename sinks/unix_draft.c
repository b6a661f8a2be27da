#include "sinks/unix_draft.h"

#include "sinks/unix_out.h"

#include <string.h>

const struct unix_piece *
unix_send_pieces(const struct unix_table *table, struct unix_slot *slot,
    const struct unix_send *send)
{
	return send->far ? unix_slot_cold(table, slot)->piece[send - slot->send] : send->piece;
}

/* ------------------------------------------------------------------ settling */

/* The entry in which the byte `taken` of a piece lies: the last one that begins at or before it. */
static uint64_t
entry_at(const struct log *log, const struct unix_piece *piece, uint64_t offset)
{
	uint64_t low = piece->from, high = piece->to;   /* it is in [low, high) */

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (log_offset(log, middle) <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Part of a piece is taken: where that leaves its cursor. */
static uint64_t
settle_part(struct log *log, const struct unix_piece *piece, uint64_t taken, struct unix_cut *cut)
{
	uint64_t offset, begin, seq;

	cut->cut = true;
	cut->piece = *piece;
	if (log == NULL || piece->from < log_tail_seq(log) || piece->to > log_next_seq(log)
	    || taken > log_offset(log, piece->to) - log_offset(log, piece->from)) {
		cut->rest = (struct text){ 0 };
		return piece->from;
	}
	offset = log_offset(log, piece->from) + taken;
	seq = entry_at(log, piece, offset);
	begin = log_offset(log, seq);
	if (begin == offset) {          /* between two lines: so much is true for good */
		cut->rest = (struct text){ .data = "" };
		return seq;
	}
	cut->rest = log_rest(log, seq, (size_t)(offset - begin));
	return seq + 1;
}

static void
settle_cursor(struct unix_cursor *cursor, const struct unix_piece *piece, uint64_t seq)
{
	cursor->seq = seq;
	cursor->target = piece->target;
	cursor->phase = piece->phase;
	cursor->lag = piece->lag;
}

/* An empty outbox begins anew, in the page of the slot. */
static uint64_t
outbox_begin(const struct unix_table *table, uint64_t position)
{
	uint64_t size = table->shape.outbox;
	uint64_t home = (position & ~(size - 1)) + size - UNIX_HOME;

	return home < position ? home + size : home;
}

/* What is not so is all zeros. */
static bool
answer_begun(const struct unix_answer *answer)
{
	return (answer->count | answer->active) != 0;
}

static void
draft_begin(const struct unix_table *table, struct unix_slot *slot, uint64_t outbox_sent)
{
	const struct unix_send *active = unix_active(slot);
	struct unix_send *draft = unix_draft(slot);

	draft->head = active->head + outbox_sent;
	draft->tail = active->tail;
	if (draft->head == draft->tail)
		draft->head = draft->tail = outbox_begin(table, draft->tail);
	draft->consumed = active->consumed;
	draft->flags = active->flags;
	if (answer_begun(&active->answer) || answer_begun(&draft->answer))
		draft->answer = active->answer;
	draft->offered = 0;
	draft->pieces = 0;
	draft->far = 0;
	draft->message.msg_len = 0;
}

void
unix_draft_settle(const struct unix_table *table, struct unix_slot *slot, unix_log_of log_of,
    void *context, struct unix_cut *ret_cut)
{
	const struct unix_send *active = unix_active(slot);
	const struct unix_piece *pieces = unix_send_pieces(table, slot, active);
	uint64_t sent = active->message.msg_len;
	uint64_t outbox_sent = sent < active->offered ? sent : active->offered;
	uint64_t rest = sent - outbox_sent;

	ret_cut->cut = false;
	for (size_t i = 0; i < active->pieces; i++) {
		const struct unix_piece *piece = &pieces[i];
		struct unix_cursor *cursor = unix_slot_cursor(table, slot, piece->cursor);
		uint64_t taken = rest < piece->length ? rest : piece->length;
		uint64_t seq = piece->from;

		if (taken == piece->length)
			seq = piece->to;
		else if (taken > 0)
			seq = settle_part(log_of(context, piece->cursor), piece, taken, ret_cut);
		settle_cursor(cursor, piece, seq);
		if (ret_cut->cut && ret_cut->piece.cursor == piece->cursor)
			ret_cut->piece.from = ret_cut->piece.to = seq;
		rest -= taken;
	}
	draft_begin(table, slot, outbox_sent);
}

/* ------------------------------------------------------------------- filling */

void
unix_draft_fill(const struct unix_table *table, struct unix_slot *slot,
    const struct unix_piece *pieces, size_t piece_count, const struct iovec *vectors,
    size_t vector_count, uint32_t offered)
{
	struct unix_send *draft = unix_draft(slot);
	struct unix_piece *to_pieces = draft->piece;
	struct iovec *to_vectors = draft->vector;

	draft->far = piece_count > UNIX_PIECES_NEAR || vector_count > UNIX_VECTORS_NEAR;
	if (draft->far) {
		struct unix_cold *cold = unix_slot_cold(table, slot);

		to_pieces = cold->piece[draft - slot->send];
		to_vectors = cold->vector[draft - slot->send];
	}
	for (size_t i = 0; i < piece_count; i++)
		to_pieces[i] = pieces[i];
	for (size_t i = 0; i < vector_count; i++)
		to_vectors[i] = vectors[i];
	draft->pieces = (uint16_t)piece_count;
	draft->offered = offered;
	draft->message.msg_hdr = (struct msghdr){
		.msg_iov = to_vectors,
		.msg_iovlen = vector_count,
	};
}

void
unix_draft_commit(struct unix_slot *slot)
{
	__atomic_store_n(&slot->sends, slot->sends + 1, __ATOMIC_RELEASE);
}

void
unix_draft_save_rest(const struct unix_table *table, struct unix_slot *slot, struct unix_cut *cut)
{
	struct unix_out out;

	if (!cut->cut)
		return;
	/* There is room: what was in the outbox stood before the piece and is gone, and no line
	 * that is longer is sent (unix_step.c). */
	unix_out_begin(&out, table, slot);
	unix_out_bytes(&out, cut->rest.data, cut->rest.length);
	(void)unix_out_end_bytes(&out);
	cut->piece.length = 0;
	unix_draft_fill(table, slot, &cut->piece, 1, NULL, 0, 0);
	unix_draft_commit(slot);
	unix_draft_settle(table, slot, NULL, NULL, cut);
}

size_t
unix_draft_outbox(const struct unix_table *table, struct unix_slot *slot,
    struct iovec vectors[static 2])
{
	const struct unix_send *draft = unix_draft(slot);
	uint64_t size = table->shape.outbox, length = draft->tail - draft->head, at, first;
	char *ring;

	if (length == 0)
		return 0;
	at = draft->head & (size - 1);
	first = length < size - at ? length : size - at;
	ring = unix_slot_outbox(table, slot);
	vectors[0] = (struct iovec){ ring + at, (size_t)first };
	vectors[1] = (struct iovec){ ring, (size_t)(length - first) };
	return length == first ? 1 : 2;
}

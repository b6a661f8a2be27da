/* Does what a predecessor left of a connection make sense?  There is no checksum of it: each message
 * would pay for that.  But every number is in its range, so that nothing is read or written
 * where it should not be, and every word is one; what is wrong within that costs this peer, and
 * nobody else. */
#include "sinks/unix_private.h"

#include <string.h>

#define POSITION_MAX (UINT64_C(1) << 62)

static bool
is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* ---------------------------------------------------------------------- receiving */

static bool
receive_sane(const struct unix_table *table, const struct unix_slot *slot)
{
	const struct unix_receive *active = &slot->receive[slot->receives & 1];
	const struct unix_send *send = &slot->send[slot->sends & 1];
	uint64_t done = send->consumed > active->start ? send->consumed : active->start, received;

	if (active->base > POSITION_MAX)
		return false;
	received = active->base + active->message.msg_len;
	return done <= received && received - done <= table->shape.receive;
}

/* ------------------------------------------------------------------------ sending */

/* The outbox is empty, or ends with a line's end. */
static bool
outbox_sane(const struct unix_table *table, struct unix_slot *slot)
{
	const struct unix_send *send = unix_active(slot);

	if (send->head > send->tail || send->tail > POSITION_MAX
	    || send->tail - send->head > table->shape.outbox
	    || send->offered > send->tail - send->head)
		return false;
	return send->head == send->tail
	    || unix_slot_outbox(table, slot)[(send->tail - 1) & (table->shape.outbox - 1)] == '\n';
}

static bool
piece_sane(const struct unix_slot *slot, const struct unix_piece *piece)
{
	return piece->cursor < slot->cursors && piece->from >= 1 && piece->from <= piece->to
	    && piece->phase <= UNIX_ADDED && piece->lag <= LAG_CLOSE
	    && (piece->length == 0 || piece->from < piece->to);
}

/* Pieces, and what the kernel has counted of them. */
static bool
message_sane(const struct unix_table *table, struct unix_slot *slot)
{
	const struct unix_send *send = unix_active(slot);
	const struct unix_piece *pieces;
	uint64_t length = send->offered;

	if (send->far > 1 || send->pieces > (send->far ? UNIX_PIECES : UNIX_PIECES_NEAR))
		return false;
	pieces = unix_send_pieces(table, slot, send);
	for (size_t i = 0; i < send->pieces; i++) {
		if (!piece_sane(slot, &pieces[i]))
			return false;
		length += pieces[i].length;
	}
	return send->message.msg_len <= length;
}

static bool
answer_sane(const struct unix_send *send)
{
	return send->flags <= (UNIX_DISCARD | UNIX_ENDING) && send->answer.active <= 1
	    && is_text(send->answer.last, sizeof send->answer.last);
}

/* ------------------------------------------------------------------------ records */

static bool
id_sane(const struct unix_table *table, struct unix_slot *slot, uint8_t id)
{
	const struct unix_id *place;
	struct json_checked checked;

	if (id >= UNIX_IDS)
		return id == UNIX_IDS;
	place = unix_slot_id(table, slot, id);
	return place->length <= UNIX_ID_MAX && memchr(place->text, '\n', place->length) == NULL
	    && (place->length == 0
	        || json_check(place->text, place->length, &checked) == JSON_FAULT_NONE);
}

static bool
cursor_sane(const struct unix_table *table, struct unix_slot *slot, uint32_t index)
{
	const struct unix_cursor *cursor = unix_slot_cursor(table, slot, index);

	return !unix_record_counts(cursor->born, cursor->died, slot->sends)
	    || (cursor->phase <= UNIX_ADDED && cursor->lag <= LAG_CLOSE
	        && is_text(cursor->name, sizeof cursor->name) && id_sane(table, slot, cursor->id));
}

static bool
pattern_sane(const struct unix_table *table, struct unix_slot *slot, uint32_t index)
{
	const struct unix_pattern *pattern = unix_slot_pattern(table, slot, index);

	return !unix_record_counts(pattern->born, pattern->died, slot->sends)
	    || (pattern->from <= UNIX_FROM_OLDEST && pattern->lag <= LAG_CLOSE && pattern->glob <= 1
	        && is_text(pattern->text, sizeof pattern->text));
}

bool
unix_slot_sane(const struct unix_table *table, struct unix_slot *slot)
{
	if (slot->cursors > table->shape.cursors || slot->patterns > table->shape.patterns
	    || !receive_sane(table, slot) || !outbox_sane(table, slot)
	    || !message_sane(table, slot) || !answer_sane(unix_active(slot)))
		return false;
	for (uint32_t i = 0; i < slot->cursors; i++)
		if (!cursor_sane(table, slot, i))
			return false;
	for (uint32_t i = 0; i < slot->patterns; i++)
		if (!pattern_sane(table, slot, i))
			return false;
	return true;
}

/* unix_out.h - writing a line into the outbox of a connection's draft.
 *
 *	unix_out_begin(&out, table, slot);
 *	unix_out_text(&out, "{\"ready\":");
 *	unix_out_name(&out, name);
 *	...
 *	if (!unix_out_end(&out))        // adds the LF
 *		there was no room, and nothing was written: again when some has gone out
 */
#ifndef SINKS_UNIX_OUT_H
#define SINKS_UNIX_OUT_H

#include "base/json.h"
#include "sinks/unix_draft.h"

struct unix_out {
	struct unix_send *draft;
	char *ring;
	uint64_t mask, end;          /* no further than this */
	uint64_t at;
	bool full;
};

void unix_out_begin(struct unix_out *out, const struct unix_table *table, struct unix_slot *slot);
bool unix_out_end(struct unix_out *out);

/* The same for bytes that are no line of their own. */
bool unix_out_end_bytes(struct unix_out *out);

void unix_out_bytes(struct unix_out *out, const char *data, size_t length);
void unix_out_text(struct unix_out *out, const char *text);
void unix_out_u64(struct unix_out *out, uint64_t number);

/* As a JSON string. */
void unix_out_string(struct unix_out *out, const char *data, size_t length);

/* A name of a stream or a literal, which needs no escapes; or null. */
void unix_out_name(struct unix_out *out, const char *name);

/* A string or null. */
void unix_out_string_or_null(struct unix_out *out, const char *text);

/* RFC 3339 in UTC with nine digits; 0 is null. */
void unix_out_time(struct unix_out *out, int64_t real_ns);

/* `,"id":...}` or `}`: the end of every reply. */
void unix_out_id(struct unix_out *out, struct json_span id);

#endif

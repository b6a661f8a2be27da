/* event.h - what a source yields and operators pass on: one reading, one gap, or one change of
 * state, before it becomes a line.
 *
 * An event is borrowed: it, and all it points to, belongs to who yielded it and is valid until
 * that one's next() is called again.  Who keeps it copies. */
#ifndef STREAMS_EVENT_H
#define STREAMS_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

enum json_kind {
	JSON_KIND_NULL,
	JSON_KIND_BOOL,
	JSON_KIND_INTEGER,
	JSON_KIND_UNSIGNED,   /* above INT64_MAX */
	JSON_KIND_DOUBLE,     /* finite; written in its shortest round-trip form */
	JSON_KIND_STRING,     /* bytes, escaped on the way out; invalid UTF-8 becomes U+FFFD */
	JSON_KIND_BASE64,     /* bytes, written as a base64 string (RFC 4648, 4) */
	JSON_KIND_TEXT,       /* JSON text, checked by base/json, copied as it is */
};

struct json_value {
	enum json_kind kind;
	union {
		bool boolean;
		int64_t integer;
		uint64_t unsigned_integer;
		double number;
		struct {
			const char *data;
			size_t length;
		} text;      /* JSON_KIND_STRING, JSON_KIND_BASE64, JSON_KIND_TEXT */
	};
};

enum event_kind {
	EVENT_VALUE,
	EVENT_GAP,
	EVENT_STATE,
};

enum gap_stage {
	GAP_KERNEL,      /* lost before the source read it */
	GAP_SOURCE,      /* lost in the source: a tick missed, a line too long or given up */
};

#define LOST_UNKNOWN UINT64_MAX   /* "lost": null */

enum stream_state {
	STATE_STARTING,  /* never on the wire as an entry */
	STATE_UP,
	STATE_DOWN,
	STATE_STALE,
	STATE_CHANGED,   /* an entry only: the source, unit or operators are others from here on */
	STATE_ENDED,
};

const char *stream_state_name(enum stream_state state);

/* A member behind "value": "edge":"rising". */
struct event_member {
	const char *name;            /* a plain ASCII literal */
	struct json_value value;
};

#define EVENT_MEMBERS_MAX 4

/* How far a producer is consumed once this event is committed.  `producer` and `generation` are
 * the source's own (a socket source's connection slot, 0 where there is one only); `consumed` only
 * grows within a generation. */
struct position {
	uint32_t producer;
	uint32_t generation;
	uint64_t consumed;
};

struct event {
	enum event_kind kind;
	struct moment time;          /* of the kernel or device, where it gives one; else of the read */
	struct position position;

	/* EVENT_VALUE */
	struct json_value value;
	struct event_member members[EVENT_MEMBERS_MAX];
	uint8_t member_count;

	/* EVENT_GAP */
	enum gap_stage stage;
	uint64_t lost;

	/* EVENT_STATE */
	enum stream_state is;
	int error;                   /* negative errno, written as its name in "cause"; 0: none */
	const char *message;         /* or NULL */
	uint64_t retry_ns;           /* 0: none; written in ms */
};

#endif

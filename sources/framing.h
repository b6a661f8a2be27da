/* framing.h - from bytes to values: where a record ends, and what it says.
 *
 *	lines	each line a string; LF ends it, a CR before that is no part of it; no empty ones
 *	ndjson	each line one JSON value (RFC 8259, as base/json checks it), handed on as written
 *	chunks	each so many bytes, in base64
 * At the end of the input what is left counts as a record. */
#ifndef SOURCES_FRAMING_H
#define SOURCES_FRAMING_H

#include "base/json.h"
#include "streams/event.h"

enum framing_kind {
	FRAMING_LINES,
	FRAMING_NDJSON,
	FRAMING_CHUNKS,
};

/* For OPTION_ENUM. */
extern const char *const framing_names[];

struct framing {
	int kind;                /* enum framing_kind */
	size_t chunk;            /* bytes of each, FRAMING_CHUNKS */
	size_t max;              /* bytes of a line of the stream; a longer one is given up */
};

/* Bytes of an entry beside its value, at least. */
#define FRAMING_OVERHEAD 256

/* Can a chunk ever become an entry of `max` bytes? */
bool framing_fits(const struct framing *framing);

enum frame_kind {
	FRAME_VALUE,
	FRAME_EMPTY,             /* says nothing */
	FRAME_INVALID,           /* is no JSON: `fault` says why */
	FRAME_TOO_LONG,
};

struct frame {
	enum frame_kind kind;
	size_t size;             /* bytes of the input that it takes, with its LF */
	struct json_value *value; /* the caller's, for FRAME_VALUE; points into the input */
	enum json_fault fault;
	size_t fault_at;
};

/* How many of these bytes are whole records; the first `scanned` are known to hold no end of
 * one. */
size_t framing_whole(const struct framing *framing, const char *data, size_t scanned,
    size_t length);

/* The first record of data, of which there is a whole one, or the rest of all input.  length >
 * 0.  ret->value is set before; the rest is the answer. */
void framing_next(const struct framing *framing, const char *data, size_t length,
    struct frame *ret);

/* The same without looking into it: how long it is. */
size_t framing_skip(const struct framing *framing, const char *data, size_t length);

#endif

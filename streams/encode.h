/* encode.h - an event becomes one line of the wire: a JSON object and LF (docs/protocol.md),
 * written by hand into memory that is there already, usually a log's ring. */
#ifndef STREAMS_ENCODE_H
#define STREAMS_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "streams/event.h"

#define ENCODER_NAME_MAX 64
#define ENCODER_UNIT_MAX 64        /* bytes of the unit as JSON, with quotes */
#define ENCODER_LINE_MIN 256       /* no gap or bare state is longer, whatever the stream's name */
#define ENCODER_SLACK 64           /* bytes behind a line's end that may be needed as scratch */
#define ENCODER_LINE_SHORTEST 64   /* and no line is as short as this */

/* What all lines of one stream have in common, rendered once, and what the last lines had in
 * common: their stamp, their second. */
struct encoder {
	char event_prefix[112];      /* and behind it the digits of `seq` */
	char gap_prefix[96], state_prefix[96], unit[96], stamp[112];
	uint8_t event_length, gap_length, state_length, unit_length;
	uint8_t head_length;         /* of event_prefix with the digits */
	uint8_t time_length, stamp_length;
	uint64_t seq;                /* of the next event, most likely */
	struct moment moment;        /* that `stamp` says */
	int64_t second;              /* whose date is in it */
};

/* -EINVAL: the name is empty, too long, or not of the characters that names have. */
int encoder_init(struct encoder *encoder, const char *name);

/* NULL or "": none.  -EINVAL: too long. */
int encoder_set_unit(struct encoder *encoder, const char *unit);

/* The line is no longer than this, and never less than ENCODER_LINE_MIN.  It may be far from it: a
 * string counts as if each byte were escaped. */
size_t encoder_bound(const struct encoder *encoder, const struct event *event);

/* Writes the line to `out`, where `room` bytes, at least ENCODER_LINE_MIN, may be written (also
 * behind the line's end).  Its length with the LF, or 0: it does not fit, or comes so near to the
 * end of the room that this is not known: one of room - ENCODER_SLACK bytes always fits.  A state's
 * message that does not fit is left out. */
size_t encoder_line(struct encoder *encoder, const struct event *event, uint64_t seq, char *out,
    size_t room);

/* Whether a line of a log is an event's, a gap's or a state's: by its first characters. */
enum event_kind line_kind(const char *line);

/* Does `line`, with its LF, look like this stream's entry of this seq: from its beginning to
 * behind its seq, and at its end?  What a value says is not looked at. */
bool encoder_owns_line(const struct encoder *encoder, const char *line, size_t length,
    uint64_t seq);

/* The value of the line's "time", in nanoseconds since the epoch, and of an event's "mono_ns" (else
 * 0).  False: it has none where lines of this stream have it. */
bool encoder_read_moment(const struct encoder *encoder, const char *line, size_t length,
    struct moment *ret);

#endif

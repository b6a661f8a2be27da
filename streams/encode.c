/* encode.c - lines, by hand.  Fixed parts are copied in blocks of a fixed size, which is why there
 * has to be room behind a line's end; what has no fixed size looks at `end`. */
#include "streams/encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "streams/encode_string.h"
#include "streams/number.h"

#define RETRY_ROOM 40              /* ,"retry_ms": and digits */

/* ----------------------------------------------------------------- prefixes */

static bool
name_valid(const char *name)
{
	static const char letters[]
	    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strlen(name);

	return length > 0 && length <= ENCODER_NAME_MAX && strspn(name, letters) == length
	    && name[0] != '.' && name[0] != '_' && name[0] != '-';
}

static uint8_t
prefix_make(char *prefix, const char *before, const char *name, const char *behind)
{
	return (uint8_t)(stpcpy(stpcpy(stpcpy(prefix, before), name), behind) - prefix);
}

static void
encoder_set_seq(struct encoder *encoder, uint64_t seq)
{
	char *end = number_unsigned(encoder->event_prefix + encoder->event_length, seq);

	encoder->head_length = (uint8_t)(end - encoder->event_prefix);
	encoder->seq = seq;
}

/* Mostly the last digit.  Behind a line, not before the next: what has just been stored by the byte
 * cannot be copied at once by the block. */
static inline void
encoder_next_seq(struct encoder *encoder)
{
	char *digit = &encoder->event_prefix[encoder->head_length - 1];

	if (*digit == '9')
		encoder_set_seq(encoder, encoder->seq + 1);
	else {
		++*digit;
		encoder->seq++;
	}
}

int
encoder_init(struct encoder *encoder, const char *name)
{
	if (!name_valid(name))
		return -EINVAL;
	*encoder = (struct encoder){ .second = INT64_MIN };
	encoder->event_length
	    = prefix_make(encoder->event_prefix, "{\"stream\":\"", name, "\",\"seq\":");
	encoder->gap_length = prefix_make(encoder->gap_prefix, "{\"gap\":\"", name, "\",\"seq\":");
	encoder->state_length
	    = prefix_make(encoder->state_prefix, "{\"state\":\"", name, "\",\"is\":\"");
	encoder_set_seq(encoder, 0);
	return 0;
}

int
encoder_set_unit(struct encoder *encoder, const char *unit)
{
	char text[ENCODER_UNIT_MAX], *end = text;

	if (unit != NULL && *unit != '\0') {
		end = encode_string(text, text + sizeof text, unit, strlen(unit));
		if (end == NULL)
			return -EINVAL;
	}
	encoder->unit_length = 0;
	if (end != text) {
		memcpy(encoder->unit, ",\"unit\":", 8);
		memcpy(encoder->unit + 8, text, (size_t)(end - text));
		encoder->unit_length = (uint8_t)(8 + (end - text));
	}
	return 0;
}

/* -------------------------------------------------------------------- time */

static inline char *
put(char *p, const char *literal, size_t length)
{
	memcpy(p, literal, length);
	return p + length;
}
#define PUT(p, literal) put((p), (literal), sizeof(literal) - 1)

/* Days since 1970-01-01 to the Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", civil_from_days). */
static char *
put_date(char *p, int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	uint32_t doe = (uint32_t)(z - era * 146097);
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (5 * doy + 2) / 153;
	uint32_t month = mp < 10 ? mp + 3 : mp - 9;
	uint32_t year = (uint32_t)(era * 400) + yoe + (month <= 2);

	p = number_two(number_two(p, year / 100), year % 100);
	*p++ = '-';
	p = number_two(p, month);
	*p++ = '-';
	return number_two(p, doy - (153 * mp + 2) / 5 + 1);
}

/* "2026-11-20T11:15:59." of a second since the epoch. */
static void
put_second(char *p, int64_t second)
{
	int64_t days = second / 86400;
	int64_t of_day = second % 86400;

	if (of_day < 0) {
		of_day += 86400;
		days--;
	}
	p = PUT(put_date(p, days), "T");
	p = PUT(number_two(p, (uint32_t)of_day / 3600), ":");
	p = PUT(number_two(p, (uint32_t)of_day / 60 % 60), ":");
	(void)PUT(number_two(p, (uint32_t)of_day % 60), ".");
}

/* ,"time":"2026-11-20T11:15:59.123456789Z","mono_ns":8123456789012,"value": */
static void
encoder_render(struct encoder *encoder, const struct moment *moment)
{
	int64_t second = moment->real_ns / (int64_t)NSEC_PER_SEC;
	int64_t rest = moment->real_ns % (int64_t)NSEC_PER_SEC;
	char *p = PUT(encoder->stamp, ",\"time\":\"");

	if (rest < 0) {
		rest += (int64_t)NSEC_PER_SEC;
		second--;
	}
	if (second != encoder->second) {
		put_second(p, second);
		encoder->second = second;
	}
	p = PUT(number_nine(p + 20, (uint32_t)rest), "Z\"");
	encoder->time_length = (uint8_t)(p - encoder->stamp);
	p = number_unsigned(PUT(p, ",\"mono_ns\":"), moment->mono_ns);
	p = PUT(p, ",\"value\":");
	encoder->stamp_length = (uint8_t)(p - encoder->stamp);
	encoder->moment = *moment;
}

static inline void
encoder_stamp(struct encoder *encoder, const struct moment *moment)
{
	if (moment->real_ns != encoder->moment.real_ns
	    || moment->mono_ns != encoder->moment.mono_ns || encoder->time_length == 0)
		encoder_render(encoder, moment);
}

/* ------------------------------------------------------------------- values */

static size_t
value_bound(const struct json_value *value)
{
	switch (value->kind) {
	case JSON_KIND_STRING:
		return 2 + 6 * value->text.length;
	case JSON_KIND_BASE64:
		return 2 + (value->text.length + 2) / 3 * 4;
	case JSON_KIND_TEXT:
		return value->text.length + 4;
	default:
		return NUMBER_ROOM;
	}
}

static char *
put_text(char *p, const char *end, const char *text, size_t length)
{
	if (length == 0)
		return PUT(p, "null");
	if (length > (size_t)(end - p))
		return NULL;
	memcpy(p, text, length);
	return p + length;
}

/* NUMBER_ROOM bytes are free at p. */
static inline char *
put_value(char *p, const char *end, const struct json_value *value)
{
	switch (value->kind) {
	case JSON_KIND_BOOL:
		return value->boolean ? PUT(p, "true") : PUT(p, "false");
	case JSON_KIND_INTEGER:
		return number_signed(p, value->integer);
	case JSON_KIND_UNSIGNED:
		return number_unsigned(p, value->unsigned_integer);
	case JSON_KIND_DOUBLE:
		return number_double(p, value->number);
	case JSON_KIND_STRING:
		return encode_string(p, end, value->text.data, value->text.length);
	case JSON_KIND_BASE64:
		return encode_base64(p, end, value->text.data, value->text.length);
	case JSON_KIND_TEXT:
		return put_text(p, end, value->text.data, value->text.length);
	case JSON_KIND_NULL:
		break;
	}
	return PUT(p, "null");
}

/* ,"edge":"rising"; the name is plain ASCII. */
static char *
put_member(char *p, const char *end, const struct event_member *member)
{
	size_t length = strlen(member->name);

	if (length + 4 + NUMBER_ROOM > (size_t)(end - p))
		return NULL;
	p = put(PUT(p, ",\""), member->name, length);
	return put_value(PUT(p, "\":"), end, &member->value);
}

/* -------------------------------------------------------------------- lines */

static size_t
event_bound(const struct encoder *encoder, const struct event *event)
{
	size_t bound = sizeof encoder->event_prefix + sizeof encoder->stamp + sizeof encoder->unit
	    + 2 + value_bound(&event->value);

	for (unsigned int i = 0; i < event->member_count; i++)
		bound += strlen(event->members[i].name) + 4 + NUMBER_ROOM
		    + value_bound(&event->members[i].value);
	return bound;
}

size_t
encoder_bound(const struct encoder *encoder, const struct event *event)
{
	size_t bound = ENCODER_LINE_MIN;

	if (event->kind == EVENT_VALUE)
		bound = event_bound(encoder, event);
	else if (event->kind == EVENT_STATE && event->message != NULL)
		bound += sizeof ",\"message\":" + 2 + 6 * strlen(event->message);
	return bound < ENCODER_LINE_MIN ? ENCODER_LINE_MIN : bound;
}

/* What follows the value: a unit, members, and the end. */
static char *
put_behind_value(const struct encoder *encoder, const struct event *event, char *p, const char *end)
{
	if (encoder->unit_length + 2 > end - p)
		return NULL;
	p = put(p, encoder->unit, encoder->unit_length);
	for (unsigned int i = 0; i < event->member_count; i++) {
		p = put_member(p, end, &event->members[i]);
		if (p == NULL)
			return NULL;
	}
	return end - p >= 2 ? PUT(p, "}\n") : NULL;
}

static char *
put_event(struct encoder *encoder, const struct event *event, uint64_t seq, char *p,
    const char *end)
{
	if (seq != encoder->seq)
		encoder_set_seq(encoder, seq);
	memcpy(p, encoder->event_prefix, sizeof encoder->event_prefix);
	p += encoder->head_length;
	encoder_next_seq(encoder);
	if (end - p < (ptrdiff_t)sizeof encoder->stamp + NUMBER_ROOM)
		return NULL;
	memcpy(p, encoder->stamp, sizeof encoder->stamp);
	p = put_value(p + encoder->stamp_length, end, &event->value);
	return p != NULL ? put_behind_value(encoder, event, p, end) : NULL;
}

static char *
put_lost(char *p, uint64_t lost)
{
	p = PUT(p, ",\"lost\":");
	return lost == LOST_UNKNOWN ? PUT(p, "null") : number_unsigned(p, lost);
}

static char *
put_gap(const struct encoder *encoder, const struct event *event, uint64_t seq, char *p)
{
	p = number_unsigned(put(p, encoder->gap_prefix, encoder->gap_length), seq);
	p = PUT(put_lost(p, event->lost), ",\"stage\":");
	p = event->stage == GAP_KERNEL ? PUT(p, "\"kernel\"") : PUT(p, "\"source\"");
	p = put(p, encoder->stamp, encoder->time_length);
	return PUT(p, "}\n");
}

/* ,"cause":"ENODEV" */
static char *
put_cause(char *p, int error)
{
	const char *name = strerrorname_np(-error);

	p = PUT(p, ",\"cause\":\"");
	p = name != NULL ? put(p, name, strlen(name)) : number_unsigned(p, (uint64_t)-error);
	return PUT(p, "\"");
}

/* ,"message":"…", unless it does not fit: then nothing. */
static char *
put_message(char *p, const char *end, const char *message)
{
	char *behind = NULL;

	if (end - p > (ptrdiff_t)sizeof ",\"message\":")
		behind = encode_string(PUT(p, ",\"message\":"), end, message, strlen(message));
	return behind != NULL ? behind : p;
}

static char *
put_state(const struct encoder *encoder, const struct event *event, uint64_t seq, char *p,
    const char *end)
{
	const char *is = stream_state_name(event->is);

	p = put(p, encoder->state_prefix, encoder->state_length);
	p = number_unsigned(PUT(put(p, is, strlen(is)), "\",\"seq\":"), seq);
	if (event->error != 0)
		p = put_cause(p, event->error);
	if (event->message != NULL)
		p = put_message(p, end - RETRY_ROOM - sizeof encoder->stamp, event->message);
	if (event->retry_ns != 0)
		p = number_unsigned(PUT(p, ",\"retry_ms\":"), event->retry_ns / NSEC_PER_MSEC);
	p = put(p, encoder->stamp, encoder->time_length);
	return PUT(p, "}\n");
}

size_t
encoder_line(struct encoder *encoder, const struct event *event, uint64_t seq, char *out,
    size_t room)
{
	const char *end = out + room;
	char *p;

	encoder_stamp(encoder, &event->time);
	if (event->kind == EVENT_VALUE)
		p = put_event(encoder, event, seq, out, end);
	else if (event->kind == EVENT_GAP)
		p = put_gap(encoder, event, seq, out);
	else
		p = put_state(encoder, event, seq, out, end);
	return p != NULL ? (size_t)(p - out) : 0;
}

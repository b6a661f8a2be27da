#include "sinks/unix_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

void
unix_out_begin(struct unix_out *out, const struct unix_table *table, struct unix_slot *slot)
{
	struct unix_send *draft = unix_draft(slot);

	*out = (struct unix_out){
		.draft = draft,
		.ring = unix_slot_outbox(table, slot),
		.mask = table->shape.outbox - 1,
		.end = draft->head + table->shape.outbox,
		.at = draft->tail,
	};
}

void
unix_out_bytes(struct unix_out *out, const char *data, size_t length)
{
	uint64_t at = out->at & out->mask, until_wrap = out->mask + 1 - at;
	size_t first = length < until_wrap ? length : (size_t)until_wrap;

	if (out->full || length > out->end - out->at) {
		out->full = true;
		return;
	}
	memcpy(out->ring + at, data, first);
	memcpy(out->ring, data + first, length - first);
	out->at += length;
}

bool
unix_out_end_bytes(struct unix_out *out)
{
	if (out->full)
		return false;
	out->draft->tail = out->at;
	return true;
}

bool
unix_out_end(struct unix_out *out)
{
	unix_out_bytes(out, "\n", 1);
	return unix_out_end_bytes(out);
}

void
unix_out_text(struct unix_out *out, const char *text)
{
	unix_out_bytes(out, text, strlen(text));
}

void
unix_out_u64(struct unix_out *out, uint64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%" PRIu64, number);

	unix_out_bytes(out, digits, (size_t)length);
}

static void
out_escaped(struct unix_out *out, unsigned char byte)
{
	char escape[8];

	switch (byte) {
	case '"':
	case '\\':
		escape[0] = '\\';
		escape[1] = (char)byte;
		unix_out_bytes(out, escape, 2);
		break;
	case '\n':
		unix_out_bytes(out, "\\n", 2);
		break;
	case '\t':
		unix_out_bytes(out, "\\t", 2);
		break;
	default:
		snprintf(escape, sizeof escape, "\\u%04x", byte);
		unix_out_bytes(out, escape, 6);
	}
}

/* What is no UTF-8 (it was cut, say) becomes U+FFFD, byte by byte. */
void
unix_out_string(struct unix_out *out, const char *data, size_t length)
{
	unix_out_bytes(out, "\"", 1);
	while (length > 0) {
		size_t plain = utf8_valid_length(data, length), i = 0;

		while (i < plain && (unsigned char)data[i] >= ' ' && data[i] != '"'
		    && data[i] != '\\')
			i++;
		unix_out_bytes(out, data, i);
		if (i < plain)
			out_escaped(out, (unsigned char)data[i++]);
		else if (i < length) {
			unix_out_bytes(out, "\xef\xbf\xbd", 3);
			i++;
		}
		data += i;
		length -= i;
	}
	unix_out_bytes(out, "\"", 1);
}

void
unix_out_name(struct unix_out *out, const char *name)
{
	unix_out_bytes(out, "\"", 1);
	unix_out_text(out, name);
	unix_out_bytes(out, "\"", 1);
}

void
unix_out_string_or_null(struct unix_out *out, const char *text)
{
	if (text == NULL)
		unix_out_text(out, "null");
	else
		unix_out_string(out, text, strlen(text));
}

void
unix_out_time(struct unix_out *out, int64_t real_ns)
{
	time_t seconds = (time_t)(real_ns / (int64_t)NSEC_PER_SEC);
	char text[64], date[32];
	struct tm tm;

	if (real_ns <= 0 || gmtime_r(&seconds, &tm) == NULL) {
		unix_out_text(out, "null");
		return;
	}
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof text, "\"%s.%09dZ\"", date, (int)(real_ns % (int64_t)NSEC_PER_SEC));
	unix_out_text(out, text);
}

void
unix_out_id(struct unix_out *out, struct json_span id)
{
	if (id.length > 0) {
		unix_out_text(out, ",\"id\":");
		unix_out_bytes(out, id.text, id.length);
	}
	unix_out_text(out, "}");
}

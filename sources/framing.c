#include "sources/framing.h"

#include <string.h>

const char *const framing_names[] = { "lines", "ndjson", "chunks", NULL };

bool
framing_fits(const struct framing *framing)
{
	return framing->kind != FRAMING_CHUNKS
	    || (framing->chunk + 2) / 3 * 4 + FRAMING_OVERHEAD <= framing->max;
}

size_t
framing_whole(const struct framing *framing, const char *data, size_t scanned, size_t length)
{
	const char *last;

	if (framing->kind == FRAMING_CHUNKS)
		return length - length % framing->chunk;
	last = memrchr(data + scanned, '\n', length - scanned);
	return last != NULL ? (size_t)(last - data) + 1 : 0;
}

static void
frame_chunk(const struct framing *framing, const char *data, size_t length, struct frame *ret)
{
	if (length > framing->chunk)
		length = framing->chunk;
	ret->kind = FRAME_VALUE;
	ret->size = length;
	*ret->value = (struct json_value){ .kind = JSON_KIND_BASE64, .text = { data, length } };
}

/* The line's length without LF; ret->size with it. */
static size_t
frame_line_length(const char *data, size_t from, size_t length, struct frame *ret)
{
	const char *lf = memchr(data + from, '\n', length - from);

	if (lf != NULL)
		length = (size_t)(lf - data);
	ret->size = length + (lf != NULL);
	return length;
}

static void
frame_line(const char *data, size_t length, struct frame *ret)
{
	length = frame_line_length(data, 0, length, ret);
	if (length > 0 && data[length - 1] == '\r')
		length--;
	ret->kind = length > 0 ? FRAME_VALUE : FRAME_EMPTY;
	*ret->value = (struct json_value){ .kind = JSON_KIND_STRING, .text = { data, length } };
}

static void
frame_json(const char *data, size_t length, struct frame *ret)
{
	struct json_checked checked;

	ret->fault = json_check_line(data, length, &checked);
	if (ret->fault == JSON_FAULT_NONE) {
		ret->kind = FRAME_VALUE;
		ret->size = checked.stop + (checked.stop < length);
		*ret->value = (struct json_value){ .kind = JSON_KIND_TEXT,
			.text = { data + checked.begin, checked.end - checked.begin } };
		return;
	}
	(void)frame_line_length(data, checked.stop, length, ret);
	ret->fault_at = checked.stop;
	ret->kind = ret->fault == JSON_FAULT_EMPTY ? FRAME_EMPTY : FRAME_INVALID;
}

size_t
framing_skip(const struct framing *framing, const char *data, size_t length)
{
	const char *lf;

	if (framing->kind == FRAMING_CHUNKS)
		return length < framing->chunk ? length : framing->chunk;
	lf = memchr(data, '\n', length);
	return lf != NULL ? (size_t)(lf - data) + 1 : length;
}

void
framing_next(const struct framing *framing, const char *data, size_t length, struct frame *ret)
{
	if (framing->kind == FRAMING_CHUNKS) {
		frame_chunk(framing, data, length, ret);
		return;
	}
	if (framing->kind == FRAMING_NDJSON)
		frame_json(data, length, ret);
	else
		frame_line(data, length, ret);
	if (ret->size > framing->max)
		ret->kind = FRAME_TOO_LONG;
}

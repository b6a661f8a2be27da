#include "clients/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/command.h"

void *
memory_resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size);

	if (resized == NULL) {
		complain("out of memory");
		exit(EXIT_DAEMON_ERROR);
	}
	return resized;
}

char *
memory_string(const char *text, size_t length)
{
	char *copy = memory_resize(NULL, length + 1);

	if (length > 0)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *
buffer_reserve(struct buffer *buffer, size_t size)
{
	size_t wanted = buffer->length + size;

	if (wanted > buffer->size) {
		wanted += wanted / 2;
		buffer->data = memory_resize(buffer->data, wanted);
		buffer->size = wanted;
	}
	return buffer->data + buffer->length;
}

void
buffer_append(struct buffer *buffer, const char *bytes, size_t length)
{
	if (length == 0)
		return;
	memcpy(buffer_reserve(buffer, length), bytes, length);
	buffer->length += length;
}

void
buffer_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void
buffer_view(struct buffer *buffer, struct view view)
{
	buffer_append(buffer, view.text, view.length);
}

void
buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments, again;
	int length;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length > 0) {
		vsnprintf(buffer_reserve(buffer, (size_t)length + 1), (size_t)length + 1, format, again);
		buffer->length += (size_t)length;
	}
	va_end(again);
}

void
buffer_spaces(struct buffer *buffer, size_t count)
{
	if (count == 0)
		return;
	memset(buffer_reserve(buffer, count), ' ', count);
	buffer->length += count;
}

void
buffer_consume(struct buffer *buffer, size_t length)
{
	buffer->length -= length;
	if (buffer->length > 0)
		memmove(buffer->data, buffer->data + length, buffer->length);
}

void
buffer_string(struct buffer *buffer, const char *text)
{
	buffer_text(buffer, "\"");
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			buffer_format(buffer, "\\%c", byte);
		else if (byte < ' ')
			buffer_format(buffer, "\\u%04x", byte);
		else
			buffer_append(buffer, text, 1);
	}
	buffer_text(buffer, "\"");
}

void
buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer) { 0 };
}

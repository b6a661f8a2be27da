/* buffer.h - bytes that grow.  A zeroed buffer is empty and ready; out of memory ends the
 * program with a message, as a terminal tool may. */
#ifndef CLIENTS_BUFFER_H
#define CLIENTS_BUFFER_H

#include <stddef.h>

#include "clients/view.h"

struct buffer {
	char *data; /* no 0 behind it */
	size_t length, size;
};

void buffer_append(struct buffer *buffer, const char *bytes, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_view(struct buffer *buffer, struct view view);
__attribute__((format(printf, 2, 3))) void buffer_format(
	struct buffer *buffer, const char *format, ...);
void buffer_spaces(struct buffer *buffer, size_t count);

/* Room for `size` more bytes behind the end; whoever fills it raises `length`. */
char *buffer_reserve(struct buffer *buffer, size_t size);

/* Drops the first `length` bytes. */
void buffer_consume(struct buffer *buffer, size_t length);

/* A JSON string with its quotes.  What is no UTF-8 goes as it is: the daemon says so. */
void buffer_string(struct buffer *buffer, const char *text);

void buffer_free(struct buffer *buffer);

/* As realloc(), strndup() and calloc(), which never give NULL here. */
void *memory_resize(void *memory, size_t size);
char *memory_string(const char *text, size_t length);

#endif

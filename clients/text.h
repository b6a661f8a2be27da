/* text.h - text for a terminal: no byte that came from a producer may steer it. */
#ifndef CLIENTS_TEXT_H
#define CLIENTS_TEXT_H

#include <stddef.h>

#include "clients/buffer.h"
#include "clients/view.h"

/* Appends a JSON value for people: a string without its quotes and escapes, everything else as
 * it is written.  What would move the cursor, change the terminal's state or the direction of
 * writing (controls, C1, bidi overrides) appears as its \uXXXX. */
void text_show(struct buffer *buffer, struct view value);

/* The same, but a line's end in it ends a line. */
void text_show_lines(struct buffer *buffer, struct view value);

/* How many columns the bytes take on a terminal.  Colour sequences (ESC [ ... m) take none. */
size_t text_columns(const char *text, size_t length);

/* Appends whole lines, each cut between characters to `columns` with an ellipsis as the last. */
void text_append_fitting(struct buffer *buffer, const struct buffer *lines, size_t columns);

#endif

/* terminal.h - how wide stdout is and whether it shows colours. */
#ifndef CLIENTS_TERMINAL_H
#define CLIENTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "clients/buffer.h"
#include "clients/command.h"

enum ink {
	INK_DIM,
	INK_BOLD,
	INK_RED,
	INK_GREEN,
	INK_YELLOW,
	INK_NAME, /* and the five behind it: one for each stream */
	INK_NAME_LAST = INK_NAME + 5,
};

/* Columns of the terminal as it is now; SIZE_MAX where stdout is none.  $COLUMNS overrides. */
size_t terminal_columns(void);

/* --color, then $NO_COLOR (no-color.org), then whether stdout is a terminal that has colours. */
void terminal_use_colour(enum colour wish);

void ink_on(struct buffer *buffer, enum ink ink);
void ink_off(struct buffer *buffer);

/* The same stream has the same ink in every run. */
enum ink ink_of_name(struct view name);

#endif

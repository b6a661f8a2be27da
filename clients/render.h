/* render.h - an entry of a stream as one line of a terminal: time, name, what happened. */
#ifndef CLIENTS_RENDER_H
#define CLIENTS_RENDER_H

#include <stddef.h>

#include "clients/buffer.h"
#include "clients/message.h"

/* Names are padded to the longest one seen so far. */
struct render {
	size_t name_columns;
	char day[11]; /* the local date of the last line, "" at first */
};

/* So that the first lines stand in line already. */
void render_expect_name(struct render *render, struct view name);

/* Appends a line for an event, a gap or a state, cut to the terminal's width, and before it the
 * date when that is not today's, or has changed.  Nothing for other messages. */
void render_entry(struct render *render, struct buffer *buffer, const struct message *message);

/* An event object under a name, as get answers it; a null event is a dash. */
void render_event(
	struct render *render, struct buffer *buffer, struct view name, struct view event);

#endif

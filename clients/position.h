/* position.h - how far each stream has been read, so that a new connection goes on there. */
#ifndef CLIENTS_POSITION_H
#define CLIENTS_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/buffer.h"
#include "clients/message.h"

struct position {
	char *name, *epoch;      /* the epoch of `seq` */
	uint64_t seq;            /* the last entry that was seen, told as lost, or before the first */
	char *next_epoch;        /* NULL, or where the daemon stands: told by the gap that comes */
	uint64_t next_seq;
	bool ready, ended;       /* up to date; the last entry says the stream has ended */
};

/* Zeroed: empty. */
struct positions {
	struct position *all;
	size_t count;
	size_t recent;           /* where the last one looked for was */
};

/* Takes a subscribed, stream, gap, state or ready line into account. */
void positions_note(struct positions *positions, const struct message *message);

/* NULL if nothing was heard of it. */
struct position *positions_find(struct positions *positions, const char *name);

/* Sets a position by hand, as --after does. */
void positions_set(struct positions *positions, const char *name, const char *epoch, uint64_t seq);

/* A stream that is there no more. */
void positions_forget(struct positions *positions, struct view name);

/* True when there are streams and each is up to date and has ended. */
bool positions_ended(const struct positions *positions);

/* Appends {"NAME":{"epoch":"E","seq":N},...} of the positions from `first`, `count` of them. */
void positions_write(const struct positions *positions, size_t first, size_t count,
	struct buffer *request);

void positions_free(struct positions *positions);

#endif

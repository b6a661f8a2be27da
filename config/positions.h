/* positions.h - where each member and element of a JSON text stands, by its JSON pointer (jansson
 * tells positions of syntax errors only). */
#ifndef CONFIG_POSITIONS_H
#define CONFIG_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/pool.h"

struct position_node;

/* Zeroed: of no text. */
struct positions {
	const char *text;
	struct pool names;           /* of members written with escapes */
	struct position_node *nodes; /* the first is the whole value */
	uint32_t *buckets;
	uint32_t count, room, bucket_count;
};

/* Called for each member that repeats a name within its object: offsets of both names.  pointer:
 * of the member; valid within the call. */
typedef void (*positions_repeated)(void *context, const char *pointer, size_t first, size_t second);

/* Maps a text that json_check() has passed, and that outlives the map.  0 or -ENOMEM. */
int positions_map(struct positions *positions, const char *text, size_t length,
    positions_repeated repeated, void *context);
void positions_free(struct positions *positions);

struct position_found {
	size_t depth;                /* how many segments of the pointer are there; SIZE_MAX: all */
	/* offsets of the last of them; key: of its value if it has none */
	size_t key, value;
};

/* Goes as far along the pointer as the text does.  Where a name repeats, its last one counts. */
struct position_found positions_find(const struct positions *positions, const char *pointer);

#endif

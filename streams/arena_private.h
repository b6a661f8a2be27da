/* arena_private.h - the arena's layout, and what its files share:
 *	arena.c			its life, and extents taken and given back
 *	arena_directory.c	entries: found, made, made true, dropped, adopted
 *	arena_extent.c		mappings
 *	arena_space.c		which parts of the file are free
 *	arena_checksum.c	CRC-32C */
#ifndef STREAMS_ARENA_PRIVATE_H
#define STREAMS_ARENA_PRIVATE_H

#include "base/boot.h"
#include "streams/arena.h"

#define ARENA_MAGIC UINT64_C(0x616e656174697761)   /* "awaitena", as the bytes lie */
#define ARENA_ENTRIES 40960     /* a log and a bulk for each of 16k streams, and room for the rest */

struct arena_header {
	uint64_t magic;
	uint32_t version;
	uint32_t entry_size;
	uint64_t entries;
	uint64_t page;          /* the kernel's; extents begin on one */
	uint64_t directory;     /* offset */
	uint64_t space;         /* offset of where extents may lie */
	uint32_t reserved;
	uint32_t checksum;      /* of all before it */

	/* These two change, each by one store. */
	uint64_t used;          /* entries from here on were never used */
	uint64_t next_id;

	/* Which boot of the machine the arena is of; written once, before it is anybody's. */
	char boot[BOOT_ID_SIZE];
};

enum entry_state { ENTRY_FREE = 0, ENTRY_TRUE = 0x65757274 /* "true" */ };

struct arena_entry {
	uint64_t state;
	uint32_t kind;
	uint32_t checksum;      /* of kind, and of all behind it */
	uint64_t offset, size, id;
	char name[ARENA_NAME_MAX + 1];
	uint64_t reserved;
};

_Static_assert(sizeof(struct arena_entry) == 128, "two cache lines");

/* An entry as this process knows it. */
struct place {
	struct extent extent;   /* first: an extent's place is at its address */
	struct place *next;     /* of the same hash */
	uint64_t offset;
	uint8_t kind;
	bool taken;             /* by this process, at some time */
};

struct gap {
	uint64_t offset, size;
};

/* The free parts of the file, in order, none touching another; `end` is where it ends. */
struct space {
	struct gap *gaps;
	size_t count, allocated;
	uint64_t end;
};

struct arena {
	int fd;
	struct arena_header *header;
	struct arena_entry *entries;
	struct place **table;   /* by hash of kind and name */
	size_t table_size, place_count;
	uint32_t *free_entries; /* below header->used */
	size_t free_count, free_allocated;
	struct space space;
	size_t damaged;
};

/* --------------------------------------------------------------- directory */

struct place *directory_find(const struct arena *arena, enum extent_kind kind, const char *name);

/* Adds a place for an entry that is free or true.  0 or -ENOMEM. */
int directory_add(struct arena *arena, uint32_t entry, struct place **ret);

/* Takes it off the table and frees it; the entry is as it was. */
void directory_remove(struct arena *arena, struct place *place);

/* An unused entry, filled but not true yet.  0, -ENOSPC, -ENOMEM. */
int directory_prepare(struct arena *arena, enum extent_kind kind, const char *name,
    uint64_t offset, uint64_t size, struct place **ret);
void directory_commit(struct arena *arena, struct place *place);

/* Makes the entry free.  What the file holds there is the caller's to punch out. */
void directory_drop(struct arena *arena, uint32_t entry);

/* Places for all true entries that are in order; drops and counts the others. */
int directory_adopt(struct arena *arena);

static inline const char *
place_name(const struct arena *arena, const struct place *place)
{
	return arena->entries[place->extent.entry].name;
}

/* ------------------------------------------------------------------- space */

/* A free part of this size, or UINT64_MAX; then the file has to grow. */
uint64_t space_take(struct space *space, uint64_t size);

/* Without memory for its list it forgets: a successor finds it again. */
void space_give(struct space *space, uint64_t offset, uint64_t size);

/* ------------------------------------------------------------------ memory */

/* Maps `size` bytes of the file from `offset`, and behind them once more those from `mirror` to
 * the end (mirror == size: none).  0 or -errno. */
int memory_map(int fd, uint64_t offset, size_t size, size_t mirror, void **ret);
void memory_unmap(void *memory, size_t size, size_t mirror);

/* arena_checksum() without the processor's help, before and behind the inversions. */
uint32_t checksum_by_table(uint32_t crc, const unsigned char *data, size_t size);

#endif

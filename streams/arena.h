/* arena.h - the one memfd that holds all that must survive the process (memfd_create(2)): a header, a
 * directory, and extents.
 *
 * Layout, little-endian as the machine is, all offsets in bytes from the start:
 *	page 0			struct arena_header: magic, version, sizes, checksum
 *	directory		ARENA_ENTRIES fixed-size entries {kind, state, name, offset, size, id, checksum}
 *	extents			page-aligned; the file is sparse, a page that is never touched costs nothing
 * An entry becomes true by one 8-byte store of its state word after everything else in it has been
 * written; dropping it is one store too, after which its pages are punched out and used again.
 *
 * There is one writer thread.  The successor starts after the predecessor's death, so release stores
 * (no fences) are enough. */
#ifndef STREAMS_ARENA_H
#define STREAMS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_VERSION 1
#define ARENA_NAME_MAX 79

struct arena;

enum extent_kind {
	EXTENT_LOG = 1,        /* a stream's log; name: the stream's */
	EXTENT_SOURCE,         /* a source's bulk: received bytes, edges; name: the stream's */
	EXTENT_CONNECTIONS,    /* a sink's connection table; name: the sink's */
	EXTENT_CONFIG,         /* the last good config's text; name: "config" */
	EXTENT_STATE,          /* small things of the daemon's own; name: its purpose */
};

/* One extent as this process sees it.  `memory` is mapped once, or twice in a row when asked for
 * (then memory[i] and memory[i + size] are the same byte). */
struct extent {
	void *memory;
	size_t size;           /* a multiple of the page size */
	uint64_t id;           /* never used again within the arena */
	bool adopted;          /* it was there, with what a predecessor left in it */
	uint32_t entry;
	bool twice;
};

/* Makes a new arena.  0 or -errno. */
int arena_create(struct arena **ret);

/* Adopts a predecessor's.  Takes the fd over on success.  -EPROTONOSUPPORT: of another version;
 * -EBADMSG: damaged.  Damaged directory entries are dropped and counted, not fatal. */
int arena_adopt(int fd, struct arena **ret);

/* Unmaps and closes; the memory lives on in whoever holds the fd.  Takes NULL. */
void arena_free(struct arena *arena);

int arena_fd(const struct arena *arena);
size_t arena_damaged(const struct arena *arena);

/* The extent of this kind and name, adopted or new (zeroed).  An adopted one of another size is
 * given as it is: the caller looks at ->size, and drops and takes again to have another.  -ENOSPC: the
 * directory is full.  -ENOMEM.  Pages that the kernel writes counts into are to be locked by
 * extent_lock(). */
int arena_take(struct arena *arena, enum extent_kind kind, const char *name, size_t size, bool twice,
    struct extent **ret);

/* Gives the memory back to the system, now and for every successor.  Takes NULL. */
void arena_drop(struct arena *arena, struct extent *extent);

/* Unmaps, and leaves the extent to a successor.  Takes NULL. */
void extent_release(struct arena *arena, struct extent *extent);

/* mlock(2)s a range: a page that the kernel writes to must not fault.  -errno is for the log once. */
int extent_lock(const struct extent *extent, size_t offset, size_t size);

/* Gives the pages of a range back (they read as zero again). */
void extent_discard(const struct extent *extent, struct arena *arena, size_t offset, size_t size);

/* Extents that nobody took since adoption: streams that the config does not name any more. */
void arena_each_untaken(struct arena *arena,
    void (*each)(enum extent_kind kind, const char *name, void *context), void *context);
void arena_drop_untaken(struct arena *arena, enum extent_kind kind, const char *name);

/* CRC-32C (RFC 3720, B.4) of what must be recognised after a death. */
uint32_t arena_checksum(uint32_t seed, const void *data, size_t size);

#endif

/* arena.h - the one memfd that holds all that must survive the process (memfd_create(2)): a header,
 * a directory, and extents.
 *
 * Layout, little-endian as the machine is, all offsets in bytes from the start:
 *	page 0			struct arena_header: magic, version, sizes, checksum
 *	directory		ARENA_ENTRIES fixed-size entries {kind, state, name, offset, size, id, checksum}
 *	extents			page-aligned; the file is sparse, a page that is never touched costs nothing
 * An entry becomes true by one 8-byte store of its state word after everything else in it has been
 * written; dropping it is one store too, after which its pages are punched out and used again.
 *
 * There is one writer thread.  The successor starts after the predecessor's death, so release
 * stores (no fences) are enough. */
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
	EXTENT_LOG_PATHS,      /* in which file a stream's log lies; name: the stream's */
};

/* One extent as this process sees it.  `memory` is mapped once, or twice in a row when asked for
 * (then memory[i] and memory[i + size] are the same byte), or from `mirror` on once more behind its
 * end (memory[mirror + i] and memory[size + i] are the same byte).  The arena's: valid until it is
 * dropped, or the arena freed; `memory` is NULL once it is released. */
struct extent {
	void *memory;
	size_t size;           /* a multiple of the page size */
	size_t mirror;         /* 0: mapped twice; size: mapped once */
	uint64_t id;           /* never used again within the arena */
	uint32_t entry;
	bool adopted;          /* it was there, with what a predecessor left in it */
};

/* Makes a new arena.  0 or -errno. */
int arena_create(struct arena **ret);

/* Adopts a predecessor's.  Takes the fd over on success.  -EPROTONOSUPPORT: of another version;
 * -EBADMSG: damaged, or none.  Damaged directory entries are dropped and counted, not fatal. */
int arena_adopt(int fd, struct arena **ret);

/* Unmaps and closes; the memory lives on in whoever holds the fd.  Takes NULL. */
void arena_free(struct arena *arena);

int arena_fd(const struct arena *arena);
size_t arena_damaged(const struct arena *arena);

/* Which boot of the machine this is, ended by a NUL.  It is read once, as the arena is made,
 * when an fd more can be had: memory does not outlive a boot, so that whoever adopts it is of
 * the same one and need not ask the kernel, which would take an fd that may not be left.  Where
 * the kernel did not tell, it is a name of the arena's own, which no file of an earlier life
 * has. */
const char *arena_boot(const struct arena *arena);

/* The extent of this kind and name, adopted or new (zeroed); `size` is rounded up to whole pages.
 * An adopted one of another size is given as it is: the caller looks at ->size, and drops and takes
 * again to have another.  -ENOSPC: the directory is full.  -EBUSY: this process has it already.
 * -EINVAL: the name is too long.  -ENOMEM.  Pages that the kernel writes counts into are to be
 * locked by extent_lock(). */
int arena_take(struct arena *arena, enum extent_kind kind, const char *name, size_t size, bool twice,
    struct extent **ret);

/* Is there one? */
bool arena_has(const struct arena *arena, enum extent_kind kind, const char *name);

/* In two steps, for what must not be seen half filled: an extent that a successor will not find,
 * beside one of the same kind and name or none; and the store that puts it in `old`'s place (or
 * NULL) and drops that.  A death between the two leaves the old one. */
int arena_prepare(struct arena *arena, enum extent_kind kind, const char *name, size_t size,
    struct extent **ret);
void arena_replace(struct arena *arena, struct extent *old, struct extent *prepared);

/* Gives the memory back to the system, now and for every successor.  Takes NULL. */
void arena_drop(struct arena *arena, struct extent *extent);

/* Unmaps, and leaves the extent to a successor.  Takes NULL. */
void extent_release(struct arena *arena, struct extent *extent);

/* Maps it anew, with what lies from `mirror` (whole pages) on once more behind its end.  The memory
 * moves.  0 or -errno, and then it is as it was. */
int extent_mirror(const struct arena *arena, struct extent *extent, size_t mirror);

/* mlock(2)s a range: a page that the kernel writes to must not fault.  -errno is for the log
 * once. */
int extent_lock(const struct extent *extent, size_t offset, size_t size);

/* Gives the whole pages of a range back (they read as zero again). */
void extent_discard(const struct extent *extent, struct arena *arena, size_t offset, size_t size);

/* Extents that nobody took since adoption: streams that the config does not name any more.  `each`
 * may drop the one it is called for. */
void arena_each_untaken(struct arena *arena,
    void (*each)(enum extent_kind kind, const char *name, void *context), void *context);
void arena_drop_untaken(struct arena *arena, enum extent_kind kind, const char *name);

/* CRC-32C (RFC 3720, B.4) of what must be recognised after a death. */
uint32_t arena_checksum(uint32_t seed, const void *data, size_t size);

#endif

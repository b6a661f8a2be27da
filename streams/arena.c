/* arena.c - the arena's life, and extents taken and given back. */
#include "streams/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "streams/arena_private.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U   /* Linux 6.3 */
#endif

/* --------------------------------------------------------------------- layout */

static uint64_t
page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
whole_pages(uint64_t size)
{
	uint64_t page = page_size();

	return (size + page - 1) / page * page;
}

/* What the header of this version on this machine is. */
static struct arena_header
arena_layout(void)
{
	struct arena_header header = {
		.magic = ARENA_MAGIC,
		.version = ARENA_VERSION,
		.entry_size = sizeof(struct arena_entry),
		.entries = ARENA_ENTRIES,
		.page = page_size(),
		.directory = page_size(),
	};

	header.space = whole_pages(header.directory + header.entries * header.entry_size);
	header.checksum = arena_checksum(0, &header, offsetof(struct arena_header, checksum));
	return header;
}

/* The fd is the arena's only when this succeeds. */
static int
arena_new(int fd, struct arena **ret)
{
	const struct arena_header layout = arena_layout();
	struct arena *arena = calloc(1, sizeof *arena);
	void *memory;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	r = memory_map(fd, 0, layout.space, layout.space, &memory);
	if (r < 0) {
		free(arena);
		return r;
	}
	arena->fd = fd;
	arena->header = memory;
	arena->entries = (struct arena_entry *)((char *)memory + layout.directory);
	arena->space.end = layout.space;
	*ret = arena;
	return 0;
}

static int
arena_memfd(void)
{
	int fd = memfd_create("awaitd-arena", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("awaitd-arena", MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int
arena_create(struct arena **ret)
{
	struct arena_header layout = arena_layout();
	int fd, r = boot_id_read(layout.boot);      /* first: where it finds no fd, nor does this */

	if (r < 0)
		return r;
	fd = arena_memfd();
	if (fd < 0)
		return fd;
	r = ftruncate(fd, (off_t)layout.space) < 0 ? -errno : arena_new(fd, ret);
	if (r < 0) {
		close(fd);
		return r;
	}
	*(*ret)->header = layout;
	/* Above what an arena that was lost had come to: names in the fd store are made of these,
	 * and its own may still be there. */
	(*ret)->header->next_id = clock_mono_ns();
	return 0;
}

/* ------------------------------------------------------------------- adoption */

/* Before anything of it is mapped: reading behind a file's end would be a SIGBUS. */
static int
arena_check(int fd, uint64_t *ret_size)
{
	const struct arena_header layout = arena_layout();
	struct arena_header header;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size < sizeof header)
		return -EBADMSG;
	if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header
	    || header.magic != ARENA_MAGIC)
		return -EBADMSG;
	if (header.version != ARENA_VERSION || header.page != layout.page)
		return -EPROTONOSUPPORT;
	if (memcmp(&header, &layout, offsetof(struct arena_header, used)) != 0
	    || (uint64_t)st.st_size < layout.space)
		return -EBADMSG;
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

static int
place_compare(const void *a, const void *b)
{
	const struct place *const *first = a, *const *second = b;

	return ((*first)->offset > (*second)->offset) - ((*first)->offset < (*second)->offset);
}

static void
arena_punch(const struct arena *arena, uint64_t offset, uint64_t size)
{
	(void)fallocate(arena->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
	    (off_t)size);
}

/* What lies between the extents is free, and given back; of two that overlap one is damaged. */
static void
arena_find_space(struct arena *arena, struct place **places, size_t count)
{
	uint64_t end = arena->header->space;

	for (size_t i = 0; i < count; i++) {
		struct place *place = places[i];
		uint32_t number = place->extent.entry;

		if (place->offset < end) {
			arena->damaged++;
			directory_remove(arena, place);
			directory_drop(arena, number);
			continue;
		}
		if (place->offset > end) {
			arena_punch(arena, end, place->offset - end);
			space_give(&arena->space, end, place->offset - end);
		}
		end = place->offset + place->extent.size;
	}
	arena->space.end = end;
}

static int
arena_adopt_space(struct arena *arena)
{
	struct place **places = calloc(arena->place_count + 1, sizeof(struct place *)), *place;
	size_t count = 0;

	if (places == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < arena->table_size; i++)
		for (place = arena->table[i]; place != NULL; place = place->next)
			places[count++] = place;
	qsort(places, count, sizeof(struct place *), place_compare);
	arena_find_space(arena, places, count);
	free(places);
	return ftruncate(arena->fd, (off_t)arena->space.end) < 0 ? -errno : 0;
}

static void
arena_forget(struct arena *arena)
{
	struct place *place;

	for (size_t i = 0; i < arena->table_size; i++) {
		while ((place = arena->table[i]) != NULL) {
			arena->table[i] = place->next;
			extent_release(arena, &place->extent);
			free(place);
		}
	}
	free(arena->table);
	free(arena->free_entries);
	free(arena->space.gaps);
	memory_unmap(arena->header, arena_layout().space, arena_layout().space);
	free(arena);
}

/* An older version's arena does not say it, and in this one it may be damaged. */
static int
arena_adopt_boot(struct arena *arena)
{
	char *boot = arena->header->boot;

	boot[BOOT_ID_SIZE - 1] = '\0';
	return boot_id_valid(boot) ? 0 : boot_id_read(boot);
}

int
arena_adopt(int fd, struct arena **ret)
{
	struct arena *arena;
	uint64_t size;
	int r = arena_check(fd, &size);

	if (r < 0)
		return r;
	r = arena_new(fd, &arena);
	if (r < 0)
		return r;
	arena->space.end = size;
	r = arena_adopt_boot(arena);
	if (r == 0)
		r = directory_adopt(arena);
	if (r == 0)
		r = arena_adopt_space(arena);
	if (r < 0) {
		arena_forget(arena);
		return r;
	}
	*ret = arena;
	return 0;
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	close(arena->fd);
	arena_forget(arena);
}

int
arena_fd(const struct arena *arena)
{
	return arena->fd;
}

size_t
arena_damaged(const struct arena *arena)
{
	return arena->damaged;
}

const char *
arena_boot(const struct arena *arena)
{
	return arena->header->boot;
}

/* -------------------------------------------------------------------- extents */

/* A part of the file that reads as zero. */
static int
arena_allocate(struct arena *arena, uint64_t size, uint64_t *ret)
{
	uint64_t offset = space_take(&arena->space, size);

	if (offset != UINT64_MAX) {
		arena_punch(arena, offset, size);
		*ret = offset;
		return 0;
	}
	offset = arena->space.end;
	if (size > (uint64_t)INT64_MAX - offset)
		return -ENOMEM;
	if (ftruncate(arena->fd, (off_t)(offset + size)) < 0)
		return -errno;
	arena->space.end += size;
	*ret = offset;
	return 0;
}

static int
place_map(struct arena *arena, struct place *place, size_t mirror)
{
	int r = memory_map(arena->fd, place->offset, place->extent.size, mirror,
	    &place->extent.memory);

	if (r < 0)
		return r;
	place->extent.mirror = mirror;
	place->taken = true;
	return 0;
}

static int
arena_make(struct arena *arena, enum extent_kind kind, const char *name, size_t size, bool twice,
    struct place **ret)
{
	uint64_t whole = whole_pages(size), offset = 0;
	struct place *place;
	int r;

	if (size == 0 || strlen(name) > ARENA_NAME_MAX)
		return -EINVAL;
	r = arena_allocate(arena, whole, &offset);
	if (r < 0)
		return r;
	r = directory_prepare(arena, kind, name, offset, whole, &place);
	if (r < 0) {
		space_give(&arena->space, offset, whole);
		return r;
	}
	r = place_map(arena, place, twice ? 0 : whole);
	if (r < 0) {
		arena_drop(arena, &place->extent);
		return r;
	}
	*ret = place;
	return 0;
}

int
arena_take(struct arena *arena, enum extent_kind kind, const char *name, size_t size, bool twice,
    struct extent **ret)
{
	struct place *place = directory_find(arena, kind, name);
	int r;

	if (place != NULL) {
		if (place->extent.memory != NULL)
			return -EBUSY;
		r = place_map(arena, place, twice ? 0 : place->extent.size);
	} else {
		r = arena_make(arena, kind, name, size, twice, &place);
		if (r == 0)
			directory_commit(arena, place);
	}
	if (r == 0)
		*ret = &place->extent;
	return r;
}

bool
arena_has(const struct arena *arena, enum extent_kind kind, const char *name)
{
	return directory_find(arena, kind, name) != NULL;
}

int
arena_prepare(struct arena *arena, enum extent_kind kind, const char *name, size_t size,
    struct extent **ret)
{
	struct place *place;
	int r = arena_make(arena, kind, name, size, false, &place);

	if (r == 0)
		*ret = &place->extent;
	return r;
}

void
arena_replace(struct arena *arena, struct extent *old, struct extent *prepared)
{
	directory_commit(arena, (struct place *)prepared);
	arena_drop(arena, old);
}

void
arena_drop(struct arena *arena, struct extent *extent)
{
	struct place *place = (struct place *)extent;
	uint64_t offset, size;
	uint32_t number;

	if (extent == NULL)
		return;
	offset = place->offset;
	size = extent->size;
	number = extent->entry;
	extent_release(arena, extent);
	directory_remove(arena, place);
	directory_drop(arena, number);
	arena_punch(arena, offset, size);
	space_give(&arena->space, offset, size);
}

/* -------------------------------------------------------------------- untaken */

void
arena_each_untaken(struct arena *arena,
    void (*each)(enum extent_kind kind, const char *name, void *context), void *context)
{
	struct place *place, *next;

	for (size_t i = 0; i < arena->table_size; i++) {
		for (place = arena->table[i]; place != NULL; place = next) {
			next = place->next;
			if (!place->taken)
				each(place->kind, place_name(arena, place), context);
		}
	}
}

void
arena_drop_untaken(struct arena *arena, enum extent_kind kind, const char *name)
{
	struct place *place = directory_find(arena, kind, name);

	if (place != NULL && !place->taken)
		arena_drop(arena, &place->extent);
}

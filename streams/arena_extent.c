/* Mappings of an extent: once, twice, or its end twice. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "streams/arena_private.h"

static int
map_at(char *at, int fd, uint64_t offset, size_t size)
{
	if (size == 0)
		return 0;
	if (mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)offset)
	    == MAP_FAILED)
		return -errno;
	return 0;
}

int
memory_map(int fd, uint64_t offset, size_t size, size_t mirror, void **ret)
{
	size_t whole = size + (size - mirror);
	char *memory;
	int r;

	/* A reservation first, so that the two neighbours find their place. */
	memory = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	r = map_at(memory, fd, offset, size);
	if (r == 0)
		r = map_at(memory + size, fd, offset + mirror, size - mirror);
	if (r < 0) {
		munmap(memory, whole);
		return r;
	}
	*ret = memory;
	return 0;
}

void
memory_unmap(void *memory, size_t size, size_t mirror)
{
	if (memory != NULL)
		munmap(memory, size + (size - mirror));
}

int
extent_mirror(const struct arena *arena, struct extent *extent, size_t mirror)
{
	const struct place *place = (const struct place *)extent;
	void *memory;
	int r = memory_map(arena->fd, place->offset, extent->size, mirror, &memory);

	if (r < 0)
		return r;
	memory_unmap(extent->memory, extent->size, extent->mirror);
	extent->memory = memory;
	extent->mirror = mirror;
	return 0;
}

void
extent_release(struct arena *arena, struct extent *extent)
{
	(void)arena;
	if (extent == NULL)
		return;
	memory_unmap(extent->memory, extent->size, extent->mirror);
	extent->memory = NULL;
}

int
extent_lock(const struct extent *extent, size_t offset, size_t size)
{
	return mlock((char *)extent->memory + offset, size) < 0 ? -errno : 0;
}

void
extent_discard(const struct extent *extent, struct arena *arena, size_t offset, size_t size)
{
	const struct place *place = (const struct place *)extent;
	size_t page = arena->header->page;
	size_t begin = (offset + page - 1) / page * page, end = (offset + size) / page * page;

	if (begin < end)
		(void)fallocate(arena->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)(place->offset + begin), (off_t)(end - begin));
}

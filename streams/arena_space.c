/* Which parts of the arena's file are free: first fit. */
#include <stdlib.h>
#include <string.h>

#include "streams/arena_private.h"

static void
gap_remove(struct space *space, size_t i)
{
	space->count--;
	memmove(&space->gaps[i], &space->gaps[i + 1], (space->count - i) * sizeof *space->gaps);
}

static bool
gap_insert(struct space *space, size_t i, uint64_t offset, uint64_t size)
{
	if (space->count == space->allocated) {
		size_t more = space->allocated * 2 + 16;
		struct gap *gaps = reallocarray(space->gaps, more, sizeof *gaps);

		if (gaps == NULL)
			return false;
		space->gaps = gaps;
		space->allocated = more;
	}
	memmove(&space->gaps[i + 1], &space->gaps[i], (space->count - i) * sizeof *space->gaps);
	space->gaps[i] = (struct gap){ .offset = offset, .size = size };
	space->count++;
	return true;
}

uint64_t
space_take(struct space *space, uint64_t size)
{
	for (size_t i = 0; i < space->count; i++) {
		struct gap *gap = &space->gaps[i];
		uint64_t offset = gap->offset;

		if (gap->size < size)
			continue;
		gap->offset += size;
		gap->size -= size;
		if (gap->size == 0)
			gap_remove(space, i);
		return offset;
	}
	return UINT64_MAX;
}

/* The first gap behind `offset`. */
static size_t
gap_behind(const struct space *space, uint64_t offset)
{
	size_t low = 0, high = space->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (space->gaps[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
space_give(struct space *space, uint64_t offset, uint64_t size)
{
	size_t i = gap_behind(space, offset);
	struct gap *before = i > 0 ? &space->gaps[i - 1] : NULL;
	struct gap *behind = i < space->count ? &space->gaps[i] : NULL;
	bool touches_before = before != NULL && before->offset + before->size == offset;
	bool touches_behind = behind != NULL && offset + size == behind->offset;

	if (touches_before && touches_behind) {
		before->size += size + behind->size;
		gap_remove(space, i);
	} else if (touches_before) {
		before->size += size;
	} else if (touches_behind) {
		behind->offset = offset;
		behind->size += size;
	} else {
		(void)gap_insert(space, i, offset, size);
	}
}

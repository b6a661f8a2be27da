#include "async/registry.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

struct entry {
	void *object;
	uint32_t *slot;
};

static struct entry *entries;
static uint32_t count, capacity;

static int
registry_grow(void)
{
	uint32_t larger = capacity == 0 ? 16 : capacity * 2;
	struct entry *moved = realloc(entries, larger * sizeof *entries);

	if (moved == NULL)
		return -ENOMEM;
	entries = moved;
	capacity = larger;
	return 0;
}

int
registry_add(void *object, uint32_t *slot)
{
	if (count == capacity) {
		int r = registry_grow();

		if (r < 0)
			return r;
	}
	*slot = count;
	entries[count++] = (struct entry){ .object = object, .slot = slot };
	return 0;
}

void
registry_remove(uint32_t *slot)
{
	entries[*slot] = entries[--count];
	*entries[*slot].slot = *slot;
	if (count > 0)
		return;
	free(entries);
	entries = NULL;
	capacity = 0;
}

void
registry_each(void (*each)(void *object, void *context), void *context)
{
	for (uint32_t i = 0; i < count; i++)
		each(entries[i].object, context);
}

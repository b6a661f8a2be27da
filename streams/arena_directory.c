/* The arena's directory.  An entry is filled while its state is `free`, and becomes true, and free
 * again, by one store of the state. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "streams/arena_private.h"

/* ------------------------------------------------------------- places by name */

static size_t
name_hash(unsigned int kind, const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ kind;   /* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32);
}

static struct place **
place_chain(const struct arena *arena, unsigned int kind, const char *name)
{
	return &arena->table[name_hash(kind, name) & (arena->table_size - 1)];
}

struct place *
directory_find(const struct arena *arena, enum extent_kind kind, const char *name)
{
	struct place *place;

	if (arena->table_size == 0)
		return NULL;
	for (place = *place_chain(arena, kind, name); place != NULL; place = place->next)
		if (place->kind == kind && strcmp(place_name(arena, place), name) == 0)
			return place;
	return NULL;
}

static bool
directory_grow(struct arena *arena)
{
	struct place **old = arena->table, *place;
	size_t old_size = arena->table_size;
	size_t size = old_size == 0 ? 64 : old_size * 2;

	arena->table = calloc(size, sizeof *arena->table);
	if (arena->table == NULL) {
		arena->table = old;
		return false;
	}
	arena->table_size = size;
	for (size_t i = 0; i < old_size; i++) {
		while ((place = old[i]) != NULL) {
			struct place **chain
			    = place_chain(arena, place->kind, place_name(arena, place));

			old[i] = place->next;
			place->next = *chain;
			*chain = place;
		}
	}
	free(old);
	return true;
}

int
directory_add(struct arena *arena, uint32_t number, struct place **ret)
{
	const struct arena_entry *entry = &arena->entries[number];
	struct place *place = calloc(1, sizeof *place), **chain;

	if (place == NULL
	    || (arena->place_count >= arena->table_size && !directory_grow(arena))) {
		free(place);
		return -ENOMEM;
	}
	place->extent.size = place->extent.mirror = entry->size;
	place->extent.id = entry->id;
	place->extent.entry = number;
	place->extent.adopted = entry->state == ENTRY_TRUE;
	place->offset = entry->offset;
	place->kind = (uint8_t)entry->kind;
	chain = place_chain(arena, entry->kind, entry->name);
	place->next = *chain;
	*chain = place;
	arena->place_count++;
	*ret = place;
	return 0;
}

void
directory_remove(struct arena *arena, struct place *place)
{
	struct place **link = place_chain(arena, place->kind, place_name(arena, place));

	while (*link != place)
		link = &(*link)->next;
	*link = place->next;
	arena->place_count--;
	free(place);
}

/* ------------------------------------------------------------------- entries */

static uint32_t
entry_checksum(const struct arena_entry *entry)
{
	uint32_t sum = arena_checksum(0, &entry->kind, sizeof entry->kind);
	size_t behind = offsetof(struct arena_entry, offset);

	return arena_checksum(sum, (const char *)entry + behind, sizeof *entry - behind);
}

static void
entry_remember_free(struct arena *arena, uint32_t number)
{
	if (arena->free_count == arena->free_allocated) {
		size_t more = arena->free_allocated * 2 + 16;
		uint32_t *entries = reallocarray(arena->free_entries, more, sizeof *entries);

		if (entries == NULL)
			return;         /* a successor finds it again */
		arena->free_entries = entries;
		arena->free_allocated = more;
	}
	arena->free_entries[arena->free_count++] = number;
}

static int
entry_find_free(struct arena *arena, uint32_t *ret)
{
	if (arena->free_count > 0) {
		*ret = arena->free_entries[--arena->free_count];
		return 0;
	}
	if (arena->header->used >= ARENA_ENTRIES)
		return -ENOSPC;
	*ret = (uint32_t)arena->header->used;
	__atomic_store_n(&arena->header->used, arena->header->used + 1, __ATOMIC_RELEASE);
	return 0;
}

int
directory_prepare(struct arena *arena, enum extent_kind kind, const char *name, uint64_t offset,
    uint64_t size, struct place **ret)
{
	struct arena_entry *entry;
	uint32_t number = 0;
	int r = entry_find_free(arena, &number);

	if (r < 0)
		return r;
	entry = &arena->entries[number];
	*entry = (struct arena_entry){
		.kind = kind,
		.offset = offset,
		.size = size,
		.id = arena->header->next_id,
	};
	memcpy(entry->name, name, strlen(name));
	entry->checksum = entry_checksum(entry);
	__atomic_store_n(&arena->header->next_id, entry->id + 1, __ATOMIC_RELEASE);
	r = directory_add(arena, number, ret);
	if (r < 0)
		entry_remember_free(arena, number);
	return r;
}

void
directory_commit(struct arena *arena, struct place *place)
{
	__atomic_store_n(
	    &arena->entries[place->extent.entry].state, ENTRY_TRUE, __ATOMIC_RELEASE);
}

void
directory_drop(struct arena *arena, uint32_t number)
{
	__atomic_store_n(&arena->entries[number].state, ENTRY_FREE, __ATOMIC_RELEASE);
	entry_remember_free(arena, number);
}

/* ------------------------------------------------------------------ adoption */

static bool
entry_valid(const struct arena *arena, const struct arena_entry *entry)
{
	uint64_t page = arena->header->page, end = arena->space.end;

	return entry->state == ENTRY_TRUE && entry->checksum == entry_checksum(entry)
	    && entry->kind != 0 && entry->kind <= UINT8_MAX && entry->name[0] != '\0'
	    && entry->name[ARENA_NAME_MAX] == '\0' && entry->offset % page == 0
	    && entry->size % page == 0 && entry->size > 0
	    && entry->offset >= arena->header->space && entry->offset <= end
	    && entry->size <= end - entry->offset;
}

static void
directory_forget(struct arena *arena, struct place *place)
{
	uint32_t number = place->extent.entry;

	directory_remove(arena, place);
	directory_drop(arena, number);
}

/* Two of one name: the death came between the two stores of arena_replace(). */
static int
directory_adopt_entry(struct arena *arena, uint32_t number)
{
	const struct arena_entry *entry = &arena->entries[number];
	struct place *twin;

	if (entry->id >= arena->header->next_id)
		arena->header->next_id = entry->id + 1;
	twin = directory_find(arena, entry->kind, entry->name);
	if (twin != NULL && twin->extent.id > entry->id) {
		directory_drop(arena, number);
		return 0;
	}
	if (twin != NULL)
		directory_forget(arena, twin);
	return directory_add(arena, number, &twin);
}

int
directory_adopt(struct arena *arena)
{
	if (arena->header->used > ARENA_ENTRIES)
		arena->header->used = ARENA_ENTRIES;
	for (uint32_t i = 0; i < arena->header->used; i++) {
		int r = 0;

		if (entry_valid(arena, &arena->entries[i])) {
			r = directory_adopt_entry(arena, i);
		} else {
			arena->damaged += arena->entries[i].state != ENTRY_FREE;
			directory_drop(arena, i);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

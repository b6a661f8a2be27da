/* All streams, an array sorted by name: looked up by halving, walked in order. */
#include <stdlib.h>
#include <string.h>

#include "streams/stream_private.h"

#define NAME_MAX_LENGTH 64
#define PATTERN_MAX_LENGTH 256

static struct {
	struct stream **items;
	size_t count, size;
	size_t walked;                   /* where a walk was last */
	struct streams_watch *watches;
} table;

/* As strcmp(), with a name that is not ended by a NUL. */
static int
name_compare(const char *name, size_t length, const char *other)
{
	int r = strncmp(name, other, length);

	return r != 0 ? r : other[length] == '\0' ? 0 : -1;
}

/* Where the name is, or would be. */
static size_t
table_index(const char *name, size_t length)
{
	size_t low = 0, high = table.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (name_compare(name, length, stream_name(table.items[middle])) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct stream *
stream_find(const char *name, size_t length)
{
	size_t i = table_index(name, length);

	if (i == table.count || name_compare(name, length, stream_name(table.items[i])) != 0)
		return NULL;
	return table.items[i];
}

struct stream *
streams_first(void)
{
	return table.count > 0 ? table.items[0] : NULL;
}

struct stream *
streams_next(const struct stream *stream)
{
	const char *name = stream_name(stream);
	size_t i = table.walked;

	if (i >= table.count || table.items[i] != stream)
		i = table_index(name, strlen(name));
	table.walked = ++i;
	return i < table.count ? table.items[i] : NULL;
}

size_t
streams_count(void)
{
	return table.count;
}

static int
table_grow(void)
{
	size_t size = table.size > 0 ? 2 * table.size : 16;
	struct stream **items = reallocarray(table.items, size, sizeof *items);

	if (items == NULL)
		return -ENOMEM;
	table.items = items;
	table.size = size;
	return 0;
}

int
table_insert(struct stream *stream)
{
	const char *name = stream_name(stream);
	size_t i = table_index(name, strlen(name));

	if (table.count == table.size && table_grow() < 0)
		return -ENOMEM;
	memmove(table.items + i + 1, table.items + i, (table.count - i) * sizeof *table.items);
	table.items[i] = stream;
	table.count++;
	return 0;
}

void
table_remove(struct stream *stream)
{
	const char *name = stream_name(stream);
	size_t i = table_index(name, strlen(name));

	table.count--;
	memmove(table.items + i, table.items + i + 1, (table.count - i) * sizeof *table.items);
	if (table.count > 0)
		return;
	free(table.items);
	table.items = NULL;
	table.size = 0;
}

/* ------------------------------------------------------------------ patterns */

bool
stream_pattern_is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

static bool
is_of(const char *text, const char *more)
{
	for (; *text != '\0'; text++)
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= 'A' && *text <= 'Z')
		    && !(*text >= '0' && *text <= '9') && strchr(more, *text) == NULL)
			return false;
	return true;
}

bool
stream_pattern_valid(const char *pattern)
{
	size_t length = strlen(pattern);

	if (stream_pattern_is_glob(pattern))
		return length <= PATTERN_MAX_LENGTH && is_of(pattern, "._-*?[]!^:\\");
	return length > 0 && length <= NAME_MAX_LENGTH && is_of(pattern, "._-")
	    && strchr("._-", pattern[0]) == NULL;
}

/* ------------------------------------------------------------------- watches */

void
streams_watch(struct streams_watch *watch)
{
	watch->next = table.watches;
	watch->link = &table.watches;
	if (watch->next != NULL)
		watch->next->link = &watch->next;
	table.watches = watch;
}

void
streams_unwatch(struct streams_watch *watch)
{
	*watch->link = watch->next;
	if (watch->next != NULL)
		watch->next->link = watch->link;
}

void
table_tell_added(struct stream *stream)
{
	struct streams_watch *watch, *next;

	for (watch = table.watches; watch != NULL; watch = next) {
		next = watch->next;
		watch->added(watch, stream);
	}
}

void
table_tell_removed(struct stream *stream)
{
	struct streams_watch *watch, *next;

	for (watch = table.watches; watch != NULL; watch = next) {
		next = watch->next;
		watch->removed(watch, stream);
	}
}

void
table_tell_changed(struct stream *stream)
{
	struct streams_watch *watch, *next;

	for (watch = table.watches; watch != NULL; watch = next) {
		next = watch->next;
		if (watch->changed != NULL)
			watch->changed(watch, stream);
	}
}

/* In which file a log lies: written down in the arena, since a successor's config may name another.
 *
 * One extent a log says one path; or two, while the log moves from the first to the second: it
 * is in the first that is there.  It is written before there is a file, and each time replaced
 * whole by the one store of arena_replace(): so it is true at each moment, wherever a move was
 * cut short and however often.  A log in the arena needs none, and where both are there the
 * arena counts. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "streams/log_private.h"

struct log_paths {
	uint32_t checksum;         /* of what the text's length says */
	uint32_t length;
	char text[];               /* each path is ended by a NUL */
};

static bool
paths_valid(const struct extent *extent)
{
	const struct log_paths *paths = extent->memory;

	return paths->length > 0 && paths->length <= extent->size - sizeof *paths
	    && paths->text[paths->length - 1] == '\0'
	    && paths->checksum == arena_checksum(paths->length, paths->text, paths->length);
}

/* Mapped; NULL: there is none. */
static int
paths_take(struct arena *arena, const char *name, struct extent **ret)
{
	*ret = NULL;
	return arena_has(arena, EXTENT_LOG_PATHS, name)
	    ? arena_take(arena, EXTENT_LOG_PATHS, name, 1, false, ret)
	    : 0;
}

int
paths_each(struct arena *arena, const char *name,
    int (*each)(const char *path, void *context), void *context)
{
	const struct log_paths *paths;
	struct extent *extent;
	int r = paths_take(arena, name, &extent);

	if (r < 0 || extent == NULL)
		return r < 0 ? r : -ENOENT;
	r = -ENOENT;
	paths = extent->memory;
	for (size_t at = 0; r < 0 && paths_valid(extent) && at < paths->length;
	     at += strlen(paths->text + at) + 1)
		r = each(paths->text + at, context);
	extent_release(arena, extent);
	return r;
}

static bool
paths_say(const struct extent *extent, const char *text, size_t length)
{
	const struct log_paths *paths = extent->memory;

	return paths_valid(extent) && paths->length == length
	    && memcmp(paths->text, text, length) == 0;
}

static int
paths_write(struct arena *arena, const char *name, const char *text, size_t length)
{
	struct extent *old, *fresh;
	struct log_paths *paths;
	int r = paths_take(arena, name, &old);

	if (r < 0)
		return r;
	if (old == NULL || !paths_say(old, text, length)) {
		r = arena_prepare(arena, EXTENT_LOG_PATHS, name, sizeof *paths + length, &fresh);
		if (r == 0) {
			paths = fresh->memory;
			paths->length = (uint32_t)length;
			memcpy(paths->text, text, length);
			paths->checksum = arena_checksum(paths->length, text, length);
			arena_replace(arena, old, fresh);
			old = fresh;
		}
	}
	extent_release(arena, old);
	return r;
}

int
paths_set(struct arena *arena, const char *name, const char *from, const char *to)
{
	char text[2 * PATH_MAX];
	size_t first = from != NULL && strcmp(from, to) != 0 ? strlen(from) + 1 : 0;
	size_t second = strlen(to) + 1;

	if (first > PATH_MAX || second > PATH_MAX)
		return -ENAMETOOLONG;
	if (first > 0)
		memcpy(text, from, first);
	memcpy(text + first, to, second);
	return paths_write(arena, name, text, first + second);
}

void
paths_drop(struct arena *arena, const char *name)
{
	struct extent *extent;

	if (paths_take(arena, name, &extent) == 0)
		arena_drop(arena, extent);
}

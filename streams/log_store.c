/* Where a log lies: in an extent of the arena, or in a file of its own.  A new one is prepared
 * beside the old one and takes its place by one step: a store in the directory, or rename(2).  A
 * file that stands under its path is whole, therefore. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "streams/arena_private.h"
#include "streams/log_private.h"

/* --------------------------------------------------------------------- files */

static int
file_open(const char *path, int flags, int *ret)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600), r = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EEXIST;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret = fd;
	return 0;
}

static char *
file_prepared_path(const char *path)
{
	char *prepared;

	return asprintf(&prepared, "%s.new", path) < 0 ? NULL : prepared;
}

/* Nobody's file is taken for a log, since a damaged log is removed. */
static int
file_find(struct log_store *store, const char *name, const char *path)
{
	struct log_header header = { .magic = 0 };
	struct stat st;
	int r = file_open(path, 0, &store->fd);

	if (r < 0)
		return r;
	if (pread(store->fd, &header, sizeof header, 0) < (ssize_t)sizeof header.magic
	    || header.magic != LOG_MAGIC || log_header_of_another(&header, name)
	    || fstat(store->fd, &st) < 0)
		r = -EEXIST;
	else if ((store->path = strdup(path)) == NULL)
		r = -ENOMEM;
	if (r < 0) {
		close(store->fd);
		return r;
	}
	store->size = store->mirror = (uint64_t)st.st_size;
	return 0;
}

static void
file_close(struct log_store *store)
{
	memory_unmap(store->memory, store->size, store->mirror);
	close(store->fd);
	free(store->path);
}

int
store_may_stand(const struct log_store *store, const char *name, const char *path)
{
	struct log_store there = { .arena = store->arena };
	int r;

	if (path == NULL || store_is_in(store, path))
		return 0;
	r = file_find(&there, name, path);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	file_close(&there);
	return 0;
}

/* All of its blocks at once: a write into a mapped hole of a full disk would be a SIGBUS. */
static int
file_prepare(struct log_store *store, const char *path, uint64_t size)
{
	char *prepared = file_prepared_path(path);
	int r = prepared == NULL ? -ENOMEM : file_open(prepared, O_CREAT, &store->fd);

	if (r == 0) {
		store->path = strdup(path);
		r = store->path == NULL ? -ENOMEM : ftruncate(store->fd, 0) < 0 ? -errno : 0;
		if (r == 0)
			r = -posix_fallocate(store->fd, 0, (off_t)size);
		if (r < 0) {
			unlink(prepared);
			close(store->fd);
			free(store->path);
			store->path = NULL;
		}
	}
	free(prepared);
	store->size = store->mirror = size;
	return r;
}

/* It is on the disk before it has the name: else a power cut may leave an empty file under it, which
 * would be nobody's. */
static int
file_replace(const struct log_store *store)
{
	char *prepared = file_prepared_path(store->path);
	int r = prepared == NULL ? -ENOMEM : 0;

	if (r == 0 && (fsync(store->fd) < 0 || rename(prepared, store->path) < 0))
		r = -errno;
	free(prepared);
	return r;
}

/* Both names: whichever of them it has. */
static void
file_remove(const struct log_store *store)
{
	char *prepared = file_prepared_path(store->path);
	struct stat ours, named;

	if (fstat(store->fd, &ours) == 0 && stat(store->path, &named) == 0
	    && ours.st_dev == named.st_dev && ours.st_ino == named.st_ino)
		unlink(store->path);
	else if (prepared != NULL)
		unlink(prepared);
	free(prepared);
}

/* --------------------------------------------------------------------- stores */

static void
store_in_extent(struct log_store *store, struct extent *extent)
{
	store->extent = extent;
	store->memory = extent->memory;
	store->size = store->mirror = extent->size;
}

int
store_find(struct log_store *store, struct arena *arena, const char *name,
    const struct log_options *options)
{
	struct extent *extent = NULL;
	int r;

	*store = (struct log_store){ .arena = arena };
	if (!arena_has(arena, EXTENT_LOG, name)) {
		for (size_t i = 0; i < 2; i++)
			if (options->former_paths[i] != NULL
			    && file_find(store, name, options->former_paths[i]) == 0)
				return 0;
		return options->path != NULL ? file_find(store, name, options->path) : -ENOENT;
	}
	r = arena_take(arena, EXTENT_LOG, name, 1, false, &extent);
	if (r == 0)
		store_in_extent(store, extent);
	return r;
}

int
store_prepare(struct log_store *store, struct arena *arena, const char *name, const char *path,
    uint64_t size)
{
	struct extent *extent = NULL;
	int r;

	*store = (struct log_store){ .arena = arena };
	if (path != NULL)
		return file_prepare(store, path, size);
	r = arena_prepare(arena, EXTENT_LOG, name, size, &extent);
	if (r == 0)
		store_in_extent(store, extent);
	return r;
}

/* Killed between the two steps of a move from one kind to the other, both are there, and alike: the
 * successor takes the one in the arena, and moves it again. */
int
store_replace(struct log_store *old, struct log_store *prepared)
{
	struct extent *extent = old != NULL ? old->extent : NULL;
	int r = 0;

	if (prepared->path != NULL)
		r = file_replace(prepared);
	else
		arena_replace(prepared->arena, extent, prepared->extent);
	if (r < 0 || old == NULL)
		return r;
	if (old->path != NULL) {
		if (!store_is_in(prepared, old->path))
			file_remove(old);
		file_close(old);
	} else if (prepared->path != NULL) {
		arena_drop(old->arena, extent);
	}
	return 0;
}

int
store_map(struct log_store *store, uint64_t mirror)
{
	void *memory;
	int r;

	if (store->extent != NULL) {
		r = extent_mirror(store->arena, store->extent, mirror);
		store->memory = store->extent->memory;
	} else {
		r = memory_map(store->fd, 0, store->size, mirror, &memory);
		if (r == 0) {
			memory_unmap(store->memory, store->size, store->mirror);
			store->memory = memory;
		}
	}
	if (r == 0)
		store->mirror = mirror;
	return r;
}

void
store_release(struct log_store *store)
{
	if (store->path != NULL)
		file_close(store);
	else
		extent_release(store->arena, store->extent);
}

void
store_drop(struct log_store *store)
{
	if (store->path != NULL) {
		file_remove(store);
		file_close(store);
	} else {
		arena_drop(store->arena, store->extent);
	}
}

bool
store_is_in(const struct log_store *store, const char *path)
{
	if (store->path == NULL || path == NULL)
		return store->path == path;
	return strcmp(store->path, path) == 0;
}

int
store_sync(const struct log_store *store)
{
	if (store->path == NULL)
		return 0;
	return msync(store->memory, store->size, MS_SYNC) < 0 ? -errno : 0;
}

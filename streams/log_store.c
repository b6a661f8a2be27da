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
file_find(const char *path, void *context)
{
	struct log_store *store = context;
	struct log_header header = { .magic = 0 };
	struct stat st;
	int r = file_open(path, 0, &store->fd);

	if (r < 0)
		return r;
	if (pread(store->fd, &header, sizeof header, 0) < (ssize_t)sizeof header.magic
	    || header.magic != LOG_MAGIC || log_header_of_another(&header, store->name)
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
	struct log_store there = { .arena = store->arena, .name = name };
	int r;

	if (path == NULL || store_is_in(store, path))
		return 0;
	r = file_find(path, &there);
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

/* It is on the disk before it has the name: else a power cut may leave an empty file under it,
 * which would be nobody's. */
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
store_find(struct log_store *store, struct arena *arena, const char *name, const char *path)
{
	struct extent *extent = NULL;
	int r;

	*store = (struct log_store){ .arena = arena, .name = name };
	if (!arena_has(arena, EXTENT_LOG, name)) {
		r = paths_each(arena, name, file_find, store);
		if (r < 0)
			r = path != NULL ? file_find(path, store) : -ENOENT;
		return r;
	}
	r = arena_take(arena, EXTENT_LOG, name, 1, false, &extent);
	if (r == 0)
		store_in_extent(store, extent);
	return r;
}

int
store_prepare(struct log_store *store, struct arena *arena, const char *name, const char *from,
    const char *path, uint64_t size)
{
	struct extent *extent = NULL;
	int r;

	*store = (struct log_store){ .arena = arena, .name = name };
	if (path != NULL) {
		r = paths_set(arena, name, from, path);
		return r < 0 ? r : file_prepare(store, path, size);
	}
	r = arena_prepare(arena, EXTENT_LOG, name, size, &extent);
	if (r == 0)
		store_in_extent(store, extent);
	return r;
}

/* If that cannot be done now, what is written down is true all the same: it is in the arena, or in
 * the first file that is there; and it does not move before this can be done. */
void
store_write_down(const struct log_store *store)
{
	if (store->path != NULL)
		(void)paths_set(store->arena, store->name, NULL, store->path);
	else
		paths_drop(store->arena, store->name);
}

struct remains {
	const struct log_store *of;
	const char *epoch;
};

static int
remains_remove(const char *path, void *context)
{
	const struct remains *remains = context;
	struct log_store copy = { .name = remains->of->name };
	char *prepared = file_prepared_path(path), epoch[EPOCH_LENGTH];
	int fd;

	if (!store_is_in(remains->of, path) && file_find(path, &copy) == 0) {
		if (pread(copy.fd, epoch, sizeof epoch, offsetof(struct log_header, epoch))
		        == (ssize_t)sizeof epoch
		    && memcmp(epoch, remains->epoch, sizeof epoch) == 0)
			unlink(path);
		file_close(&copy);
	}
	if (prepared != NULL && file_open(prepared, 0, &fd) == 0) {
		unlink(prepared);
		close(fd);
	}
	free(prepared);
	return -ENOENT;
}

void
store_settle(const struct log_store *store, const char *epoch)
{
	struct remains remains = { store, epoch };

	(void)paths_each(store->arena, store->name, remains_remove, &remains);
	store_write_down(store);
}

/* Killed between the two steps of a move, both are there, and alike: the successor takes the one in
 * the arena, or else the old one, and moves it again. */
int
store_replace(struct log_store *old, struct log_store *prepared)
{
	struct extent *extent = old != NULL ? old->extent : NULL;
	int r = 0;

	if (prepared->path != NULL)
		r = file_replace(prepared);
	else
		arena_replace(prepared->arena, extent, prepared->extent);
	if (r < 0)
		return r;
	if (old != NULL && old->path != NULL) {
		if (!store_is_in(prepared, old->path))
			file_remove(old);
		file_close(old);
	} else if (old != NULL && prepared->path != NULL) {
		arena_drop(old->arena, extent);
	}
	store_write_down(prepared);
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

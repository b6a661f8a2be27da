/* What a stream's source leaves to a successor, beside the log: fds in the store, named
 * s<hash>-<key>-<time>, and its bulk in the arena.
 *
 * The hash is of the stream's name: not the log's epoch, since a log may be lost, and who was connected
 * to its source is then to be told, as soon as there is another.  The time is
 * CLOCK_MONOTONIC at the storing: within a boot, which no stored fd outlives, no two are the same,
 * and of two of one key the later counts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdstore.h"
#include "streams/stream_private.h"
#include "streams/stream_source.h"

#define KEY_MAX 31
#define HASH_LENGTH 16
#define NAME_LENGTH (1 + HASH_LENGTH + 1 + KEY_MAX + 1 + 16)

struct stream_fd {
	struct stream_fd *next;
	int fd;                          /* not taken yet; -1: it is, or it is of this process */
	bool stored;                     /* in the manager's store */
	char key[KEY_MAX + 1];
	char name[NAME_LENGTH + 1];
};

static void
fd_close(struct stream_fd *stored)
{
	if (stored->fd >= 0)
		close(stored->fd);
	stored->fd = -1;
}

/* Takes what **link names out of the list, and out of the store: the manager closes its duplicate
 * when it comes to it, but a peer sees the end and an address is free at once. */
static void
fd_forget(struct stream_fd **link, bool drop)
{
	struct stream_fd *stored = *link;

	*link = stored->next;
	if (drop && stored->fd >= 0)
		(void)shutdown(stored->fd, SHUT_RDWR);
	if (drop)
		fdstore_remove(stored->name);
	fd_close(stored);
	free(stored);
}

static struct stream_fd **
fd_find(struct stream *stream, const char *key)
{
	struct stream_fd **link;

	for (link = &stream->fds; *link != NULL; link = &(*link)->next)
		if (strcmp((*link)->key, key) == 0)
			return link;
	return NULL;
}

/* ------------------------------------------------------------------ adopting */

struct adoption {
	struct stream *stream;
	char prefix[HASH_LENGTH + 3];
	int error;
};

static void
fd_prefix(struct stream *stream, char prefix[HASH_LENGTH + 3])
{
	uint64_t hash = UINT64_C(14695981039346656037);   /* FNV-1a */

	for (const char *name = stream_name(stream); *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	snprintf(prefix, HASH_LENGTH + 3, "s%016" PRIx64 "-", hash);
}

/* The key between the prefix and the last dash; false: it is not one of ours. */
static bool
fd_parse_key(const char *name, const char *prefix, char key[KEY_MAX + 1])
{
	const char *begin = name + strlen(prefix), *end = strrchr(name, '-');
	size_t length;

	if (strncmp(name, prefix, strlen(prefix)) != 0 || end <= begin)
		return false;
	length = (size_t)(end - begin);
	if (length > KEY_MAX || strlen(name) > NAME_LENGTH)
		return false;
	memcpy(key, begin, length);
	key[length] = '\0';
	return true;
}

static uint64_t
fd_time(const char *name)
{
	return strtoull(strrchr(name, '-') + 1, NULL, 16);
}

/* The death came before the older one was removed from the store. */
static bool
fd_is_older(struct stream *stream, const char *name, const char *key)
{
	struct stream_fd **twin = fd_find(stream, key);

	if (twin == NULL)
		return false;
	if (fd_time((*twin)->name) > fd_time(name))
		return true;
	fd_forget(twin, true);
	return false;
}

static void
fd_adopt(const char *name, int fd, void *context)
{
	struct adoption *adoption = context;
	struct stream_fd *stored;
	char key[KEY_MAX + 1];

	(void)fd;
	if (!fd_parse_key(name, adoption->prefix, key)
	    || fd_is_older(adoption->stream, name, key))
		return;
	stored = calloc(1, sizeof *stored);
	if (stored == NULL) {
		adoption->error = -ENOMEM;
		return;
	}
	strcpy(stored->key, key);
	snprintf(stored->name, sizeof stored->name, "%s", name);
	stored->fd = fdstore_take(stored->name);
	stored->stored = true;
	stored->next = adoption->stream->fds;
	adoption->stream->fds = stored;
}

static bool
stream_lost_its_log(const struct stream *stream)
{
	return log_new_epoch(stream->log) && log_chain(stream->log) == 0;
}

/* Of a log that was lost nobody knows for which source they were opened: they stay where they are,
 * to be found for what they are. */
int
stream_fds_adopt(struct stream *stream)
{
	struct adoption adoption = { .stream = stream };

	stream->lost_fds = stream_lost_its_log(stream);
	if (stream->lost_fds)
		return 0;
	fd_prefix(stream, adoption.prefix);
	fdstore_each(fd_adopt, &adoption);
	return adoption.error;
}

static void
fd_drop_lost(const char *name, int fd, void *context)
{
	const char *prefix = context;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return;
	(void)shutdown(fd, SHUT_RDWR);
	fd = fdstore_take(name);
	fdstore_remove(name);
	close(fd);
}

void
stream_fds_drop_untaken(struct stream *stream)
{
	struct stream_fd **link = &stream->fds;
	char prefix[HASH_LENGTH + 3];

	if (stream->lost_fds) {
		fd_prefix(stream, prefix);
		fdstore_each(fd_drop_lost, prefix);
		stream->lost_fds = false;
	}
	while (*link != NULL)
		if ((*link)->fd >= 0)
			fd_forget(link, true);
		else
			link = &(*link)->next;
}

/* ------------------------------------------------------- what the source asks for */

int
stream_fd_take(struct stream *stream, const char *key)
{
	struct stream_fd **link = fd_find(stream, key);
	int fd;

	if (link == NULL)
		return -1;
	fd = (*link)->fd;
	(*link)->fd = -1;
	return fd;
}

struct search {
	bool (*is_it)(int fd, const void *context);
	const void *context;
	char name[NAME_LENGTH + 1];      /* found, or "" */
};

static void
fd_search(const char *name, int fd, void *context)
{
	struct search *search = context;

	if (search->name[0] == '\0' && name[0] == 's' && strlen(name) <= NAME_LENGTH
	    && search->is_it(fd, search->context))
		strcpy(search->name, name);
}

/* It stays in the store under its old name: systemd knows a fd by what it is and would not take it
 * under another one, too. */
int
stream_fd_find(struct stream *stream, const char *key,
    bool (*is_it)(int fd, const void *context), const void *context)
{
	struct search search = { .is_it = is_it, .context = context };
	struct stream_fd *stored;

	fdstore_each(fd_search, &search);
	if (search.name[0] == '\0')
		return -1;
	stored = calloc(1, sizeof *stored);
	if (stored == NULL)
		return -1;
	stored->fd = -1;
	stored->stored = true;
	strcpy(stored->name, search.name);
	snprintf(stored->key, sizeof stored->key, "%s", key);
	stored->next = stream->fds;
	stream->fds = stored;
	return fdstore_take(stored->name);
}

static struct stream_fd *
fd_new(struct stream *stream, const char *key)
{
	struct stream_fd *stored = calloc(1, sizeof *stored);
	char prefix[HASH_LENGTH + 3];

	if (stored == NULL)
		return NULL;
	fd_prefix(stream, prefix);
	stored->fd = -1;
	snprintf(stored->key, sizeof stored->key, "%s", key);
	snprintf(stored->name, sizeof stored->name, "%s%s-%" PRIx64, prefix, key, clock_mono_ns());
	return stored;
}

int
stream_fd_keep(struct stream *stream, const char *key, int fd)
{
	struct stream_fd *stored;
	struct stream_fd **old;
	int r;

	if (!fdstore_present())
		return 0;
	stored = fd_new(stream, key);
	if (stored == NULL)
		return -ENOMEM;
	r = fdstore_push(stored->name, fd);
	if (r < 0) {
		free(stored);
		return r;
	}
	stored->stored = true;
	old = fd_find(stream, key);
	if (old != NULL)
		fd_forget(old, true);
	stored->next = stream->fds;
	stream->fds = stored;
	return 0;
}

void
stream_fd_drop(struct stream *stream, const char *key)
{
	struct stream_fd **link = fd_find(stream, key);

	if (link != NULL)
		fd_forget(link, true);
}

bool
stream_fd_is_kept(struct stream *stream, const char *key)
{
	struct stream_fd **link = fd_find(stream, key);

	return link != NULL && (*link)->stored;
}

void
stream_fd_leave(struct stream *stream, const char *key, int fd)
{
	struct stream_fd **link = fd_find(stream, key), *left;

	if (!stream->renewing) {
		close(fd);
		return;
	}
	left = link != NULL ? *link : fd_new(stream, key);
	if (left == NULL) {
		close(fd);
		return;
	}
	left->fd = fd;
	if (link != NULL)
		return;
	left->next = stream->fds;
	stream->fds = left;
}

/* ----------------------------------------------------------------------- bulk */

int
stream_bulk_left(struct stream *stream, struct extent **ret)
{
	int r = 0;

	if (stream->bulk == NULL && arena_has(stream->arena, EXTENT_SOURCE, stream_name(stream)))
		r = arena_take(stream->arena, EXTENT_SOURCE, stream_name(stream), 1, false,
		    &stream->bulk);
	if (r == 0)
		*ret = stream->bulk;
	return r;
}

int
stream_bulk_prepare(struct stream *stream, size_t size, struct extent **ret)
{
	return arena_prepare(stream->arena, EXTENT_SOURCE, stream_name(stream), size, ret);
}

void
stream_bulk_replace(struct stream *stream, struct extent *prepared)
{
	arena_replace(stream->arena, stream->bulk, prepared);
	stream->bulk = prepared;
}

int
stream_bulk(struct stream *stream, size_t size, struct extent **ret)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int r;

	size = (size + page - 1) / page * page;
	if (stream->bulk == NULL) {
		r = arena_take(stream->arena, EXTENT_SOURCE, stream_name(stream), size, false,
		    &stream->bulk);
		if (r < 0)
			return r;
	}
	if (stream->bulk->size != size) {
		arena_drop(stream->arena, stream->bulk);
		stream->bulk = NULL;
		r = arena_take(stream->arena, EXTENT_SOURCE, stream_name(stream), size, false,
		    &stream->bulk);
		if (r < 0)
			return r;
	}
	*ret = stream->bulk;
	return 0;
}

void
stream_settle(struct stream *stream, const struct position *position)
{
	const struct position committed = log_position(stream->log);

	stream_leave(stream);
	if (memcmp(&committed, position, sizeof committed) == 0
	    && memcmp(log_kept(stream->log), stream->committed, stream->kept_size) == 0)
		return;
	log_commit(stream->log, position);
	chain_committed(stream);
}

struct position
stream_position(const struct stream *stream)
{
	return log_position(stream->log);
}

bool
stream_handing_over(const struct stream *stream)
{
	return stream->renewing || (stream->handing_over && fdstore_present());
}

size_t
stream_max_line(const struct stream *stream)
{
	size_t max = stream->options.log.max_line;

	return max > 0 ? max : MAX_LINE_DEFAULT;
}

/* ------------------------------------------------------------------- the end */

void
stream_fds_drop(struct stream *stream)
{
	while (stream->fds != NULL)
		fd_forget(&stream->fds, true);
	if (stream->bulk != NULL)
		arena_drop(stream->arena, stream->bulk);
	else
		arena_drop_untaken(stream->arena, EXTENT_SOURCE, stream_name(stream));
	stream->bulk = NULL;
}

void
stream_fds_release(struct stream *stream)
{
	while (stream->fds != NULL)
		fd_forget(&stream->fds, false);
	extent_release(stream->arena, stream->bulk);
	stream->bulk = NULL;
}

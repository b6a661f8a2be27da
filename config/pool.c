#include "config/pool.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 1000u

struct pool_chunk {
	struct pool_chunk *next;
	alignas(max_align_t) char bytes[];
};

static int
pool_grow(struct pool *pool, size_t size)
{
	size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
	struct pool_chunk *chunk = calloc(1, sizeof *chunk + room);

	if (chunk == NULL)
		return -1;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	pool->used = 0;
	pool->size = room;
	return 0;
}

void *
pool_alloc(struct pool *pool, size_t size)
{
	const size_t align = alignof(max_align_t);
	void *ret;

	size = (size + align - 1) / align * align;
	if ((pool->chunks == NULL || pool->size - pool->used < size) && pool_grow(pool, size) < 0)
		return NULL;
	ret = pool->chunks->bytes + pool->used;
	pool->used += size;
	return ret;
}

char *
pool_text(struct pool *pool, const char *bytes, size_t length)
{
	char *ret = pool_alloc(pool, length + 1);

	if (ret != NULL)
		memcpy(ret, bytes, length);
	return ret;
}

char *
pool_vprintf(struct pool *pool, const char *format, va_list args)
{
	va_list again;
	char *ret;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return NULL;
	ret = pool_alloc(pool, (size_t)length + 1);
	if (ret != NULL)
		vsnprintf(ret, (size_t)length + 1, format, args);
	return ret;
}

char *
pool_printf(struct pool *pool, const char *format, ...)
{
	va_list args;
	char *ret;

	va_start(args, format);
	ret = pool_vprintf(pool, format, args);
	va_end(args);
	return ret;
}

void
pool_free(struct pool *pool)
{
	struct pool_chunk *chunk = pool->chunks, *next;

	for (; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	*pool = (struct pool){ 0 };
}

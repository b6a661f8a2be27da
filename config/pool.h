/* pool.h - memory that is freed at once: what belongs to one stream, one sink, or one list of
 * errors. */
#ifndef CONFIG_POOL_H
#define CONFIG_POOL_H

#include <stdarg.h>
#include <stddef.h>

struct pool_chunk;

/* Zeroed: an empty one. */
struct pool {
	struct pool_chunk *chunks;
	size_t used, size;           /* of the newest chunk */
};

/* Zeroed bytes for any type; a size of 0 is fine.  NULL: no memory. */
void *pool_alloc(struct pool *pool, size_t size);

/* A copy with a NUL behind it.  NULL: no memory. */
char *pool_text(struct pool *pool, const char *bytes, size_t length);

char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *pool_vprintf(struct pool *pool, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Frees all of it; the pool is then empty. */
void pool_free(struct pool *pool);

#endif

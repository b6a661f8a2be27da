/* memory.h - the daemon's arena: adopted from the fd store, or made and stored; and the last good
 * config in it. */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "streams/arena.h"

/* What a predecessor left under "arena"; NULL: nothing, or nothing that this version understands,
 * which is said, and taken out of the store.  Takes it over: a second call gives NULL. */
struct arena *memory_adopt(void);

/* A new one, and stores it; while the manager has no room for it that is tried again.  The loop is
 * open.  0 or -errno. */
int memory_create(struct arena **ret);

/* Stops trying, and frees the arena.  Takes NULL. */
void memory_close(struct arena *arena);

#define CONFIG_TEXT_MAX (size_t)(4u << 20)

/* Keeps the config's text for a successor.  It is true from one store on: a death at any moment
 * leaves the former text or this one.  0; -EFBIG: longer than CONFIG_TEXT_MAX; or -errno. */
int memory_keep_config(struct arena *arena, const char *text, size_t length);

/* The text that was kept last, which the caller frees, ended by a NUL; NULL: none that is whole. */
char *memory_kept_config(struct arena *arena, size_t *ret_length);

#endif

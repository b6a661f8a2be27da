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

/* Writes down which config is about to be applied: from the first change on, a part of what there
 * is may lie where only this one says.  The one that was kept stays kept; it is itself no
 * intention, which would hide the one of a start behind it.  0; -EFBIG: longer than
 * CONFIG_TEXT_MAX; or -errno: nothing is intended. */
int memory_intend_config(struct arena *arena, const char *text, size_t length);

/* It is applied: what was intended is kept for a successor.  It is true from one store on: a death
 * at any moment leaves the former text or this one.  Without an intention nothing changes. */
int memory_keep_config(struct arena *arena);

/* The text that was kept last, or the one that was intended and not kept; the caller frees it.  It
 * is ended by a NUL.  NULL: none that is whole. */
char *memory_kept_config(struct arena *arena, size_t *ret_length);
char *memory_intended_config(struct arena *arena, size_t *ret_length);

#endif

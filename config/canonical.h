/* canonical.h - what was configured as one text: the same for the same meaning ("1s" and
 * "1000ms", a default written out or not), another for another.  For comparing, and for hashing
 * across restarts. */
#ifndef CONFIG_CANONICAL_H
#define CONFIG_CANONICAL_H

#include "config/fill.h"

/* Texts in fill->pool; NULL: no memory.  without_limits: of what says which source it is, and not
 * how much it may take (struct option's `limit`). */
const char *canonical_typed_text(const struct fill *fill, enum config_table table,
    const struct option_typed *typed, bool without_limits);
const char *canonical_typed_list_text(const struct fill *fill, enum config_table table,
    const struct option_typed_list *list);

/* FNV-1a, 64 bits. */
uint64_t canonical_hash(uint64_t hash, const char *text);
#define CANONICAL_HASH_BEGIN UINT64_C(0xcbf29ce484222325)

#endif

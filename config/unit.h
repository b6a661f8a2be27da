/* unit.h - the units that a stream may have: the SenML registries (RFC 8428, 12.1; RFC 8798;
 * iana.org/assignments/senml). */
#ifndef CONFIG_UNIT_H
#define CONFIG_UNIT_H

#include <stdbool.h>

/* All of them, ended by NULL. */
extern const char *const unit_names[];

bool unit_known(const char *name);

/* What the registry writes for a unit that people write otherwise, or what is nearest; NULL:
 * nothing. */
const char *unit_suggest(const char *wrong);

#endif

/* registry.h - the generators that live, for whoever debugs: an array of pointers, in which each
 * object remembers its slot, so that leaving it is one swap. */
#ifndef ASYNC_REGISTRY_H
#define ASYNC_REGISTRY_H

#include <stdint.h>

/* 0 or -ENOMEM.  `slot` lies in the object and is kept up to date. */
int registry_add(void *object, uint32_t *slot);
void registry_remove(uint32_t *slot);
void registry_each(void (*each)(void *object, void *context), void *context);

#endif

/* keep.h - the memory of one run of a program: all of it is given back at its end, the youngest
 * first.  No memory: the tool ends with a message. */
#ifndef TRACE_KEEP_H
#define TRACE_KEEP_H

#include <stddef.h>

/* Zeroed. */
void *keep_alloc(size_t size);

/* The caller's object, given to `release` at the end. */
void keep(void *object, void (*release)(void *object));

void keep_release_all(void);

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

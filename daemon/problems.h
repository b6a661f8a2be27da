/* problems.h - what went wrong while a config was applied, a line each: for the journal, and for
 * who asked for the reload. */
#ifndef DAEMON_PROBLEMS_H
#define DAEMON_PROBLEMS_H

#include <stddef.h>

/* Zeroed is empty. */
struct problems {
	char *text;                  /* lines, each with its LF; NULL: none, or no memory */
	size_t length;
	size_t count;
};

void problems_add(struct problems *problems, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whole lines. */
void problems_add_text(struct problems *problems, const char *text);

/* Empties it. */
void problems_free(struct problems *problems);

#endif

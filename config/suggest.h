/* suggest.h - "did you mean": the known name that is nearest to a wrong one. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stddef.h>

/* How many letters have to be put in, left out, changed or swapped with their neighbour to make
 * one out of the other (Damerau-Levenshtein, each place touched once); case counts nothing. */
size_t suggest_distance(const char *a, const char *b);

struct suggestion {
	const char *wrong;
	const char *best;            /* NULL: nothing is near enough */
	size_t distance;
};

struct suggestion suggestion_begin(const char *wrong);
void suggestion_try(struct suggestion *suggestion, const char *known);

#endif

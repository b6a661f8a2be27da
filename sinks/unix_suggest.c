/* "Did you mean": the nearest name by edit distance, adjacent letters swapped counting once
 * (restricted Damerau-Levenshtein). */
#include "sinks/unix_request.h"

#include <string.h>

#define LENGTH_MAX 16u

static unsigned int
least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int
distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned int d[LENGTH_MAX + 1][LENGTH_MAX + 1];

	for (unsigned int i = 0; i <= a_length; i++)
		d[i][0] = i;
	for (unsigned int j = 0; j <= b_length; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a_length; i++)
		for (size_t j = 1; j <= b_length; j++) {
			unsigned int cost = a[i - 1] != b[j - 1];

			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
			    d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a_length][b_length];
}

const char *
unix_suggest(const char *const *names, const char *text, size_t length)
{
	const char *best = NULL;
	unsigned int best_distance = 3;

	if (length == 0 || length > LENGTH_MAX)
		return NULL;
	for (; *names != NULL; names++) {
		size_t name_length = strlen(*names);
		unsigned int d = name_length > LENGTH_MAX ? 3
		    : distance(*names, name_length, text, length);

		if (d < best_distance && d < name_length) {
			best = *names;
			best_distance = d;
		}
	}
	return best;
}

#include "config/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LENGTH_MAX 64

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static bool
same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* One row of the table: distances of the first i letters of a to all beginnings of b. */
static void
distance_row(const char *a, size_t i, const char *b, size_t b_length,
    size_t rows[3][LENGTH_MAX + 1])
{
	size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];

	row[0] = i;
	for (size_t j = 1; j <= b_length; j++) {
		row[j] = min3(above[j] + 1, row[j - 1] + 1,
		    above[j - 1] + !same(a[i - 1], b[j - 1]));
		if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) &&
		    higher[j - 2] + 1 < row[j])
			row[j] = higher[j - 2] + 1;
	}
}

size_t
suggest_distance(const char *a, const char *b)
{
	size_t rows[3][LENGTH_MAX + 1];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > LENGTH_MAX || b_length > LENGTH_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++)
		distance_row(a, i, b, b_length, rows);
	return rows[a_length % 3][b_length];
}

struct suggestion
suggestion_begin(const char *wrong)
{
	return (struct suggestion){ .wrong = wrong, .distance = SIZE_MAX };
}

/* Near enough is a third of the longer one's letters, so that "to" is not taken for "op". */
void
suggestion_try(struct suggestion *suggestion, const char *known)
{
	size_t distance = suggest_distance(suggestion->wrong, known);
	size_t a = strlen(suggestion->wrong), b = strlen(known);

	if (distance >= suggestion->distance || distance > ((a > b ? a : b) + 2) / 3)
		return;
	if (distance == (a > b ? a : b))   /* nothing in common */
		return;
	suggestion->best = known;
	suggestion->distance = distance;
}

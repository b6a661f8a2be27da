#include "clients/duration.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct unit {
	const char *name;
	double ns;
} units[] = {
	{ "", 1e9 },
	{ "ns", 1 },
	{ "us", 1e3 },
	{ "ms", 1e6 },
	{ "s", 1e9 },
	{ "m", 60e9 },
	{ "h", 3600e9 },
	{ "d", 86400e9 },
};

int
duration_parse(const char *text, uint64_t *ret_ns)
{
	char *end;
	double number;

	/* strtod() takes signs, spaces, hex and "inf" too. */
	if (!isdigit((unsigned char)text[0]) || strpbrk(text, "xXpPeE") != NULL)
		return -EINVAL;
	number = strtod(text, &end);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (number * units[i].ns > 1e18)
			return -EINVAL;
		*ret_ns = (uint64_t)(number * units[i].ns);
		return 0;
	}
	return -EINVAL;
}

const char *
duration_text(uint64_t ns, char text[static 32])
{
	if (ns < 1000000)
		snprintf(text, 32, "%.3g us", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(text, 32, "%.3g ms", (double)ns / 1e6);
	else
		snprintf(text, 32, "%.1f s", (double)ns / 1e9);
	return text;
}

uint64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t
deadline_after(uint64_t ns)
{
	return ns == DEADLINE_NONE ? DEADLINE_NONE : clock_now() + ns;
}

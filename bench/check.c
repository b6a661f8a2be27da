/* check - ns for the check of one line of input.  An argument: so many calls of each and nothing else,
 * for callgrind. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bench/measure.h"

static void
line_check(void *context, unsigned long calls)
{
	const char *line = context;
	size_t size = strlen(line);
	struct json_checked checked;

	for (unsigned long i = 0; i < calls; i++)
		if (json_check_line(line, size, &checked) != JSON_FAULT_NONE)
			abort();
}

static void
run(const char *what, const char *line, unsigned long calls)
{
	char copy[256];

	strcpy(copy, line);
	if (calls == 0)
		measure_print(what, line_check, copy, 200000);
	else
		line_check(copy, calls);
}

int
main(int argc, char **argv)
{
	unsigned long calls = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	run("check 100 bytes, flat",
	    "{\"temperature\":21.375,\"humidity\":48.5,\"pressure\":101325,\"place\":\"machine room\",\"ok\":true,\"id\":42}\n\n\n",
	    calls);
	run("check 100 bytes, nested",
	    "{\"a\":{\"t\":[21.375,21.5,{\"min\":20,\"max\":22}]},\"b\":[[1,2],[3,4]],\"c\":{\"d\":{\"e\":[null,true,\"x\"]}}}\n\n\n",
	    calls);
	return 0;
}

#include "tests/trace/keep.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct kept {
	struct kept *older;
	void *object;
	void (*release)(void *object);
};

static struct kept *youngest;

void
keep(void *object, void (*release)(void *object))
{
	struct kept *kept = malloc(sizeof *kept);

	if (kept == NULL || object == NULL)
		die("no memory");
	*kept = (struct kept){ .older = youngest, .object = object, .release = release };
	youngest = kept;
}

void *
keep_alloc(size_t size)
{
	void *object = calloc(1, size > 0 ? size : 1);

	keep(object, free);
	return object;
}

void
keep_release_all(void)
{
	struct kept *kept;

	while ((kept = youngest) != NULL) {
		youngest = kept->older;
		kept->release(kept->object);
		free(kept);
	}
}

void
die(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fputs("trace-tool: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(3);
}

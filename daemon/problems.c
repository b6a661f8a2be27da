#include "daemon/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
problems_append(struct problems *problems, const char *text, const char *end)
{
	size_t length = strlen(text), total = problems->length + length + strlen(end) + 1;
	char *grown = realloc(problems->text, total);

	problems->count++;
	if (grown == NULL)
		return;
	problems->text = grown;
	problems->length += (size_t)sprintf(grown + problems->length, "%s%s", text, end);
}

void
problems_add(struct problems *problems, const char *format, ...)
{
	char line[1000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	problems_append(problems, line, "\n");
}

void
problems_add_text(struct problems *problems, const char *text)
{
	problems_append(problems, text, "");
}

void
problems_free(struct problems *problems)
{
	free(problems->text);
	*problems = (struct problems){ .count = 0 };
}

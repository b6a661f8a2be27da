#include "clients/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool coloured;

size_t
terminal_columns(void)
{
	const char *wish = getenv("COLUMNS");
	struct winsize size;

	if (wish != NULL && strtoul(wish, NULL, 10) > 0)
		return strtoul(wish, NULL, 10);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return SIZE_MAX;
	return size.ws_col;
}

void
terminal_use_colour(enum colour wish)
{
	const char *refused = getenv("NO_COLOR"), *term = getenv("TERM");

	coloured = wish == COLOUR_ALWAYS
		|| (wish == COLOUR_AUTO && isatty(STDOUT_FILENO) != 0
			&& (refused == NULL || refused[0] == '\0') && term != NULL
			&& strcmp(term, "dumb") != 0);
}

void
ink_on(struct buffer *buffer, enum ink ink)
{
	static const char *const sequences[] = {
		[INK_DIM] = "\033[2m",
		[INK_BOLD] = "\033[1m",
		[INK_RED] = "\033[31m",
		[INK_GREEN] = "\033[32m",
		[INK_YELLOW] = "\033[33m",
		[INK_NAME] = "\033[36m",
		"\033[35m",
		"\033[34m",
		"\033[96m",
		"\033[95m",
		"\033[94m",
	};

	if (coloured)
		buffer_text(buffer, sequences[ink]);
}

void
ink_off(struct buffer *buffer)
{
	if (coloured)
		buffer_text(buffer, "\033[0m");
}

enum ink
ink_of_name(struct view name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name.length; i++)
		hash = (hash ^ (unsigned char)name.text[i]) * 16777619u;
	return (enum ink)(INK_NAME + hash % (INK_NAME_LAST - INK_NAME + 1));
}

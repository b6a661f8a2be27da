/* The table of commands, and what of it people see. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clients/command.h"
#include "clients/options.h"

static const struct command *const commands[] = {
	&list_command,
	&subscribe_command,
	&get_command,
	&stats_command,
	&debug_command,
	&check_command,
	&reload_command,
	&ping_command,
};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

static const char common_help[] =
	"  -s, --socket PATH    the daemon's socket [$AWAITD_SOCKET, or\n"
	"                       /run/awaitd/awaitd.sock, or your own daemon's in\n"
	"                       $XDG_RUNTIME_DIR/awaitd/]\n"
	"  -j, --json           NDJSON, as it is into a pipe\n"
	"      --text           text, as it is on a terminal\n"
	"      --color WHEN     auto, always or never ($NO_COLOR is heeded)\n"
	"  -h, --help           this; awaitctl COMMAND --help says more\n"
	"      --version        the version\n";

static const char examples[] =
	"A stream is a sequence of events that has a name; awaitctl list shows which there are.\n"
	"\n"
	"  awaitctl list                             what is there, and how it is\n"
	"  awaitctl subscribe door                   what happens at the door, as it happens\n"
	"  awaitctl subscribe 'temp*' --from latest  the last values first, then live\n"
	"  awaitctl get --value board                one value, for a script\n"
	"  awaitctl subscribe '*' | jq .value        into a pipe it is one JSON object a line\n"
	"\n"
	"Without awaitctl:  echo '{\"subscribe\":[\"*\"]}' | nc -U /run/awaitd/awaitd.sock\n";

static const char exit_help[] =
	"Exit status: 0 done, 1 the daemon says an error, 2 wrong usage, 3 no connection,\n"
	"4 the time was over before all had come, 5 no such stream, 6 get: no event yet.\n";

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static void
help_overview(void)
{
	printf("awaitctl - look into awaitd's streams\n\n"
	       "usage: awaitctl [-s SOCKET] COMMAND [OPTION...] [NAME...]\n\n%s\ncommands:\n", examples);
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-10s %-15s %s\n", commands[i]->name, commands[i]->operands,
			commands[i]->summary);
	printf("\noptions:\n%s\n%s", common_help, exit_help);
}

void
help_print(const struct command *command)
{
	if (command == NULL) {
		help_overview();
		return;
	}
	printf("awaitctl %s - %s\n\nusage: awaitctl %s %s\n\n%s\noptions of every command:\n%s\n%s",
		command->name, command->summary, command->name, command->operands, command->help,
		common_help, exit_help);
}

void
complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("awaitctl: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

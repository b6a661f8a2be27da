/* options.h - the command line: options may stand anywhere, the first operand is the command. */
#ifndef CLIENTS_OPTIONS_H
#define CLIENTS_OPTIONS_H

#include "clients/command.h"

/* Fills `ret_options` and `*ret_command`, which is NULL with --help or --version alone.  Gives
 * EXIT_OK, or EXIT_USAGE after having said on stderr what is wrong and what would be right. */
int options_parse(int argc, char **argv, struct options *ret_options,
	const struct command **ret_command, bool *ret_version);

/* --help of the program (NULL) or of a command, on stdout. */
void help_print(const struct command *command);

#endif

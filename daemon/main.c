/* awaitd: named streams of JSON events from what happens on this machine, over a Unix socket. */
#include <stdio.h>

#include "daemon/command_line.h"
#include "daemon/process.h"
#include "daemon/supervisor.h"
#include "daemon/tables.h"

static int
written(int error)
{
	if (error < 0 || fflush(stdout) != 0) {
		perror("awaitd: standard output");
		return 1;
	}
	return 0;
}

static int
run(const char *config)
{
	process_prepare();
	return supervisor_run(config);
}

int
main(int argc, char **argv)
{
	struct command_line line;

	process_block_signals();
	line = command_line_parse(argc, argv);
	if (line.command == COMMAND_RUN)
		return run(line.config);
	process_unblock_signals();
	switch (line.command) {
	case COMMAND_CHECK:
		return supervisor_check(line.config);
	case COMMAND_SCHEMA:
		return written(config_schema_write(&daemon_tables, stdout));
	case COMMAND_MAN:
		return written(config_man_write(&daemon_tables, stdout));
	case COMMAND_HELP:
		command_line_help();
		return written(0);
	case COMMAND_VERSION:
		puts("awaitd " PACKAGE_VERSION);
		return written(0);
	default:
		return EXIT_USAGE;
	}
}

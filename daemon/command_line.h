/* command_line.h - what the daemon is asked to do. */
#ifndef DAEMON_COMMAND_LINE_H
#define DAEMON_COMMAND_LINE_H

#define EXIT_USAGE 2

enum command {
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_SCHEMA,
	COMMAND_MAN,
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_WRONG,               /* it was said on standard error */
};

struct command_line {
	enum command command;
	const char *config;
};

struct command_line command_line_parse(int argc, char **argv);

void command_line_help(void);

#endif

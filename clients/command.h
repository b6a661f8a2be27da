/* command.h - what every command of awaitctl shares: its options, its table entry, its exit
 * statuses. */
#ifndef CLIENTS_COMMAND_H
#define CLIENTS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For scripts; awaitctl(1) lists them. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_DAEMON_ERROR = 1,   /* the daemon answered with an error */
	EXIT_USAGE = 2,          /* the command line is wrong; nothing was sent */
	EXIT_NO_DAEMON = 3,      /* cannot connect, or the connection broke */
	EXIT_TOO_FEW = 4,        /* the time is over, or all has ended, before what was asked for */
	EXIT_NO_STREAM = 5,      /* a stream named literally does not exist */
	EXIT_NO_VALUE = 6,       /* get: a stream has had no event yet */
};

enum format {
	FORMAT_AUTO, /* text on a terminal, NDJSON elsewhere */
	FORMAT_TEXT,
	FORMAT_JSON,
};

enum colour {
	COLOUR_AUTO,
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

/* A position to resume behind, of --after NAME=EPOCH:SEQ. */
struct after {
	char *name, *epoch;
	uint64_t seq;
};

struct options {
	const char *socket;          /* NULL: look where it usually is */
	const char *config;          /* check -c */
	const char *from, *lag;      /* NULL: the daemon's default */
	enum format format;
	enum colour colour;
	bool everything, value, no_reconnect, help;
	uint64_t count;              /* 0: no end */
	uint64_t timeout_ns;         /* UINT64_MAX: none was given */
	struct after *after;
	size_t n_after;
	char **names;                /* the operands behind the command */
	size_t n_names;
};

struct command {
	const char *name;
	const char *operands;        /* for the usage line, "" for none */
	const char *summary;         /* one line of --help */
	const char *help;            /* the rest of `awaitctl COMMAND --help`, examples included */
	const char *allowed;         /* the letters of its own options, see options.c */
	size_t names_min, names_max;
	int (*run)(const struct options *options); /* gives an enum exit_status */
};


extern const struct command check_command, debug_command, get_command, list_command, ping_command,
	reload_command, stats_command, subscribe_command;

/* NULL if there is none of that name. */
const struct command *command_find(const char *name);

/* One line on stderr, "awaitctl: ...". */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

#endif

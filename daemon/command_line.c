#include "daemon/command_line.h"

#include <getopt.h>
#include <stdio.h>

#define CONFIG_DEFAULT SYSCONFDIR "/awaitd/awaitd.json"

enum {
	OPTION_CHECK = 256,
	OPTION_SCHEMA,
	OPTION_MAN,
};

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "schema", no_argument, NULL, OPTION_SCHEMA },
	{ "man-options", no_argument, NULL, OPTION_MAN },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

void
command_line_help(void)
{
	(void)fputs(
	    "awaitd [-c FILE]            runs in the foreground until SIGTERM; SIGHUP reloads\n"
	    "awaitd --check [-c FILE]    is the config right?  Says all that is wrong at once.\n"
	    "awaitd --schema             writes the config's JSON Schema\n"
	    "\n"
	    "  -c, --config FILE   the config, and then FILE.d/*.json [" CONFIG_DEFAULT "]\n"
	    "      --check         starts nothing\n"
	    "      --man-options   writes the options' sections of awaitd.json(5)\n"
	    "  -h, --help\n"
	    "  -V, --version\n"
	    "\n"
	    "Exit status: 0; 1 something failed; 2 wrong usage; 78 the config is wrong.\n"
	    "See awaitd(8), awaitd.json(5), awaitctl(1).\n", stdout);
}

static struct command_line
wrong(const char *name)
{
	fprintf(stderr, "Try \"%s --help\".\n", name);
	return (struct command_line){ .command = COMMAND_WRONG };
}

struct command_line
command_line_parse(int argc, char **argv)
{
	struct command_line line = { .command = COMMAND_RUN, .config = CONFIG_DEFAULT };
	static const enum command commands[] = { COMMAND_CHECK, COMMAND_SCHEMA, COMMAND_MAN };
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		if (option == 'c')
			line.config = optarg;
		else if (option == 'h')
			line.command = COMMAND_HELP;
		else if (option == 'V')
			line.command = COMMAND_VERSION;
		else if (option >= OPTION_CHECK)
			line.command = commands[option - OPTION_CHECK];
		else
			return wrong(argv[0]);
	}
	if (optind < argc) {
		fprintf(stderr, "%s: \"%s\" is no option: the config is named by -c FILE\n",
		    argv[0], argv[optind]);
		return wrong(argv[0]);
	}
	return line;
}

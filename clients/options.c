#include "clients/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "clients/buffer.h"
#include "clients/duration.h"

/* The letters name the options in struct command's `allowed`; those from '0' on have no short
 * form.  "sjxCh" go with every command. */
static const struct option long_options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "text", no_argument, NULL, 'x' },
	{ "color", required_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "count", required_argument, NULL, 'n' },
	{ "timeout", required_argument, NULL, 't' },
	{ "config", required_argument, NULL, 'c' },
	{ "value", no_argument, NULL, 'v' },
	{ "from", required_argument, NULL, '0' },
	{ "after", required_argument, NULL, '1' },
	{ "lag", required_argument, NULL, '2' },
	{ "no-reconnect", no_argument, NULL, '3' },
	{ "all", no_argument, NULL, '4' },
	{ 0 },
};

static const char always_allowed[] = "sjxChV";

static int
wrong_value(const char *option, const char *value, const char *right)
{
	complain("%s %s: %s", option, value, right);
	return EXIT_USAGE;
}

static int
parse_count(struct options *options, const char *text)
{
	char *end;

	errno = 0;
	options->count = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || options->count == 0)
		return wrong_value("--count", text, "a whole number of 1 or more is needed");
	return EXIT_OK;
}

static int
parse_timeout(struct options *options, const char *text)
{
	if (duration_parse(text, &options->timeout_ns) < 0)
		return wrong_value("--timeout", text, "a duration is needed, such as 500ms, 10s or 2m");
	return EXIT_OK;
}

/* NAME=EPOCH:SEQ; neither name nor seq can contain '=' or ':', an epoch might. */
static int
parse_after(struct options *options, const char *text)
{
	const char *equals = strchr(text, '='), *colon = strrchr(text, ':');
	struct after after;
	char *end;

	if (equals == NULL || colon == NULL || colon < equals || colon[1] < '0' || colon[1] > '9')
		return wrong_value("--after", text,
			"NAME=EPOCH:SEQ is needed, as the \"subscribed\" line of --all and the events tell");
	errno = 0;
	after.seq = strtoull(colon + 1, &end, 10);
	if (*end != '\0' || errno != 0)
		return wrong_value("--after", text, "what stands behind the colon is no seq");
	after.name = memory_string(text, (size_t)(equals - text));
	after.epoch = memory_string(equals + 1, (size_t)(colon - equals - 1));
	options->after
		= memory_resize(options->after, (options->n_after + 1) * sizeof *options->after);
	options->after[options->n_after++] = after;
	return EXIT_OK;
}

static int
parse_choice(const char *option, const char *text, const char *const *choices)
{
	struct buffer right = { 0 };

	for (int i = 0; choices[i] != NULL; i++)
		if (strcmp(text, choices[i]) == 0)
			return i;
	buffer_text(&right, "it is one of");
	for (int i = 0; choices[i] != NULL; i++)
		buffer_format(&right, "%s %s", i == 0 ? "" : ",", choices[i]);
	complain("%s %s: %.*s", option, text, (int)right.length, right.data);
	buffer_free(&right);
	return -1;
}

static int
parse_word(struct options *options, int letter, const char *text)
{
	static const char *const froms[] = { "now", "latest", "oldest", NULL };
	static const char *const lags[] = { "skip", "latest", "block", "close", NULL };
	static const char *const colours[] = { "auto", "always", "never", NULL };
	int chosen;

	if (letter == '0') {
		chosen = parse_choice("--from", text, froms);
		options->from = text;
	} else if (letter == '2') {
		chosen = parse_choice("--lag", text, lags);
		options->lag = text;
	} else {
		chosen = parse_choice("--color", text, colours);
		options->colour = (enum colour)chosen;
	}
	return chosen < 0 ? EXIT_USAGE : EXIT_OK;
}

static int
parse_one(struct options *options, int letter, const char *argument)
{
	switch (letter) {
	case 's':
		options->socket = argument;
		return EXIT_OK;
	case 'c':
		options->config = argument;
		return EXIT_OK;
	case 'j':
		options->format = FORMAT_JSON;
		return EXIT_OK;
	case 'x':
		options->format = FORMAT_TEXT;
		return EXIT_OK;
	case 'h':
		options->help = true;
		return EXIT_OK;
	case 'v':
		options->value = true;
		return EXIT_OK;
	case '3':
		options->no_reconnect = true;
		return EXIT_OK;
	case '4':
		options->everything = true;
		return EXIT_OK;
	case 'n':
		return parse_count(options, argument);
	case 't':
		return parse_timeout(options, argument);
	case '1':
		return parse_after(options, argument);
	default:
		return parse_word(options, letter, argument);
	}
}

static const char *
option_name(char letter)
{
	for (const struct option *option = long_options; option->name != NULL; option++)
		if (option->val == letter)
			return option->name;
	return "?";
}

/* Options may precede the command, so whether it has them is asked at the end. */
static int
check_allowed(const struct command *command, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		if (strchr(always_allowed, *letters) != NULL
			|| strchr(command->allowed, *letters) != NULL)
			continue;
		complain("%s has no option --%s; see awaitctl %s --help", command->name,
			option_name(*letters), command->name);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int
check_names(const struct command *command, size_t n_names)
{
	if (n_names >= command->names_min && n_names <= command->names_max)
		return EXIT_OK;
	complain("usage: awaitctl %s %s", command->name, command->operands);
	return EXIT_USAGE;
}

static int
take_command(int argc, char **argv, struct options *options, const struct command **ret_command,
	const char *letters)
{
	bool asks_help = optind < argc && strcmp(argv[optind], "help") == 0;
	int status;

	optind += asks_help;
	options->help |= asks_help;
	if (optind == argc) {
		if (options->help)
			return EXIT_OK;
		complain("which command?  awaitctl --help shows all");
		return EXIT_USAGE;
	}
	*ret_command = command_find(argv[optind]);
	if (*ret_command == NULL) {
		complain("there is no command \"%s\"; awaitctl --help shows all", argv[optind]);
		return EXIT_USAGE;
	}
	options->names = argv + optind + 1;
	options->n_names = (size_t)(argc - optind - 1);
	if (options->help)
		return EXIT_OK;
	status = check_allowed(*ret_command, letters);
	return status != EXIT_OK ? status : check_names(*ret_command, options->n_names);
}

int
options_parse(int argc, char **argv, struct options *ret_options,
	const struct command **ret_command, bool *ret_version)
{
	struct buffer letters = { 0 };
	int letter, status = EXIT_OK;

	*ret_options = (struct options) { .timeout_ns = DEADLINE_NONE };
	*ret_command = NULL;
	*ret_version = false;
	while (status == EXIT_OK
		&& (letter = getopt_long(argc, argv, "s:jhVn:t:c:v", long_options, NULL)) != -1) {
		if (letter == '?')
			status = EXIT_USAGE;
		else if (letter == 'V')
			*ret_version = true;
		else
			status = parse_one(ret_options, letter, optarg);
		buffer_format(&letters, "%c", letter);
	}
	buffer_append(&letters, "", 1);
	if (status == EXIT_OK && !*ret_version)
		status = take_command(argc, argv, ret_options, ret_command, letters.data);
	buffer_free(&letters);
	return status;
}

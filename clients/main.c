/* awaitctl - talks to awaitd: see awaitctl(1). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/command.h"
#include "clients/duration.h"
#include "clients/options.h"
#include "clients/output.h"
#include "clients/terminal.h"
#include "clients/wait.h"

static void
options_free(struct options *options)
{
	for (size_t i = 0; i < options->n_after; i++) {
		free(options->after[i].name);
		free(options->after[i].epoch);
	}
	free(options->after);
}

/* What is still to be printed must get out, however the command ended: a reader that has left
 * or a signal is no error. */
static int
finish(int status, const struct options *options)
{
	uint64_t limit = options->timeout_ns == DEADLINE_NONE ? DEADLINE_NONE : 1000000000u;
	int error = output_flush(deadline_after(limit));

	buffer_free(output());
	wait_die_by_signal();
	if (error == 0 || error == -EPIPE || error == -EINTR || error == -ETIMEDOUT)
		return status;
	complain("cannot write the output: %s", strerror(-error));
	return EXIT_DAEMON_ERROR;
}

int
main(int argc, char **argv)
{
	const struct command *command;
	struct options options;
	bool version;
	int status = options_parse(argc, argv, &options, &command, &version);

	if (status == EXIT_OK && version) {
		printf("awaitctl %s\n", PACKAGE_VERSION);
	} else if (status == EXIT_OK && options.help) {
		help_print(command);
	} else if (status == EXIT_OK) {
		wait_prepare();
		terminal_use_colour(options.colour);
		status = finish(command->run(&options), &options);
	}
	options_free(&options);
	return status;
}

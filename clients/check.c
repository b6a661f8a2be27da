/* awaitctl check: is the config right?  awaitd itself says so, by awaitd --check. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/buffer.h"
#include "clients/command.h"
#include "clients/wait.h"

/* The awaitd that stands beside this awaitctl, as in a build folder. */
static char *
neighbour(void)
{
	struct buffer path = { 0 };
	ssize_t length = readlink("/proc/self/exe", buffer_reserve(&path, 4096), 4096);
	const char *slash;

	if (length <= 0 || length == 4096 || (slash = memrchr(path.data, '/', (size_t)length)) == NULL) {
		buffer_free(&path);
		return NULL;
	}
	path.length = (size_t)(slash + 1 - path.data);
	buffer_append(&path, "awaitd", sizeof "awaitd");
	return path.data;
}

static int
check_run(const struct options *options)
{
	char name[] = "awaitd", check[] = "--check", config[] = "-c";
	const char *file = options->config;
	char *path = file == NULL ? NULL : memory_string(file, strlen(file));
	char *arguments[] = { name, check, path == NULL ? NULL : config, path, NULL };
	char *beside = neighbour();

	wait_restore();
	if (beside != NULL)
		execv(beside, arguments);
	execv(SBINDIR "/awaitd", arguments);
	execvp(name, arguments);
	complain("cannot run awaitd --check: %s (looked beside awaitctl, in %s and in $PATH)",
		strerror(errno), SBINDIR);
	free(beside);
	free(path);
	return EXIT_NO_DAEMON;
}

const struct command check_command = {
	.name = "check",
	.operands = "[-c FILE]",
	.summary = "is the config right?  (awaitd need not run)",
	.help = "All that is wrong is said at once, as file:line:column: pointer: what is wrong, and\n"
		"what would be right.  The exit status is awaitd's own: 0, or 78 if it is wrong.\n"
		"\n"
		"  awaitctl check                     /etc/awaitd/awaitd.json and its drop-ins\n"
		"  awaitctl check -c new.json         another file, and new.json.d/*.json\n"
		"\n"
		"  -c, --config FILE          the config to check\n",
	.allowed = "c",
	.run = check_run,
};

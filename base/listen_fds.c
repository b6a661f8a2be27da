/* Three variables are no reason to have libsystemd, and the five libraries that it needs, in every
 * process: together a megabyte of resident memory and a third of the time to start. */
#include "base/listen_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -1: not set, or no number that one of them can have. */
static long
variable(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long number;

	if (text == NULL || *text == '\0')
		return -1;
	number = strtol(text, &end, 10);
	return *end == '\0' && number > 0 && number <= INT_MAX - LISTEN_FDS_START ? number : -1;
}

static void
names_free(char **names, unsigned int count)
{
	while (count-- > 0)
		free(names[count]);
	free(names);
}

/* "a:b"; without any, each is "unknown". */
static int
names_split(const char *text, unsigned int count, char ***ret)
{
	char **names = calloc(count, sizeof *names);
	unsigned int i = 0;

	if (names == NULL)
		return -ENOMEM;
	for (; i < count; i++) {
		size_t length = text != NULL ? strcspn(text, ":") : 0;

		names[i] = text != NULL ? strndup(text, length) : strdup("unknown");
		if (names[i] == NULL || (text != NULL && (text[length] == ':') != (i < count - 1))) {
			int r = names[i] == NULL ? -ENOMEM : -EINVAL;

			names_free(names, i + 1);
			return r;
		}
		text = text != NULL ? text + length + 1 : NULL;
	}
	*ret = names;
	return (int)count;
}

static int
close_on_exec(int count)
{
	for (int fd = LISTEN_FDS_START; fd < LISTEN_FDS_START + count; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
			return -errno;
	}
	return 0;
}

int
listen_fds(char ***ret_names)
{
	int r = 0;

	if (variable("LISTEN_PID") == (long)getpid() && variable("LISTEN_FDS") > 0) {
		int count = (int)variable("LISTEN_FDS");

		r = close_on_exec(count);
		if (r == 0)
			r = names_split(getenv("LISTEN_FDNAMES"), (unsigned int)count, ret_names);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return r;
}

#include "sources/attr_read.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

int
attr_read_init(struct attr_read *read, const char *pattern)
{
	read->fd = -1;
	read->pattern = strdup(pattern);
	read->text = malloc(ATTR_TEXT_MAX);
	return read->pattern != NULL && read->text != NULL ? 0 : -ENOMEM;
}

void
attr_read_fini(void *data)
{
	struct attr_read *read = data;

	free(read->pattern);
	free(read->text);
	if (read->fd >= 0)
		close(read->fd);
}

static int __attribute__((format(printf, 3, 4)))
fail(struct attr_read *read, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(read->message, sizeof read->message, format, arguments);
	va_end(arguments);
	return error;
}

/* Reading a process's files may wait for that process. */
static bool
is_quick(const char *path, long type)
{
	return type == PROC_SUPER_MAGIC && strncmp(path, "/proc/", 6) == 0
	    && !isdigit((unsigned char)path[6]);
}

static int
attr_open(struct attr_read *read, const char *path)
{
	struct statfs system = { .f_type = 0 };
	struct stat status = { .st_mode = 0 };

	read->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (read->fd < 0)
		return fail(read, -errno, "cannot open %s", path);
	(void)fstatfs(read->fd, &system);
	(void)fstat(read->fd, &status);
	read->whole = system.f_type == SYSFS_MAGIC || !S_ISREG(status.st_mode);
	read->lasting = read->whole || system.f_type == PROC_SUPER_MAGIC;
	read->quick = is_quick(path, system.f_type);
	return 0;
}

static int
attr_find(struct attr_read *read)
{
	glob_t found = { .gl_pathc = 0 };
	int r = glob(read->pattern, GLOB_ERR, NULL, &found);

	if (r == GLOB_NOSPACE)
		r = -ENOMEM;
	else if (r == GLOB_ABORTED)
		r = fail(read, -errno, "cannot look for %s", read->pattern);
	else if (r == GLOB_NOMATCH)
		r = fail(read, -ENOENT, "no file matches %s", read->pattern);
	else if (found.gl_pathc > 1)
		r = fail(read, -ENOTUNIQ, "%zu files match %s, and it has to be one: %s, %s%s",
		    (size_t)found.gl_pathc, read->pattern, found.gl_pathv[0], found.gl_pathv[1],
		    found.gl_pathc > 2 ? ", ..." : "");
	else
		r = attr_open(read, found.gl_pathv[0]);
	globfree(&found);
	return r;
}

/* What is no file of a disk or of the kernel's may know no offsets. */
static ssize_t
attr_get(struct attr_read *self)
{
	char *to = self->text + self->length;
	size_t room = ATTR_TEXT_MAX - self->length;
	ssize_t n = pread(self->fd, to, room, (off_t)self->length);

	return n < 0 && errno == ESPIPE ? read(self->fd, to, room) : n;
}

/* A file of sysfs is made anew by each read from its beginning; one of procfs comes in pieces. */
static int
attr_fill(struct attr_read *read)
{
	ssize_t n;

	read->length = 0;
	do {
		n = attr_get(read);
		if (n > 0)
			read->length += (size_t)n;
	} while ((n > 0 && !read->whole && read->length < ATTR_TEXT_MAX)
	    || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

int
attr_read_call(void *data)
{
	struct attr_read *read = data;
	int r = read->fd >= 0 ? 0 : attr_find(read);

	if (r < 0)
		return r;
	r = attr_fill(read);
	if (r < 0)
		return fail(read, r, "cannot read %s", read->pattern);
	read->time = moment_now();
	if (!read->lasting) {
		close(read->fd);
		read->fd = -1;
	}
	return 0;
}

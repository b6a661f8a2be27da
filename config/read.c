/* read.c - the config's files, as bytes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/document.h"

/* O_NONBLOCK: a fifo in its place would hold the daemon up at open(). */
static int
open_regular(const char *path, size_t *ret_size, const char **ret_message)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r = 0;
	struct stat status;

	*ret_message = NULL;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0) {
		r = -errno;
	} else if (!S_ISREG(status.st_mode)) {
		*ret_message = S_ISDIR(status.st_mode) ? "is a folder, but must be a file"
		                                       : "is no regular file";
		r = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	} else if (status.st_size > (off_t)CONFIG_FILE_MAX) {
		*ret_message = "is too large: a config file has at most 8 MiB";
		r = -EFBIG;
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_size = (size_t)status.st_size;
	return fd;
}

/* At most `size` bytes; how many there were, or -errno. */
static ssize_t
read_all(int fd, char *buffer, size_t size)
{
	size_t have = 0;
	ssize_t n;

	do {
		n = read(fd, buffer + have, size - have);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			have += (size_t)n;
	} while (n != 0 && have < size);
	return (ssize_t)have;
}

int
config_read_file(const char *path, char **ret_text, size_t *ret_length, const char **ret_message)
{
	size_t size = 0;
	ssize_t have;
	char *text;
	int fd = open_regular(path, &size, ret_message);

	if (fd < 0)
		return fd;
	text = malloc(size + 1);
	have = text == NULL ? -ENOMEM : read_all(fd, text, size + 1);
	close(fd);
	if (have > (ssize_t)size) {
		*ret_message = "grew while it was read; try again";
		have = -EAGAIN;
	}
	if (have < 0) {
		free(text);
		return (int)have;
	}
	text[have] = '\0';
	*ret_text = text;
	*ret_length = (size_t)have;
	return 0;
}

static int
is_drop_in(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	    strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *
path_join(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = malloc(size);

	if (path != NULL)
		snprintf(path, size, "%s/%s", folder, name);
	return path;
}

void
config_read_folder_free(char **paths)
{
	for (char **path = paths; path != NULL && *path != NULL; path++)
		free(*path);
	free(paths);
}

int
config_read_folder(const char *path, char ***ret)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_drop_in, by_name), r = 0;
	char **paths;

	if (count < 0 && errno != ENOENT)
		return -errno;
	if (count < 0)
		count = 0;
	paths = calloc((size_t)count + 1, sizeof *paths);
	if (paths == NULL)
		r = -ENOMEM;
	for (int i = 0; i < count; i++) {
		if (r == 0 && (paths[i] = path_join(path, entries[i]->d_name)) == NULL)
			r = -ENOMEM;
		free(entries[i]);
	}
	free(entries);
	if (r < 0)
		config_read_folder_free(paths);
	else
		*ret = paths;
	return r;
}

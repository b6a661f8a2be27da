#include "sources/gpio_chip.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/gpio.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sources/gpio_line.h"

struct search {
	const char *chip, *line;
	char *path, *message;
	size_t message_size;
	size_t found;
	int error;                   /* of a chip that could not be looked at */
};

static int
chip_info(const char *path, struct gpiochip_info *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, ret) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* 0: it is this one; -ENOENT: it is not. */
static int
chip_matches(const struct search *search, const char *path)
{
	struct gpiochip_info info;
	int r;

	if (search->chip == NULL)
		return gpio_line_has(path, search->line);
	if (strcmp(path + strlen("/dev/"), search->chip) == 0)
		return 0;
	r = chip_info(path, &info);
	if (r < 0)
		return r;
	return strcmp(info.name, search->chip) == 0 || strcmp(info.label, search->chip) == 0
	    ? 0 : -ENOENT;
}

static void
search_look(struct search *search, const char *path)
{
	int r = chip_matches(search, path);

	if (r == 0 && search->found++ == 0)
		snprintf(search->path, GPIO_PATH_MAX, "%s", path);
	else if (r < 0 && r != -ENOENT)
		search->error = r;
}

static int
search_end(const struct search *search)
{
	const char *what = search->chip != NULL ? search->chip : search->line;
	const char *kind = search->chip != NULL ? "GPIO chip" : "GPIO chip with a line";

	if (search->found == 1)
		return 0;
	if (search->found > 1) {
		snprintf(search->message, search->message_size,
		    "there are %zu of %s \"%s\": name one by its path", search->found, kind, what);
		return -ENOTUNIQ;
	}
	snprintf(search->message, search->message_size, "there is no %s \"%s\"", kind, what);
	return search->error < 0 ? search->error : -ENOENT;
}

int
gpio_chip_find(const char *chip, const char *line, char path[GPIO_PATH_MAX], char *message,
    size_t message_size)
{
	struct search search = {
		.chip = chip, .line = line, .path = path,
		.message = message, .message_size = message_size,
	};
	glob_t found = { .gl_pathc = 0 };
	size_t i;

	if (chip != NULL && chip[0] == '/') {
		snprintf(path, GPIO_PATH_MAX, "%s", chip);
		return 0;
	}
	if (glob("/dev/gpiochip*", 0, NULL, &found) == 0)
		for (i = 0; i < found.gl_pathc; i++)
			search_look(&search, found.gl_pathv[i]);
	globfree(&found);
	return search_end(&search);
}

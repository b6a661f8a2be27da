#include "sources/gpio_slow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
copy_string(const char *from, char **ret)
{
	if (from == NULL)
		return 0;
	*ret = strdup(from);
	return *ret != NULL ? 0 : -ENOMEM;
}

int
gpio_slow_init(struct gpio_line *line, const char *chip, const char *name)
{
	int r;

	line->fd = -1;
	r = copy_string(chip, &line->chip);
	return r < 0 ? r : copy_string(name, &line->name);
}

void
gpio_slow_fini(void *data)
{
	struct gpio_line *line = data;

	free(line->chip);
	free(line->name);
	if (line->fd >= 0)
		close(line->fd);
}

static int
line_read_value(struct gpio_line *line)
{
	int value;

	line->before_ns = clock_mono_ns();
	value = gpio_line_value(line->fd);
	line->time = moment_now();
	if (value < 0)
		return value;
	line->value = value;
	return 0;
}

int
gpio_slow_value(void *data)
{
	struct gpio_line *line = data;

	line->error = line_read_value(line);
	return 0;
}

int
gpio_slow_open(void *data)
{
	struct gpio_line *line = data;
	int r = gpio_chip_find(line->chip, line->name, line->path, line->request.message,
	    sizeof line->request.message);

	if (r == 0) {
		line->request.chip = line->path;
		line->request.name = line->name;
		r = line->fd = gpio_line_request(&line->request);
	}
	line->error = r < 0 ? r : line_read_value(line);
	return 0;
}

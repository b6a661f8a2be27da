/* What is the same with both versions of libgpiod. */
#include "sources/gpio_line_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

int
gpio_line_fail(struct gpio_request *request, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(request->message, sizeof request->message, format, arguments);
	va_end(arguments);
	return error;
}

int
gpio_line_keep(int fd)
{
	int kept = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (kept < 0)
		return -errno;
	(void)fcntl(kept, F_SETFL, O_RDONLY | O_NONBLOCK);
	return kept;
}

int
gpio_line_request(struct gpio_request *request)
{
	struct gpiod_chip *chip = gpiod_chip_open(request->chip);
	int fd;

	if (chip == NULL)
		return gpio_line_fail(request, -errno, "cannot open %s", request->chip);
	fd = gpio_line_request_of(request, chip);
	gpiod_chip_close(chip);
	return fd;
}

int
gpio_line_has(const char *path, const char *name)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	int r;

	if (chip == NULL)
		return -errno;
	r = gpio_line_find(chip, name);
	gpiod_chip_close(chip);
	return r;
}

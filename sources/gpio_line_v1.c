/* libgpiod 1.6.  The kernel's uAPI v1 counts no events and does not debounce; its queue holds 16
 * events and drops the newest. */
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sources/gpio_line.h"

const bool gpio_line_counts = false;
const bool gpio_line_debounces = false;
const unsigned int gpio_line_full = 16;
const size_t gpio_line_event_size = sizeof(struct gpioevent_data);

static int __attribute__((format(printf, 3, 4)))
fail(struct gpio_request *request, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(request->message, sizeof request->message, format, arguments);
	va_end(arguments);
	return error;
}

static int
request_type(const struct gpio_request *request)
{
	static const int types[] = {
		[GPIO_BOTH] = GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES,
		[GPIO_RISING] = GPIOD_LINE_REQUEST_EVENT_RISING_EDGE,
		[GPIO_FALLING] = GPIOD_LINE_REQUEST_EVENT_FALLING_EDGE,
	};

	return types[request->edges];
}

static int
request_flags(const struct gpio_request *request)
{
	static const int biases[] = {
		[GPIO_AS_IS] = 0,
		[GPIO_DISABLED] = GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE,
		[GPIO_PULL_UP] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP,
		[GPIO_PULL_DOWN] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN,
	};

	return biases[request->bias]
	    | (request->active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0);
}

static int
fail_to_request(struct gpio_request *request, struct gpiod_line *line)
{
	int error = -errno;
	const char *consumer = gpiod_line_consumer(line);

	if (error == -EBUSY)
		return fail(request, error, "line %u of %s is held by %s", gpiod_line_offset(line),
		    request->chip, consumer != NULL ? consumer : "somebody else");
	return fail(request, error, "cannot request line %u of %s", gpiod_line_offset(line),
	    request->chip);
}

/* A duplicate outlives libgpiod's own. */
static int
line_fd(struct gpiod_line *line)
{
	int fd = fcntl(gpiod_line_event_get_fd(line), F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return -errno;
	(void)fcntl(fd, F_SETFL, O_RDONLY | O_NONBLOCK);
	return fd;
}

static int
request_of(struct gpio_request *request, struct gpiod_chip *chip)
{
	const struct gpiod_line_request_config config = {
		.consumer = "awaitd",
		.request_type = request_type(request),
		.flags = request_flags(request),
	};
	struct gpiod_line *line;
	int fd;

	line = request->name != NULL ? gpiod_chip_find_line(chip, request->name)
	    : gpiod_chip_get_line(chip, request->offset);
	if (line == NULL && request->name != NULL)
		return fail(request, -ENOENT, "%s has no line \"%s\"", request->chip,
		    request->name);
	if (line == NULL)
		return fail(request, -errno, "%s has no line %u, it has %u", request->chip,
		    request->offset, gpiod_chip_num_lines(chip));
	if (gpiod_line_request(line, &config, 0) < 0)
		return fail_to_request(request, line);
	fd = line_fd(line);
	if (fd < 0)
		return fail(request, fd, "cannot keep the line");
	(void)fail(request, 0, "line %u of %s (%s)", gpiod_line_offset(line),
	    gpiod_chip_name(chip), gpiod_chip_label(chip));
	return fd;
}

int
gpio_line_request(struct gpio_request *request)
{
	struct gpiod_chip *chip = gpiod_chip_open(request->chip);
	int fd;

	if (chip == NULL)
		return fail(request, -errno, "cannot open %s", request->chip);
	fd = request_of(request, chip);
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
	r = gpiod_chip_find_line(chip, name) != NULL ? 0 : -ENOENT;
	gpiod_chip_close(chip);
	return r;
}

int
gpio_line_value(int fd)
{
	struct gpiohandle_data data = { .values = { 0 } };

	if (ioctl(fd, GPIOHANDLE_GET_LINE_VALUES_IOCTL, &data) < 0)
		return -errno;
	return data.values[0];
}

bool
gpio_line_event(const void *memory, size_t i, struct gpio_edge *ret)
{
	const struct gpioevent_data *event = (const struct gpioevent_data *)memory + i;

	if (event->timestamp == 0)
		return false;
	*ret = (struct gpio_edge){
		.mono_ns = event->timestamp,
		.rising = event->id == GPIOEVENT_EVENT_RISING_EDGE,
	};
	return true;
}

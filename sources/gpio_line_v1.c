/* libgpiod 1.6.  The kernel's uAPI v1 counts no events and does not debounce; its queue holds 16
 * events and drops the newest. */
#include <errno.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>

#include "sources/gpio_line_private.h"

const bool gpio_line_counts = false;
const bool gpio_line_debounces = false;
const unsigned int gpio_line_full = 16;
const size_t gpio_line_event_size = sizeof(struct gpioevent_data);

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
		return gpio_line_fail(request, error, "line %u of %s is held by %s",
		    gpiod_line_offset(line), request->chip,
		    consumer != NULL ? consumer : "somebody else");
	return gpio_line_fail(request, error, "cannot request line %u of %s",
	    gpiod_line_offset(line), request->chip);
}

int
gpio_line_request_of(struct gpio_request *request, struct gpiod_chip *chip)
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
		return gpio_line_fail(request, -ENOENT, "%s has no line \"%s\"", request->chip,
		    request->name);
	if (line == NULL)
		return gpio_line_fail(request, -errno, "%s has no line %u, it has %u",
		    request->chip, request->offset, gpiod_chip_num_lines(chip));
	if (gpiod_line_request(line, &config, 0) < 0)
		return fail_to_request(request, line);
	fd = gpio_line_keep(gpiod_line_event_get_fd(line));
	if (fd < 0)
		return gpio_line_fail(request, fd, "cannot keep the line");
	(void)gpio_line_fail(request, 0, "line %u of %s (%s)", gpiod_line_offset(line),
	    gpiod_chip_name(chip), gpiod_chip_label(chip));
	return fd;
}

int
gpio_line_find(struct gpiod_chip *chip, const char *name)
{
	return gpiod_chip_find_line(chip, name) != NULL ? 0 : -ENOENT;
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

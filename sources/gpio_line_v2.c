/* libgpiod 2, over the kernel's uAPI v2 (linux/gpio.h), which counts events, debounces, and
 * drops the oldest when its queue is full. */
#include <errno.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>

#include "sources/gpio_line_private.h"

const bool gpio_line_counts = true;
const bool gpio_line_debounces = true;
const unsigned int gpio_line_full = 0;
const size_t gpio_line_event_size = sizeof(struct gpio_v2_line_event);

/* What libgpiod wants to be told by. */
struct plan {
	struct gpiod_line_settings *settings;
	struct gpiod_line_config *lines;
	struct gpiod_request_config *request;
};

static int
settings_fill(struct gpiod_line_settings *settings, const struct gpio_request *request)
{
	static const enum gpiod_line_edge edges[] = {
		[GPIO_BOTH] = GPIOD_LINE_EDGE_BOTH,
		[GPIO_RISING] = GPIOD_LINE_EDGE_RISING,
		[GPIO_FALLING] = GPIOD_LINE_EDGE_FALLING,
	};
	static const enum gpiod_line_bias biases[] = {
		[GPIO_AS_IS] = GPIOD_LINE_BIAS_AS_IS,
		[GPIO_DISABLED] = GPIOD_LINE_BIAS_DISABLED,
		[GPIO_PULL_UP] = GPIOD_LINE_BIAS_PULL_UP,
		[GPIO_PULL_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN,
	};

	if (gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT) < 0
	    || gpiod_line_settings_set_edge_detection(settings, edges[request->edges]) < 0
	    || gpiod_line_settings_set_bias(settings, biases[request->bias]) < 0
	    || gpiod_line_settings_set_event_clock(settings, GPIOD_LINE_CLOCK_MONOTONIC) < 0)
		return -errno;
	gpiod_line_settings_set_active_low(settings, request->active_low);
	gpiod_line_settings_set_debounce_period_us(settings,
	    (unsigned long)((request->debounce_ns + 999) / 1000));
	return 0;
}

static int
plan_make(struct plan *plan, const struct gpio_request *request, unsigned int offset)
{
	int r;

	plan->settings = gpiod_line_settings_new();
	plan->lines = gpiod_line_config_new();
	plan->request = gpiod_request_config_new();
	if (plan->settings == NULL || plan->lines == NULL || plan->request == NULL)
		return -ENOMEM;
	r = settings_fill(plan->settings, request);
	if (r == 0 && gpiod_line_config_add_line_settings(plan->lines, &offset, 1,
	    plan->settings) < 0)
		r = -errno;
	gpiod_request_config_set_consumer(plan->request, "awaitd");
	gpiod_request_config_set_event_buffer_size(plan->request, request->queue);
	return r;
}

static void
plan_free(struct plan *plan)
{
	gpiod_request_config_free(plan->request);
	gpiod_line_config_free(plan->lines);
	gpiod_line_settings_free(plan->settings);
}

static int
fail_to_request(struct gpio_request *request, struct gpiod_chip *chip, unsigned int offset)
{
	int error = -errno;
	struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
	const char *consumer = info != NULL ? gpiod_line_info_get_consumer(info) : NULL;

	if (error == -EBUSY)
		(void)gpio_line_fail(request, error, "line %u of %s is held by %s", offset,
		    request->chip, consumer != NULL ? consumer : "somebody else");
	else
		(void)gpio_line_fail(request, error, "cannot request line %u of %s", offset,
		    request->chip);
	gpiod_line_info_free(info);
	return error;
}

static void
tell_which(struct gpio_request *request, struct gpiod_chip *chip, unsigned int offset)
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);

	if (info != NULL)
		(void)gpio_line_fail(request, 0, "line %u of %s (%s)", offset,
		    gpiod_chip_info_get_name(info), gpiod_chip_info_get_label(info));
	gpiod_chip_info_free(info);
}

static int
request_offset(struct gpio_request *request, struct gpiod_chip *chip, unsigned int offset)
{
	struct plan plan = { .settings = NULL };
	struct gpiod_line_request *line = NULL;
	int r = plan_make(&plan, request, offset);

	if (r == 0) {
		line = gpiod_chip_request_lines(chip, plan.request, plan.lines);
		r = line != NULL ? gpio_line_keep(gpiod_line_request_get_fd(line))
		    : fail_to_request(request, chip, offset);
	}
	if (line != NULL) {
		gpiod_line_request_release(line);
		tell_which(request, chip, offset);
	}
	plan_free(&plan);
	return r;
}

int
gpio_line_request_of(struct gpio_request *request, struct gpiod_chip *chip)
{
	int offset;

	if (request->name == NULL)
		return request_offset(request, chip, request->offset);
	offset = gpiod_chip_get_line_offset_from_name(chip, request->name);
	if (offset < 0)
		return gpio_line_fail(request, -errno, "%s has no line \"%s\"", request->chip,
		    request->name);
	return request_offset(request, chip, (unsigned int)offset);
}

int
gpio_line_find(struct gpiod_chip *chip, const char *name)
{
	return gpiod_chip_get_line_offset_from_name(chip, name) >= 0 ? 0 : -errno;
}

int
gpio_line_value(int fd)
{
	struct gpio_v2_line_values values = { .mask = 1 };

	if (ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0)
		return -errno;
	return (int)(values.bits & 1);
}

bool
gpio_line_event(const void *memory, size_t i, struct gpio_edge *ret)
{
	const struct gpio_v2_line_event *event = (const struct gpio_v2_line_event *)memory + i;

	if (event->timestamp_ns == 0)
		return false;
	*ret = (struct gpio_edge){
		.mono_ns = event->timestamp_ns,
		.seqno = event->line_seqno,
		.rising = event->id == GPIO_V2_LINE_EVENT_RISING_EDGE,
	};
	return true;
}

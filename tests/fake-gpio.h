/* fake-gpio.h - a chip with one line, in memory, in place of libgpiod and the kernel.  Included
 * by one file of a program, with FAKE_COUNTS 1 (as uAPI v2) or 0 (as v1).  The line's queue is a
 * pipe, as deep as need be. */
#ifndef TESTS_FAKE_GPIO_H
#define TESTS_FAKE_GPIO_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sources/gpio_line.h"

const bool gpio_line_counts = FAKE_COUNTS;
const bool gpio_line_debounces = FAKE_COUNTS;
const unsigned int gpio_line_full = FAKE_COUNTS ? 0 : 16;

struct fake_event {
	uint64_t ns;
	uint32_t seqno, rising;
};

const size_t gpio_line_event_size = sizeof(struct fake_event);

static struct {
	bool absent, held;           /* no chip; another consumer's */
	int value;
	int edges_in_read;           /* so many edges happen while the value is read */
	int requests, reads;
	struct gpio_request request; /* the last one */
	int queue;                   /* the pipe's end to write to; 0: not requested */
	uint32_t seqno;
} fake;

static void __attribute__((unused))
fake_unplug(void)
{
	close(fake.queue);
	fake.queue = 0;
	fake.absent = true;
}

static void
fake_edge_at(uint64_t ns)
{
	struct fake_event event = { .ns = ns, .seqno = ++fake.seqno };

	fake.value = !fake.value;
	event.rising = fake.value != 0;
	(void)!write(fake.queue, &event, sizeof event);
}

static void __attribute__((unused))
fake_edge(void)
{
	fake_edge_at(clock_mono_ns());
}

/* Edges that the kernel had no room for. */
static void __attribute__((unused))
fake_lose(int edges)
{
	fake.seqno += (uint32_t)edges;
	fake.value ^= edges & 1;
}

int
gpio_line_request(struct gpio_request *request)
{
	int fds[2], error = fake.absent ? -ENODEV : fake.held ? -EBUSY : 0;

	fake.requests++;
	fake.request = *request;
	snprintf(request->message, sizeof request->message,
	    error == -EBUSY ? "line 3 of %s is held by gpiomon" : "line 3 of %s", request->chip);
	if (error == 0 && pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		error = -errno;
	if (error < 0)
		return error;
	if (fake.queue > 0)
		close(fake.queue);
	fake.queue = fds[1];
	fake.seqno = 0;
	return fds[0];
}

int
gpio_line_has(const char *chip, const char *name)
{
	(void)chip;
	(void)name;
	return -ENOENT;
}

int
gpio_line_value(int fd)
{
	(void)fd;
	fake.reads++;
	for (; fake.edges_in_read > 0; fake.edges_in_read--)
		fake_edge();
	return fake.absent ? -ENODEV : fake.value;
}

bool
gpio_line_event(const void *memory, size_t i, struct gpio_edge *ret)
{
	const struct fake_event *event = (const struct fake_event *)memory + i;

	if (event->ns == 0)
		return false;
	*ret = (struct gpio_edge){ .mono_ns = event->ns, .rising = event->rising };
	if (FAKE_COUNTS)
		ret->seqno = event->seqno;
	return true;
}

#endif

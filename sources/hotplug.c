#include "sources/hotplug.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "async/abandon.h"
#include "async/timer.h"
#include "async/watch.h"

#define SUBSYSTEM_MAX 64
#define NAMES_MASK (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB)

static struct {
	struct hotplug_options options;
	enum hotplug_teller teller;
	struct watch watch;
	struct job job;
	int inotify;
	struct timer pause;
	char pending[SUBSYSTEM_MAX];     /* what has come in a pause */
	bool open, has_pending;
} hotplug;

static LIST_HEAD(, hotplug_wait) waits = LIST_HEAD_INITIALIZER(waits);

bool
hotplug_concerns(const char *wanted, const char *subsystem)
{
	return wanted[0] == '\0' || subsystem[0] == '\0' || strcmp(wanted, subsystem) == 0;
}

/* ------------------------------------------------------------------------ gone */

struct promise *
hotplug_gone(struct hotplug_wait *wait, const char *subsystem)
{
	if (wait->subsystem == NULL) {
		promise_init(&wait->promise);
		wait->subsystem = subsystem;
		LIST_INSERT_HEAD(&waits, wait, link);
	}
	return &wait->promise;
}

static void
wait_end(struct hotplug_wait *wait)
{
	LIST_REMOVE(wait, link);
	wait->subsystem = NULL;
}

void
hotplug_wait_fini(struct hotplug_wait *wait)
{
	if (wait->subsystem != NULL)
		wait_end(wait);
	promise_abandon(&wait->promise);
}

/* Settling calls nobody: the list stays what it is meanwhile. */
static void
tell_gone(const char *subsystem)
{
	struct hotplug_wait *wait, *next;

	for (wait = LIST_FIRST(&waits); wait != NULL; wait = next) {
		next = LIST_NEXT(wait, link);
		if (!hotplug_concerns(wait->subsystem, subsystem))
			continue;
		wait_end(wait);
		promise_fulfill(&wait->promise, value_undefined());
	}
}

/* ------------------------------------------------------------------------ come */

static void
pend(const char *subsystem)
{
	bool other = hotplug.has_pending && strcmp(hotplug.pending, subsystem) != 0;

	snprintf(hotplug.pending, sizeof hotplug.pending, "%s", other ? "" : subsystem);
	hotplug.has_pending = true;
}

static void pause_fire(struct timer *timer);

static void
tell_came(const char *subsystem)
{
	if (timer_is_set(&hotplug.pause)) {
		pend(subsystem);
		return;
	}
	timer_call_after(&hotplug.pause, HOTPLUG_PAUSE_NS, pause_fire);
	hotplug.options.came(subsystem, hotplug.options.context);
}

static void
pause_fire(struct timer *timer)
{
	(void)timer;
	if (!hotplug.has_pending)
		return;
	hotplug.has_pending = false;
	tell_came(hotplug.pending);
}

void
hotplug_tell(bool came, const char *subsystem)
{
	if (came)
		tell_came(subsystem);
	else
		tell_gone(subsystem);
}

/* --------------------------------------------------------------- names in /dev */

static int
names_open(const char *dev)
{
	int r, fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (inotify_add_watch(fd, dev, NAMES_MASK | IN_ONLYDIR) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	hotplug.inotify = fd;
	return fd;
}

static void
name_tell(const struct inotify_event *event)
{
	const char *name = event->len > 0 ? event->name : "";

	hotplug_tell((event->mask & (IN_DELETE | IN_MOVED_FROM)) == 0,
	    strncmp(name, "gpiochip", strlen("gpiochip")) == 0 ? "gpio" : "");
}

static void
names_read(void)
{
	_Alignas(struct inotify_event) char buffer[4096];
	const struct inotify_event *event;
	ssize_t length;

	while ((length = read(hotplug.inotify, buffer, sizeof buffer)) > 0)
		for (const char *at = buffer; at < buffer + length; at += sizeof *event + event->len) {
			event = (const struct inotify_event *)(const void *)at;
			name_tell(event);
		}
}

/* ----------------------------------------------------------------------- whole */

static void
await_next(void)
{
	promise_perform_then(watch_readable(&hotplug.watch), &hotplug.job);
}

/* A fd that cannot be watched ends the telling; what is absent is still looked for. */
static void
on_readable(struct job *job)
{
	if (job->promise == NULL || job->promise->state == PROMISE_REJECTED)
		return;
	if (hotplug.teller == HOTPLUG_UDEV)
		hotplug_udev_read();
	else
		names_read();
	await_next();
}

#ifndef HAVE_HOTPLUG
int
hotplug_udev_open(void)
{
	return -ENOSYS;
}

void
hotplug_udev_read(void)
{
}

void
hotplug_udev_close(void)
{
}
#endif

static int
teller_open(const struct hotplug_options *options)
{
	const char *udev = options->udev != NULL ? options->udev : "/run/udev/control";
	int fd = access(udev, F_OK) == 0 ? hotplug_udev_open() : -ENOENT;

	hotplug.teller = HOTPLUG_UDEV;
	if (fd >= 0)
		return fd;
	hotplug.teller = HOTPLUG_DEV;
	return names_open(options->dev != NULL ? options->dev : "/dev");
}

enum hotplug_teller
hotplug_open(const struct hotplug_options *options)
{
	int fd;

	hotplug.options = *options;
	hotplug.job.run = on_readable;
	fd = teller_open(options);
	if (fd < 0)
		return hotplug.teller = HOTPLUG_NOBODY;
	hotplug.open = true;
	watch_init(&hotplug.watch, fd);
	await_next();
	return hotplug.teller;
}

void
hotplug_close(void)
{
	if (!hotplug.open)
		return;
	promise_forget(&hotplug.job);
	watch_fini(&hotplug.watch);
	timer_stop(&hotplug.pause);
	if (hotplug.teller == HOTPLUG_UDEV)
		hotplug_udev_close();
	else
		close(hotplug.inotify);
	hotplug.open = hotplug.has_pending = false;
}

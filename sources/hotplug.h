/* hotplug.h - devices that come and go.
 *
 * udev tells of a device when it has done with it: its node is there then, with its rights.  Where
 * there is no udev (in a container) it is the names in /dev that come and go: nothing of sysfs is told.
 * Where /dev cannot be watched either, nobody tells, and what is absent is looked for at retry's own
 * intervals, as it is in any case. */
#ifndef SOURCES_HOTPLUG_H
#define SOURCES_HOTPLUG_H

#include <stdbool.h>
#include <sys/queue.h>

#include "async/promise.h"

enum hotplug_teller { HOTPLUG_UDEV, HOTPLUG_DEV, HOTPLUG_NOBODY };

struct hotplug_options {
	/* A device has come, or is another now: of this subsystem of the kernel, "" where that is not
	 * known or where there were several.  The first time at once, then at most every
	 * HOTPLUG_PAUSE_NS. */
	void (*came)(const char *subsystem, void *context);
	void *context;
	const char *udev;            /* NULL: /run/udev/control, which is there while udev runs */
	const char *dev;             /* NULL: /dev */
};

#define HOTPLUG_PAUSE_NS UINT64_C(100000000)

/* One at a time.  The options are copied, their strings are not. */
enum hotplug_teller hotplug_open(const struct hotplug_options *options);

/* Also if it is not open. */
void hotplug_close(void);

/* Does who waits for devices of `wanted` ("": of any) care for one of `subsystem`? */
bool hotplug_concerns(const char *wanted, const char *subsystem);

/* Waits in a frame for devices to go; zeroed is idle.  gone: its promise, fulfilled when one of the
 * subsystem, which is a constant, has gone: then it is to be looked whether it was one's own.  One awaits it
 * at a time, and may ask while nothing is open.  fini: also for an idle one. */
struct hotplug_wait {
	LIST_ENTRY(hotplug_wait) link;
	const char *subsystem;       /* NULL: idle */
	struct promise promise;
};

struct promise *hotplug_gone(struct hotplug_wait *wait, const char *subsystem);
void hotplug_wait_fini(struct hotplug_wait *wait);

/* ------------------------------------------------------------------- for who tells */

void hotplug_tell(bool came, const char *subsystem);

/* sd-device's monitor, in hotplug_udev.c.  open: a fd that is readable when there is something to read, or
 * -errno. */
int hotplug_udev_open(void);
void hotplug_udev_read(void);
void hotplug_udev_close(void);

#endif

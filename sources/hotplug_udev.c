/* Devices as udev tells of them.  libsystemd before 257 gives its monitor's fd to an sd_event alone, which
 * has one itself. */
#include <errno.h>
#include <systemd/sd-device.h>
#include <systemd/sd-event.h>

#include "sources/hotplug.h"

static struct {
	sd_event *event;
	sd_device_monitor *monitor;
} udev;

static int
on_device(sd_device_monitor *monitor, sd_device *device, void *context)
{
	const char *subsystem = "";
	sd_device_action_t action;

	(void)monitor;
	(void)context;
	if (sd_device_get_action(device, &action) < 0)
		return 0;
	(void)sd_device_get_subsystem(device, &subsystem);
	hotplug_tell(action != SD_DEVICE_REMOVE && action != SD_DEVICE_UNBIND
	    && action != SD_DEVICE_OFFLINE, subsystem);
	return 0;
}

int
hotplug_udev_open(void)
{
	int r = sd_event_new(&udev.event);

	if (r >= 0)
		r = sd_device_monitor_new(&udev.monitor);
	if (r >= 0)
		r = sd_device_monitor_attach_event(udev.monitor, udev.event);
	if (r >= 0)
		r = sd_device_monitor_start(udev.monitor, on_device, NULL);
	if (r >= 0)
		r = sd_event_get_fd(udev.event);
	if (r < 0)
		hotplug_udev_close();
	return r;
}

void
hotplug_udev_read(void)
{
	while (sd_event_run(udev.event, 0) > 0)
		;
}

void
hotplug_udev_close(void)
{
	udev.monitor = sd_device_monitor_unref(udev.monitor);
	udev.event = sd_event_unref(udev.event);
}

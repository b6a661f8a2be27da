/* What we call of libsystemd, by its own names: it is loaded at the first call, which whoever runs
 * without systemd never makes.  Linked with, it and the libraries that it needs would be loaded by each
 * process, for a megabyte of resident memory and a third of the time to start.  Where it is not
 * installed, what is here fails with -ENOSYS. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-device.h>
#include <systemd/sd-event.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

static void *
find(const char *name)
{
	static void *library;

	if (library == NULL)
		library = dlopen("libsystemd.so.0", RTLD_LAZY | RTLD_LOCAL);
	return library != NULL ? dlsym(library, name) : NULL;
}

#define LAZY(result, name, parameters, arguments, otherwise) \
	result name parameters \
	{ \
		static result (*call) parameters; \
		if (call == NULL) \
			*(void **)&call = find(#name); \
		return call != NULL ? call arguments : (otherwise); \
	}

LAZY(int, sd_listen_fds_with_names, (int unset, char ***ret), (unset, ret), -ENOSYS)
LAZY(int, sd_watchdog_enabled, (int unset, uint64_t *ret_usec), (unset, ret_usec), -ENOSYS)
LAZY(int, sd_journal_sendv, (const struct iovec *iov, int count), (iov, count), -ENOSYS)

LAZY(int, sd_event_new, (sd_event **ret), (ret), -ENOSYS)
LAZY(int, sd_event_get_fd, (sd_event *event), (event), -ENOSYS)
LAZY(int, sd_event_run, (sd_event *event, uint64_t usec), (event, usec), -ENOSYS)
LAZY(sd_event *, sd_event_unref, (sd_event *event), (event), NULL)

LAZY(int, sd_device_monitor_new, (sd_device_monitor **ret), (ret), -ENOSYS)
LAZY(int, sd_device_monitor_attach_event, (sd_device_monitor *monitor, sd_event *event),
    (monitor, event), -ENOSYS)
LAZY(int, sd_device_monitor_start, (sd_device_monitor *monitor, sd_device_monitor_handler_t handler,
    void *context), (monitor, handler, context), -ENOSYS)
LAZY(sd_device_monitor *, sd_device_monitor_unref, (sd_device_monitor *monitor), (monitor), NULL)
LAZY(int, sd_device_get_action, (sd_device *device, sd_device_action_t *ret), (device, ret), -ENOSYS)
LAZY(int, sd_device_get_subsystem, (sd_device *device, const char **ret), (device, ret), -ENOSYS)

#include "daemon/devices.h"

#include <syslog.h>

#include "daemon/journal.h"
#include "sources/hotplug.h"

static bool following;

static void
on_came(const char *subsystem, void *context)
{
	graph_retry(context, subsystem);
}

static void
teller_say(enum hotplug_teller teller)
{
	static const char *const says[] = {
		[HOTPLUG_DEV] = "udev is not there: names that come into /dev are watched, "
				"other devices are looked for every 30 s",
		[HOTPLUG_NOBODY] = "nobody tells of devices that come and go: they are looked for "
				   "every 30 s",
	};

	if (teller != HOTPLUG_UDEV)
		journal_say(LOG_INFO, "%s", says[teller]);
}

void
devices_follow(struct graph *graph)
{
	struct hotplug_options options = { .came = on_came, .context = graph };

	if (following || !graph_reads_devices(graph))
		return;
	following = true;
	teller_say(hotplug_open(&options));
}

void
devices_close(void)
{
	hotplug_close();
	following = false;
}

/* daemon.c - the section "daemon": what concerns the process, not a stream or a sink. */
#include "config/stream.h"

const struct option config_daemon_options[] = {
	{ "lock_memory", OPTION_BOOL(struct config_daemon, lock_memory), .value = "false",
	    .help = "Keep each page of memory that was used once from being written to a swap device or "
	            "dropped (mlockall(2)), for a real-time daemon on a machine that is short of "
	            "memory.  Needs LimitMEMLOCK=infinity in the unit, as the drop-in realtime.conf "
	            "has it; where it is not allowed that is told, and all else goes on." },
	{ 0 },
};

void
config_daemon_load(const struct config_tables *tables, struct report *report,
    const struct place *place, json_t *value, struct config_daemon *ret)
{
	struct fill fill = { tables, report, &report->pool };

	(void)fill_object(&fill, place, value, config_daemon_options, NULL, NULL, ret);
}

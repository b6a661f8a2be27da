#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "async/loop.h"
#include "async/timer.h"
#include "base/clock.h"
#include "base/fdstore.h"

#define OWED_MAX 16
#define RETRY_NS (100 * MILLISECOND)
#define WATCHDOG_RETRY_NS (10 * MILLISECOND)
#define STATUS_MAX 400

struct message {
	STAILQ_ENTRY(message) link;
	char text[];
};

static struct {
	STAILQ_HEAD(, message) owed;
	size_t owed_count;
	struct timer retry, watchdog;
	uint64_t watchdog_ns;        /* 0: none */
	uint64_t turns;              /* of the loop at the last WATCHDOG=1 */
	char status[STATUS_MAX];
} notify = { .owed = STAILQ_HEAD_INITIALIZER(notify.owed) };

/* ------------------------------------------------------------------- sending */

static bool
notify_flush(void)
{
	struct message *message;

	while ((message = STAILQ_FIRST(&notify.owed)) != NULL) {
		if (fdstore_notify(message->text) == -EAGAIN)
			return false;
		STAILQ_REMOVE_HEAD(&notify.owed, link);
		notify.owed_count--;
		free(message);
	}
	return fdstore_flush();
}

static void
notify_retry(struct timer *timer)
{
	if (!notify_flush())
		timer_call_after(timer, RETRY_NS, notify_retry);
}

static void
notify_send(const char *text)
{
	struct message *message;
	size_t size = strlen(text) + 1;

	if (notify_flush() && fdstore_notify(text) != -EAGAIN)
		return;
	if (!timer_is_set(&notify.retry))
		timer_call_after(&notify.retry, RETRY_NS, notify_retry);
	if (notify.owed_count == OWED_MAX)
		return;
	message = malloc(sizeof *message + size);
	if (message == NULL)
		return;
	memcpy(message->text, text, size);
	STAILQ_INSERT_TAIL(&notify.owed, message, link);
	notify.owed_count++;
}

void
notify_ready(void)
{
	char text[60];

	snprintf(text, sizeof text, "READY=1\nMAINPID=%d", (int)getpid());
	notify_send(text);
}

/* The time lets the manager tell this reload from an earlier one that it did not ask for. */
void
notify_reloading(void)
{
	char text[80];

	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    clock_mono_ns() / NSEC_PER_USEC);
	notify_send(text);
}

void
notify_stopping(void)
{
	notify_send("STOPPING=1");
}

/* One that finds no room is forgotten: the next one comes soon. */
void
notify_status(const char *text)
{
	char message[STATUS_MAX + 10];

	if (!fdstore_notified() || strcmp(text, notify.status) == 0)
		return;
	snprintf(message, sizeof message, "STATUS=%s", text);
	if (notify_flush() && fdstore_notify(message) == 0)
		snprintf(notify.status, sizeof notify.status, "%s", text);
}

/* ------------------------------------------------------------------ watchdog */

/* Only a loop that has finished a turn since the last time is alive: timers of one turn that keep
 * setting each other do not count.  Clients who come and go keep the manager's queue full; that must
 * not look like a hang. */
static void
watchdog_fire(struct timer *timer)
{
	uint64_t turns = loop_turns();

	if (turns != notify.turns && fdstore_notify_urgent("WATCHDOG=1") == -EAGAIN) {
		timer_call_after(timer, WATCHDOG_RETRY_NS, watchdog_fire);
		return;
	}
	notify.turns = turns;
	timer_call_after(timer, notify.watchdog_ns, watchdog_fire);
}

void
notify_open(void)
{
	uint64_t usec;

	if (getenv("WATCHDOG_USEC") == NULL || sd_watchdog_enabled(1, &usec) <= 0)
		return;
	notify.watchdog_ns = usec * NSEC_PER_USEC / 2;
	notify.turns = loop_turns();
	timer_call_after(&notify.watchdog, notify.watchdog_ns, watchdog_fire);
}

void
notify_close(void)
{
	struct message *message;

	timer_stop(&notify.retry);
	timer_stop(&notify.watchdog);
	(void)notify_flush();
	while ((message = STAILQ_FIRST(&notify.owed)) != NULL) {
		STAILQ_REMOVE_HEAD(&notify.owed, link);
		free(message);
	}
	notify.owed_count = 0;
	notify.status[0] = '\0';
}

/* notify.h - what the daemon says to its service manager (sd_notify(3), systemd.service(5)): READY,
 * STATUS, RELOADING, STOPPING, and WATCHDOG, which is tied to the loop's turning.
 *
 * What the manager's queue has no room for is sent later, in order.  Without a manager nothing is
 * said. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* The loop and the fd store are open.  Starts the watchdog's timer if the manager wants one
 * (WATCHDOG_USEC, sd_watchdog_enabled(3)). */
void notify_open(void);

/* Ready, or ready again behind notify_reloading(). */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

/* A line for `systemctl status`; the same as before is not sent again. */
void notify_status(const char *text);

/* Stops the timers. */
void notify_close(void);

#endif

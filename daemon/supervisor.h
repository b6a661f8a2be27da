/* supervisor.h - the daemon from its start to its end: config -> graph, reload, hand-over. */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#define EXIT_CONFIG 78   /* sysexits.h: EX_CONFIG */

/* Runs on the config in `path` until SIGTERM or SIGINT.  The exit status: 0; 1, something failed,
 * and it was said; EXIT_CONFIG. */
int supervisor_run(const char *path);

/* Loads it, and says what is wrong on standard error, all at once.  0, 1 (no memory) or
 * EXIT_CONFIG. */
int supervisor_check(const char *path);

#endif

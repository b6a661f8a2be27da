/* process.h - what a process has to set right about itself before it serves. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <stdbool.h>

#include "daemon/problems.h"

/* At main()'s first line: SIGHUP, SIGTERM and SIGINT wait until the loop watches them, so that a
 * reload that comes too early kills nobody. */
void process_block_signals(void);
void process_unblock_signals(void);

/* Descriptors 0 to 2 are open, a broken pipe is an error of write(2) and not a signal, deaths of our
 * own are counted (base/crash.h), and RLIMIT_NOFILE is raised to its hard limit. */
void process_prepare(void);

/* "lock_memory" of the config: what is used from now on, and what was used before, stays in memory.  Where
 * that is not allowed, says so, and what would be right. */
void process_lock_memory(bool lock, struct problems *problems);

#endif

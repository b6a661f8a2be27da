/* reload.h - the config is read again, on SIGHUP or because a peer of a sink asked for it; who
 * asked is told the verdict.
 *
 * A wrong config changes nothing.  Several that ask while one reload is still to come share it. */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include <stdbool.h>

#include "async/loop.h"
#include "config/config.h"
#include "daemon/graph.h"

struct reload_request;

struct reload {
	const char *path;
	struct arena *arena;
	struct graph *graph;
	void (*reloaded)(struct reload *reload);   /* or tried to; `note` may be another */
	struct reload_request *requests;   /* those that wait for the reload to come */
	struct turn_task task;
	const char *note;                  /* for STATUS=, or NULL: all is well */
};

/* Reloads at the end of this turn.  `done` (NULL: nobody wants to know) is called once, later (at
 * once where memory is out): ok, or all that is wrong, a line each. */
void reload_ask(struct reload *reload, void (*done)(void *request, enum reload_verdict verdict, const char *text),
    void *request);

/* Answers those that wait; nothing is reloaded. */
void reload_refuse(struct reload *reload, const char *text);

/* Keeps the config for a successor; what stands in the way is said. */
void reload_keep(struct reload *reload, const struct config *config);

/* Nobody waits any more. */
void reload_close(struct reload *reload);

#endif

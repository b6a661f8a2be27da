/* sink.h - what a sink is: something that iterates streams' logs on behalf of subscribers. */
#ifndef SINKS_SINK_H
#define SINKS_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/option.h"
#include "streams/stream.h"

struct sink;

enum reload_verdict {
	RELOAD_DONE,
	RELOAD_DONE_IN_PART,         /* the new config is in force, but for what could not be done */
	RELOAD_WRONG,                /* the config is, and the one before it goes on */
	RELOAD_REFUSED,              /* nothing was looked at */
};

/* What a sink may ask of the daemon, which wires it. */
struct sink_control {
	void *context;

	/* Reloads the config; `done` is called once, later, with all that went wrong as text, a
	 * line each. */
	void (*reload)(void *context, void (*done)(void *request, enum reload_verdict verdict, const char *text),
	    void *request);

	/* May this peer ask for reload and debug?  root and the daemon's own uid. */
	bool (*privileged)(void *context, uid_t uid);

	/* A level of syslog(3) and a line. */
	void (*log)(void *context, int level, const char *sink, const char *message);
};

struct sink_stats {
	uint64_t connections, subscriptions;   /* now */
	uint64_t accepted, refused, deliveries, bytes, lost;   /* since the arena was made */
};

/* Why a sink ends, and how. */
enum sink_end {
	SINK_HANDS_OVER,     /* closes nobody and says nothing, so that a successor can adopt */
	SINK_SHUTS_DOWN,     /* the daemon is being stopped */
	SINK_IS_REMOVED,     /* from the config */
	SINK_IS_REPLACED,    /* it is opened anew, elsewhere or as another kind */
};

struct sink_ops {
	const char *name;                      /* the config's "type" */
	const char *help;
	const struct option *options;
	size_t options_size;
	option_check check;

	/* The longest line, in bytes with its LF, that a sink of these options takes from a
	 * stream. */
	size_t (*line_max)(const void *options);

	/* Opens it: adopts what a predecessor left in arena and fd store under this name, else
	 * binds and listens.  Returns 0 or -errno; *ret_message then says what is wrong and what
	 * would be right (static or the sink's own, valid until the next call).  A predecessor's
	 * messages are settled by what lies in the streams' logs: it is opened before the
	 * streams, which then come in the same turn, so that nothing is appended before. */
	int (*open)(const char *name, const void *options, struct arena *arena,
	    const struct sink_control *control, struct sink **ret, const char **ret_message);

	/* New options for an open sink, which closes nobody.  0; -EOPNOTSUPP: it has to be closed
	 * and opened, when others have changed (its path is that of another sink); else -errno, it
	 * goes on as it was, and *ret_message says why, as above. */
	int (*change)(struct sink *sink, const void *options, const char **ret_message);

	/* Ends it; `done` is called once, later, when it has been freed.  Unless it hands over it
	 * gives its peers what is still to come, tells them why and closes, and waits for that for
	 * `drain_ns` at most. */
	void (*stop)(struct sink *sink, enum sink_end end, uint64_t drain_ns,
	    void (*done)(void *context), void *context);

	void (*stats)(const struct sink *sink, struct sink_stats *ret);

	/* Once all sinks of the start are open: peers whose connections a predecessor stored and
	 * none of them knows are told to connect again. */
	void (*send_away)(void);
};

/* All sinks, ended by NULL. */
extern const struct sink_ops *const sink_table[];

#endif

/* stream.h - a named stream: source, retry, operators, pump and log, put together, and the
 * table of all streams, in which sinks look names and patterns up.
 *
 *	source bodies <- retry <- operators <- pump (for await) -> log -> cursors */
#ifndef STREAMS_STREAM_H
#define STREAMS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "streams/log.h"

struct stream;
struct child;
struct operator_ops;

struct stream_operator {
	const struct operator_ops *ops;
	const void *options;
};

/* How a stream makes its source: streams/ does not know sources/. */
struct stream_source {
	const char *type;                  /* for `list` */
	/* A fresh body that yields events (async/child.h), whose frame begins with a struct
	 * source; NULL: no memory. */
	struct child *(*make)(struct stream *stream, const void *options, void *kept);
	/* What it noted by source_fail(), before it is freed. */
	const char *(*message)(struct child *source);
	/* The same options at another address: the old ones go away.  Or NULL: it never looks
	 * back. */
	void (*rebind)(struct child *source, const void *options);
	const void *options;
	const void *ops;                   /* for `make` */
	size_t kept_size;                  /* at most SOURCE_KEPT_MAX */
	bool limited;                      /* made anew with another max_line or `limits` */
};

#define SOURCE_KEPT_MAX 64

/* What a stream is made of.  Everything is borrowed, and outlives the stream or the next
 * stream_change(), which lets go of it before it returns (bodies look at their options no more once
 * they are being ended). */
struct stream_options {
	const char *name;
	const char *unit, *description;    /* or NULL */
	struct stream_source source;
	const struct stream_operator *operators;
	size_t operator_count;
	uint64_t chain;                    /* a hash of source and operators as configured */
	uint64_t origin;                   /* the same of the source alone; 0: as `chain` */
	uint64_t limits;                   /* the same of what may change without making it another */
	struct log_options log;
	const uid_t *allow_uids;           /* nobody else but root, if either is given */
	size_t allow_uid_count;
	const gid_t *allow_gids;
	size_t allow_gid_count;
	bool restricted;                   /* an `allow` was given, even an empty one */
	bool on_demand;                    /* read only while somebody listens */
	uint64_t linger_ns, expect_ns;     /* `open` linger; `stale` after; 0: none */
	void *owner;                       /* the supervisor's own */
};

/* Opens the log, enters the table, and starts the pump: the source's body runs to its first
 * await.  A log that was adopted goes on where it was; if it is another chain's, `changed` is
 * logged first, and of kept block, fds and bulk is cleared what is not of the same `origin`;
 * one that has ended stays so.  0 or -errno: -EEXIST (also while the stream of this name is
 * being stopped), -E2BIG (the operators keep more than a commit holds), or what log_open()
 * says. */
int stream_new(struct arena *arena, const struct stream_options *options, struct stream **ret);

/* Another source, unit, operators, access or history under the same name: the log, seq and
 * subscribers stay, and `changed` is logged if source, unit or operators differ.  The old
 * generator is ended first, and the new one begins when that has cleaned up: of the same
 * `origin` it goes on where the old one was, with its fds, its bulk and what it kept.  With the
 * same `chain` the generators go on untouched; but for other limits a source that has some is
 * ended by handing over, and a new one goes on where it was.  0, or -errno and nothing has
 * changed but maybe the history: -E2BIG, -EBUSY (it is being stopped), or what log_change()
 * says. */
int stream_change(struct stream *stream, const struct stream_options *options);

/* Ends the generator; then `done` is called, once.  handing_over: nothing is said in the log,
 * and what a successor can adopt is left as it is.  Otherwise the stream is removed: `ended` is
 * logged, its subscribers are told by their cursors, and log and bulk are dropped.  The stream
 * is freed after `done`. */
void stream_stop(struct stream *stream, bool handing_over,
    void (*done)(struct stream *stream, void *context), void *context);

const struct stream_options *stream_options(const struct stream *stream);
const char *stream_name(const struct stream *stream);
struct log *stream_log(struct stream *stream);
struct arena *stream_arena(struct stream *stream);
/* up, down, stale, ended or starting. */
enum stream_state stream_state(const struct stream *stream);

/* Not read now, because nobody listens. */
bool stream_idle(const struct stream *stream);

/* If its source is down, it is tried at once: the device may be back. */
void stream_retry(struct stream *stream);

/* Listening: counted, and for `on_demand` streams what starts and stops the reading. */
void stream_listen(struct stream *stream);
void stream_unlisten(struct stream *stream);
size_t stream_listeners(const struct stream *stream);

/* Input that gave no event: counted in the log, and logged at a limited rate. */
void stream_reject(struct stream *stream, const char *message);
uint64_t stream_rejected(const struct stream *stream);

/* May a peer with this uid and these groups know of the stream? */
bool stream_allows(const struct stream *stream, uid_t uid, const gid_t *groups, size_t group_count);

/* Whoever logs (daemon/) hears of what happens in streams: a level of syslog(3), a line. */
void streams_set_log(void (*log)(int level, const char *stream, const char *message));

/* --------------------------------------------------------------- the table */

struct stream *stream_find(const char *name, size_t length);

/* All streams in the order of their names. */
struct stream *streams_first(void);
struct stream *streams_next(const struct stream *stream);
size_t streams_count(void);

/* Glob (fnmatch(3) without flags) and literal names. */
bool stream_pattern_is_glob(const char *pattern);
bool stream_pattern_valid(const char *pattern);

/* Sinks hear of streams that come (for patterns that matched nothing yet) and go. */
struct streams_watch {
	struct streams_watch *next, **link;
	void (*added)(struct streams_watch *watch, struct stream *stream);
	/* Behind its `ended`.  The log can be read for this turn and the next; then its cursors are
	 * told that it is closed. */
	void (*removed)(struct streams_watch *watch, struct stream *stream);
	/* Its options are others: who may see it, say.  Or NULL. */
	void (*changed)(struct streams_watch *watch, struct stream *stream);
};
void streams_watch(struct streams_watch *watch);
void streams_unwatch(struct streams_watch *watch);

#endif

/* source.h - what a source is: a body, its options, and what it may ask of its stream.
 *
 * One file a source, exporting one const struct source_ops, and one line in sources/table.c.
 * The body's frame begins with a struct source; it yields struct event pointers and throws
 * negative errnos:
 *
 *	BEGIN(co);
 *	acquire, or THROW(source_fail(&self->source, -errno, "cannot open %s", path));
 *	YIELD(source_up(&self->source));        // `up` goes into the stream only behind a `down`
 *	for (;;) {
 *		while (...what is left in the buffer or in kept...)
 *			YIELD(&self->source.event);
 *		source_settle(&self->source, position);   // what gave no line is consumed as well
 *		AWAIT(readiness);
 *		read one batch;
 *	}
 *	FINALLY;
 *	release;
 *	END;
 *
 * A throw is not the end: retry (streams/retry.h) says `down`, waits, and runs a new one. */
#ifndef SOURCES_SOURCE_H
#define SOURCES_SOURCE_H

#include <stdarg.h>

#include "async/coroutine.h"
#include "base/crash.h"
#include "config/option.h"
#include "streams/stream.h"

#define SOURCE_MESSAGE_MAX 200

/* First in every source's frame. */
struct source {
	struct stream *stream;       /* opaque here */
	const void *options;         /* the filled struct of ops->options; it may move while the
	                              * body waits, and is gone in FINALLY: nothing points into it */
	void *kept;                  /* ops->kept_size bytes, zeroed at the beginning; what
	                              * is written here is committed with the next event */
	struct event event;          /* for the body's use */
	char message[SOURCE_MESSAGE_MAX];   /* why it threw */
};

struct source_ops {
	/* The config's "type". */
	const char *name;

	/* One sentence for the man page and the schema. */
	const char *help;

	/* The validator fills a struct of options_size bytes after these, ended by a zero row. */
	const struct option *options;
	size_t options_size;

	/* Semantic checks across options, or NULL: see config/option.h. */
	option_check check;

	/* The kernel's subsystem whose devices it reads, "" for any, NULL for none: when one comes
	 * while it is down, it is tried again at once. */
	const char *devices;

	/* Bytes of the frame, which begins with a struct source; bytes of `kept` (<= 64). */
	size_t size;
	size_t kept_size;

	/* What it reads may be as long as a line of the stream.  When max_line, or an option
	 * that is a `limit` (config/option.h), changes, its body is ended by handing over, and
	 * another one goes on. */
	bool limited;

	/* The body, a child of retry's (async/child.h). */
	coroutine_body run;
};

/* All sources, ended by NULL. */
extern const struct source_ops *const source_table[];

/* For struct stream_options: how a stream makes this source. */
struct stream_source source_of(const struct source_ops *ops, const void *options);

/* ------------------------------------------- what a body may ask of its stream */

/* The event that says that it has acquired its device. */
const struct event *source_up(struct source *source);

/* Notes why the next THROW is thrown; returns `error`. */
int source_fail(struct source *source, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Everything up to `position` is consumed, though it gave no line: commits if it is not yet. To be
 * called before reading again. */
void source_settle(struct source *source, const struct position *position);

/* Input that crashes the daemon is left out in the end (base/crash.h): before it looks at a
 * piece of it, a body says which, by a number that no other piece has.  False: this one is to
 * be left out; it is reported, and the body yields a gap of stage `source` for it. */
bool source_enter(struct source *source, uint64_t at);

/* The same for inputs that have a place of their own, in memory that survives: this one is in
 * hand from here on, and the body calls crash_enter(); and says what it leaves out.  leave: none
 * is, as behind source_settle(). */
void source_take_in_hand(struct source *source, struct crash_place *place);
void source_report_poison(struct source *source, struct crash_place *place, const char *what);
void source_leave(struct source *source);

/* The position of the last commit, at the body's beginning. */
struct position source_position(const struct source *source);

/* Memory of the stream's source that survives, zeroed at first; the same for every body of
 * it.  0 or -errno.  It is the stream's; the body does not release it. */
int source_bulk(struct source *source, size_t size, struct extent **ret);

/* For a bulk of another size or layout, without a moment at which there is neither.  left: as
 * it was left, of whatever size; *ret NULL: there is none.  prepare: a zeroed one beside it,
 * which a successor does not see; replace: one store, and that is it.  0 or -errno. */
int source_bulk_left(struct source *source, struct extent **ret);
int source_bulk_prepare(struct source *source, size_t size, struct extent **ret);
void source_bulk_replace(struct source *source, struct extent *prepared);

/* fds that outlive the process: `key` is short, [a-z0-9], one of this source's own.  take: the
 * fd a predecessor stored, now the caller's, or -1.  keep: stores a duplicate; 0 or -errno
 * (-EAGAIN: try later).  drop: out of the store, before close().  leave: in FINALLY, when
 * handing over, in place of close(). */
int source_fd_take(struct source *source, const char *key);
int source_fd_keep(struct source *source, const char *key, int fd);
void source_fd_drop(struct source *source, const char *key);
void source_fd_leave(struct source *source, const char *key, int fd);

/* Is it in the store already, so that it must not be kept again? */
bool source_fd_is_kept(struct source *source, const char *key);

/* As take, of what no stream knows any more because its memory is lost: the first fd for which
 * `is_it` says so; it has this key now. */
int source_fd_find(struct source *source, const char *key,
    bool (*is_it)(int fd, const void *context), const void *context);

/* The body is ended because another goes on where it ends, in a successor or, with other
 * limits, in this process (true), or because its device or config is gone (false): on true FINALLY
 * leaves stored fds and bulk as they are. */
bool source_handing_over(const struct source *source);

/* A line for whoever logs, of a level of syslog(3): for what is no entry of the stream.
 * Sparingly. */
void source_log(struct source *source, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Counts input that gave no event, for `stats`, and has it logged at a limited rate: an invalid
 * line, say. */
void source_reject(struct source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

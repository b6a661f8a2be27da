/* unix_private.h - the Unix socket server, for the files that it is spread over:
 *	unix.c			the sink: opens, changes, stops
 *	unix_options.c		what it may be told
 *	unix_listener.c		the socket's file
 *	unix_accept.c		from accept() to hello; when accepting has to pause
 *	unix_table.c		a connection table in the arena: its layout
 *	unix_tables.c		those of a sink
 *	unix_draft.c		the send slots: what a message came to, and the next one
 *	unix_out.c		lines into the outbox
 *	unix_connection.c	a connection's life, and its loop
 *	unix_receive.c		bytes in, lines out of them
 *	unix_deliver.c		one message of outbox and spans
 *	unix_step.c		what a cursor has to say next
 *	unix_patience.c		when a peer takes nothing for too long
 *	unix_subscription.c	cursors and their records
 *	unix_pattern.c		patterns and their records; streams that come and go
 *	unix_peer.c		who it is, and what it may see
 *	unix_serve.c		requests in their order
 *	unix_request.c		a request, taken apart
 *	unix_verbs.c		the table of verbs; unix_<verb>.c each of them
 *	unix_recover.c		what a predecessor left
 *	unix_check.c		does that make sense?
 *	unix_send_away.c	and what of it is no use
 *
 * How a connection works: its loop is a for_await() over the merge of its cursors and its outbox.
 * A value only says that there may be something to do; on_value then serves requests, if the last
 * reply has gone out, and sends one message.  What it cannot send yet it waits for, and that is
 * the back-pressure. */
#ifndef SINKS_UNIX_PRIVATE_H
#define SINKS_UNIX_PRIVATE_H

#include <sys/queue.h>

#include "async/for_await.h"
#include "async/loop.h"
#include "async/timer.h"
#include "async/watch.h"
#include "sinks/sink.h"
#include "sinks/unix_draft.h"
#include "sinks/unix_out.h"

#define UNIX_TABLES 16u              /* of one sink */

struct unix_connection;
struct unix_patience;
struct unix_reload;

/* What is left to say to a subscriber of a stream that is gone. */
struct unix_farewell {
	uint64_t seq;                /* of the last entry */
	size_t length;
	char line[];                 /* `ended`, with its LF; length 0: there was none */
};

struct unix_subscription {
	struct cursor cursor;
	struct unix_connection *connection;
	struct unix_subscription *next;          /* of the connection */
	struct unix_subscription *ready_next;    /* circular */
	struct stream *stream;                   /* NULL: it is gone */
	struct unix_farewell *farewell;
	uint16_t record;
	bool ready;                              /* in the connection's list */
	bool out_of_time;                        /* has to be told that it skips from now on */
};

struct unix_connection {
	struct iterator iterator;                /* the merge */
	struct unix_sink *sink;
	struct unix_table *table;
	struct unix_slot *slot;                  /* NULL: closed, and waits for its loop's end */
	struct iterator_request *request;        /* a next() that waits */
	struct for_await *loop;
	struct watch watch;
	struct job reading;                      /* our reaction on readable, then on closed */
	struct unix_subscription *subscriptions;
	struct unix_subscription *ready;         /* have something to say; by the last, circular */
	struct unix_patience *patience;          /* NULL: never needed yet */
	struct unix_reload *reload;              /* a verdict that is waited for */
	LIST_ENTRY(unix_connection) link;
	uint64_t scanned;                        /* no LF in the requests before this */
	int fd;
	bool reading_armed;
	bool end_of_file;                        /* no more requests come */
	bool quiet;                              /* nothing it asked for is left to be done */
	bool in_value;                           /* on_value is running */
	bool blocked;                            /* waits until the peer takes something */
	bool stopping;                           /* says its last word when all is sent */
	bool missed;                             /* streams came that may still be taken in */
	bool recovered;                          /* records may still be without a subscription */
	bool unsettled;                          /* a predecessor's, whose log has not come yet */
	bool settled;                            /* it has, and the connection goes on */
};

LIST_HEAD(unix_connections, unix_connection);

struct unix_listener {
	int fd;                                  /* -1: none */
	bool activated;                          /* the service manager's: its file is not ours */
	bool paused, armed, told;
	uint64_t device, inode;                  /* of the file that we made */
	struct watch watch;
	struct job job;
	struct timer retry;
	struct unix_connection *unstored;        /* accepted, not yet in the fd store */
};

struct unix_sink {
	char *name;
	struct unix_options options;             /* its path is ours */
	struct arena *arena;
	struct sink_control control;
	struct unix_table *table;                /* the newest, for connections to come */
	struct unix_table_list tables;           /* all of them */
	struct unix_listener listener;
	struct unix_connections connections;
	size_t connection_count, open_count, subscription_count;
	struct streams_watch streams;
	struct timer drain;
	struct turn_task finish, recover, tidy;
	bool recovering;
	void (*stopped)(void *context);
	void *stopped_context;
	enum sink_end end;
	bool stopping;
	LIST_ENTRY(unix_sink) link;
	char hello[512];
	size_t hello_length;
};

void unix_log(const struct unix_sink *sink, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The last connection is gone, and the sink is being stopped. */
void unix_sink_emptied(struct unix_sink *sink);

/* ------------------------------------------------------------------- tables */

/* Adopts what a predecessor left, and makes a new one if that does not serve.  0 or -errno. */
int unix_tables_open(struct unix_sink *sink);
void unix_tables_close(struct unix_sink *sink, bool drop);

/* Another table, for connections to come.  0 or -errno: -ENOSPC: there are too many. */
int unix_tables_grow(struct unix_sink *sink, const struct unix_options *options);

/* One may have no connections any more. */
void unix_tables_consider(struct unix_sink *sink);

/* ----------------------------------------------------------------- listener */

/* Binds and listens, or takes what was handed over.  0 or -errno and what is wrong. */
int unix_listener_open(struct unix_sink *sink, char *message, size_t size);

/* drop: for good, else a successor goes on with it. */
void unix_listener_close(struct unix_sink *sink, bool drop);

/* At another path, on which nobody may be listening.  0; or -errno, what is wrong, and it listens
 * where it did. */
int unix_listener_move(struct unix_sink *sink, const struct unix_options *to, char *message,
    size_t size);

/* New mode and group. */
int unix_listener_permit(const char *path, const struct unix_options *options, char *message,
    size_t size);

/* ------------------------------------------------------------------- accept */

/* Accepts from now on; again when there is hope after a pause. */
void unix_accept_start(struct unix_sink *sink);
void unix_accept_stop(struct unix_sink *sink);

/* --------------------------------------------------------------- connection */

/* Over an INIT or OPEN slot, in which it lies, and whose fd it takes over. */
struct unix_connection *unix_connection_new(struct unix_sink *sink, struct unix_table *table,
    struct unix_slot *slot, int fd);

/* It is stored: OPEN, and its loop begins.  0 or -ENOMEM. */
int unix_connection_start(struct unix_connection *connection);

/* There may be something to do. */
void unix_connection_wake(struct unix_connection *connection);

/* Ends it at once.  keep: as it is in the arena and in the fd store, for a successor. */
void unix_connection_close(struct unix_connection *connection, bool keep);

/* Says why the sink ends, and ends it. */
void unix_connection_say_end(struct unix_connection *connection);

/* Its last word is in the outbox: closed when that is gone.  Nothing else is said or heard. */
void unix_connection_end(struct unix_connection *connection);

static inline bool
unix_connection_ending(struct unix_connection *connection)
{
	return (unix_draft(connection->slot)->flags & UNIX_ENDING) != 0;
}

/* Of the sink's limits, as many as its table has room for. */
static inline size_t
unix_connection_subscriptions(const struct unix_connection *connection)
{
	size_t max = (size_t)connection->sink->options.limits.subscriptions;
	size_t room = connection->table->shape.cursors;

	return max < room ? max : room;
}

static inline uint64_t
unix_connection_request(const struct unix_connection *connection)
{
	uint64_t max = connection->sink->options.limits.request;
	uint64_t room = connection->table->shape.receive - 2;

	return max < room ? max : room;
}

/* ------------------------------------------------------------------ receive */

/* Waits for bytes, or for the peer's going when no more can come. */
void unix_receive_arm(struct unix_connection *connection);
void unix_receive_disarm(struct unix_connection *connection);

/* The next request's line, without its end, contiguous: in the ring, or copied to *ret_copy,
 * which the caller frees.  1; 0: there is none yet; -EMSGSIZE: one is too long and is being
 * thrown away; -ENOMEM.  *ret_end is the position behind it. */
int unix_receive_line(struct unix_connection *connection, struct json_span *ret_line,
    uint64_t *ret_end, char **ret_copy);

/* May there be a line? */
bool unix_receive_waiting(struct unix_connection *connection);

/* Requests before `position` are done with. */
void unix_receive_consume(struct unix_connection *connection, uint64_t position);

/* ------------------------------------------------------------------ deliver */

enum unix_delivery {
	UNIX_SENT,           /* go on */
	UNIX_BLOCKED,        /* the peer has no room */
	UNIX_GONE,           /* the peer has gone */
};
enum unix_delivery unix_deliver(struct unix_connection *connection);

/* The message that is being made of what the cursors have. */
struct unix_batch {
	struct unix_connection *connection;
	struct unix_piece pieces[UNIX_PIECES];
	struct unix_subscription *owners[UNIX_PIECES];
	struct iovec vectors[UNIX_VECTORS];      /* of spans; those of the outbox come before */
	size_t piece_count, span_count;
	size_t room;                             /* bytes that it may still grow by */
	bool full;                               /* no more lines or spans for this one */
};

/* Adds what a cursor has to say next, as far as there is room, always with one piece.  False: the
 * subscription has ended and is gone, and there is none. */
bool unix_step(struct unix_batch *batch, struct unix_subscription *subscription);

/* Is there more to come from it at once? */
bool unix_step_pending(const struct unix_subscription *subscription);

/* ----------------------------------------------------------------- patience */

/* The peer has no room: from now on it has so much time. */
void unix_patience_begin(struct unix_connection *connection);
void unix_patience_free(struct unix_connection *connection);

/* ------------------------------------------------------------- subscription */

/* Where a subscription begins. */
struct unix_start {
	uint64_t seq, target;
	enum unix_phase phase;
	enum lag lag;
};

/* With a record that is taken but not true.  NULL: no memory, or no record left (*ret_full). */
struct unix_subscription *unix_subscription_new(struct unix_connection *connection,
    struct stream *stream, const struct unix_start *start, bool *ret_full);

/* The record of a predecessor goes on.  0 or -ENOMEM. */
int unix_subscription_adopt(struct unix_connection *connection, uint16_t record,
    struct stream *stream);

/* Its record becomes true with the draft. */
void unix_subscription_begin(struct unix_subscription *subscription, uint8_t id);

/* It never was. */
void unix_subscription_drop(struct unix_subscription *subscription);

/* Ends with the draft, and is freed. */
void unix_subscription_end(struct unix_subscription *subscription);

/* A successor goes on with them. */
void unix_subscriptions_leave(struct unix_connection *connection);

/* All of them, with their process. */
void unix_subscriptions_free(struct unix_connection *connection);

struct unix_subscription *unix_subscription_find(struct unix_connection *connection,
    const char *name);
size_t unix_subscription_count(const struct unix_connection *connection);
struct unix_cursor *unix_subscription_record(const struct unix_subscription *subscription);

/* It has something to say. */
void unix_subscription_ready(struct unix_subscription *subscription);

/* The stream is gone: says what there is to say, and ends. */
void unix_subscription_stream_removed(struct unix_subscription *subscription);

/* {"subscribed":...} */
void unix_subscription_line(struct unix_out *out, struct stream *stream, uint64_t next);

/* ------------------------------------------------------------------ pattern */

enum unix_from { UNIX_FROM_NOW, UNIX_FROM_LATEST, UNIX_FROM_OLDEST };

/* The start of a subscription that is not resumed, and the seq of the first line it gives. */
struct unix_start unix_start_of(struct stream *stream, enum unix_from from, enum lag lag,
    uint64_t *ret_next);

bool unix_pattern_matches(const char *pattern, bool glob, const char *name);

/* NULL: none that counts in the draft, or none left. */
struct unix_pattern *unix_pattern_find(struct unix_connection *connection, const char *text);
struct unix_pattern *unix_pattern_take(struct unix_connection *connection);
size_t unix_pattern_count(struct unix_connection *connection);
bool unix_pattern_takes(struct unix_connection *connection, const char *name,
    struct unix_pattern **ret);

void unix_streams_watch(struct unix_sink *sink);

/* Streams that a pattern takes in and that have no cursor yet: all of each. */
void unix_pattern_catch_up(struct unix_connection *connection);

/* --------------------------------------------------------------------- peer */

struct unix_peer {
	uid_t uid;
	gid_t *groups;
	size_t group_count;
};

/* 0 or -errno.  Asked anew at each request: nothing is kept for who only listens. */
int unix_peer_get(int fd, struct unix_peer *ret);
void unix_peer_fini(struct unix_peer *peer);
bool unix_peer_may(const struct unix_peer *peer, const struct stream *stream);

/* ----------------------------------------------------------------- requests */

/* Serves the next request, or goes on with one, as far as the outbox has room. */
void unix_serve(struct unix_connection *connection);

/* Could it? */
bool unix_serve_pending(struct unix_connection *connection);

/* ------------------------------------------------------------------ recover */

/* Settles every connection of the table and goes on with those whose fd was handed over.  One whose
 * message was taken in the middle of a line waits for the log that has it, until this turn's
 * end: streams may come before the sink or behind it. */
void unix_recover(struct unix_sink *sink);

/* Nothing in what a predecessor left of a connection is out of its range. */
bool unix_slot_sane(const struct unix_table *table, struct unix_slot *slot);

/* The peer of a stored connection that nobody can go on with is told so, and it is closed. */
void unix_send_away(const char *name, int fd);
void unix_send_away_untaken(void);

/* A stream has come; nothing was appended to its log yet. */
void unix_recover_added(struct unix_sink *sink);

/* The record of a predecessor's subscription to this stream goes on, if there is one. */
bool unix_recover_stream(struct unix_connection *connection, struct stream *stream);

/* Records of streams that have not come again. */
void unix_recover_orphans(struct unix_connection *connection);

#endif

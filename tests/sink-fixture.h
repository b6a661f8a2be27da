/* sink-fixture.h - a unix sink over streams that the test feeds by hand, in this process: real
 * sockets, the manual clock, and nothing that is left to chance. */
#ifndef TESTS_SINK_FIXTURE_H
#define TESTS_SINK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "async/loop.h"
#include "async/loop_manual.h"
#include "async/timer.h"
#include "sinks/sink.h"
#include "sinks/unix.h"
#include "sinks/unix_options.h"
#include "streams/stream.h"

/* ------------------------------------------------------------------- setting */

struct setting {
	char folder[64], path[96];
	struct arena *arena;
	struct unix_options options;     /* the defaults; to be changed before sink_open() */
	struct sink_control control;
	struct sink *sink;               /* NULL: not open */
	const char *message;             /* why it could not be opened */
	bool stopped;
	char log[4096];                  /* what it said, a line each */
	/* reload: what is asked is kept here until the test answers. */
	void (*reload_done)(void *request, enum reload_verdict verdict, const char *text);
	void *reload_request;
	bool unprivileged, manual;
};

extern struct setting setting;

int setting_manual(void **state);
int setting_libevent(void **state);
int setting_close(void **state);

void sink_open(void);
int sink_try_open(void);
int sink_change(const struct unix_options *options);
void sink_stop(bool handing_over, uint64_t drain_ns);   /* over when setting.stopped */

/* All that can happen without the clock moving. */
void settle(void);

/* Ends the test without a claim, and says why. */
#define ONLY_IF(condition, why) \
	do { \
		if (!(condition)) { \
			print_message("# skipped: %s\n", (why)); \
			skip(); \
		} \
	} while (0)

#define ON_MANUAL_CLOCK(test) { #test, test, setting_manual, setting_close, NULL }
#define ON_REAL_LOOP(test) { #test, test, setting_libevent, setting_close, NULL }

/* -------------------------------------------------------------------- streams */

struct feed;

/* What a stream is made of may be changed between feed_options() and feed_open(). */
struct feed *feed_new(const char *name);
struct stream_options *feed_options(struct feed *feed);
void feed_open(struct feed *feed);
struct feed *feed_start(const char *name);          /* new and open, settled */

struct stream *feed_stream(struct feed *feed);
const char *feed_epoch(const char *name);

/* They wait in the feed until the loop turns. */
void feed_number(struct feed *feed, int64_t value);
void feed_numbers(struct feed *feed, int64_t from, int64_t to);
void feed_text(struct feed *feed, const char *json);
void feed_event(struct feed *feed, const struct event *event);   /* copied, its texts not */
void feed_state(struct feed *feed, enum stream_state state);
void feed_end(struct feed *feed);                   /* its source is done */
size_t feed_waiting(const struct feed *feed);

/* Removes the stream. */
void feed_stop(struct feed *feed, bool handing_over);

/* The time of all events, on the wire. */
#define FEED_TIME "2026-11-20T11:15:59.123456789Z"
#define FEED_MONO "8123456789012"

/* -------------------------------------------------------------------- clients */

struct client {
	int fd;
	char *bytes;
	size_t length, begin, size;
	bool end;                        /* it has read the end of the file, or an error */
};

struct client *client_connect(void);
struct client *client_new(void);                    /* and it has read its hello */
struct client *client_of(int fd);
void client_free(struct client *client);
void clients_free(void);

/* All of it; what comes meanwhile is read, and kept for client_line(). */
void client_send(struct client *client, const char *text);

/* The loop settles, and the client reads all there is. */
void client_read(struct client *client);

/* The next line; fails when there is none. */
const char *client_line(struct client *client);

/* The next line is this, where ~ stands for anything. */
void client_expect(struct client *client, const char *pattern);

/* A request and the line that answers it. */
void client_ask(struct client *client, const char *request, const char *pattern);

void client_expect_nothing(struct client *client);
void client_expect_end(struct client *client);

bool line_is_like(const char *line, const char *pattern);

#endif

/* stream-feed.h - streams on the manual clock, over a source that a test feeds by hand. */
#ifndef TESTS_STREAM_FEED_H
#define TESTS_STREAM_FEED_H

#include "stream-fixture.h"

struct feed;

/* What the source finds, and what became of it. */
extern struct world {
	int values[2000];
	size_t count;
	int error;                   /* to be thrown next */
	bool end, slow_end;
	size_t length;               /* -1 is a text as long as this */
	int operator_error;
	int made, finished, handed_over;
	struct feed *at;
} world;

/* One value more.  -1 is a text of world.length. */
void feed(int value);

/* Five values, and then so many jobs: somewhere between source and log. */
void feed_halfway(size_t jobs);

/* The source throws this next. */
void throw(int error);

/* Of the stream "fed". */
struct stream_options options(void);

/* Makes it, and runs until it waits. */
struct stream *begin_with(const struct stream_options *with);
struct stream *begin(void);

/* Until it has stopped. */
void stop(struct stream *stream, bool handing_over);

/* What a SIGKILL and a restart are for a stream: nobody commits anything, and another one
 * adopts. */
struct stream *restart_with(struct stream *stream, const struct stream_options *with);
struct stream *restart(struct stream *stream);

/* The source looks again. */
void poke(void);

/* For stream_stop(): sets a bool. */
void note_stopped(struct stream *stream, void *context);

int feed_setup(void **state);
#define TEST(test) { #test, test, feed_setup, fixture_close, NULL }

#endif

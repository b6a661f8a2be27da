/* sink-reader.h - follows one stream of a client, and checks it: every line is whole, and every seq
 * comes once, in order, or within a gap. */
#ifndef TESTS_SINK_READER_H
#define TESTS_SINK_READER_H

#include "sink-fixture.h"

struct reader {
	struct client *client;
	uint64_t next, events, gaps, lost;
	bool ended, out_of_time, lagged;
	uint64_t ready;
};

/* From the oldest on, over a connection of its own. */
struct reader reader_subscribe(const char *name, const char *lag);

/* All that there is, without failing when it is nothing. */
void reader_read(struct reader *reader);

/* A stream whose ring is a few KiB. */
struct feed *feed_small_ring(const char *name);

/* So many numbers, settled now and then. */
void feed_many(struct feed *feed, int64_t count);

#endif

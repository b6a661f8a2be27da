/* producer.h - one that connects to a socket source at fixture_path and writes. */
#ifndef TESTS_PRODUCER_H
#define TESTS_PRODUCER_H

#include "stream-fixture.h"

/* A socket that is connected. */
int producer(void);

/* Writes all of it; the loop turns while there is no room. */
void put_bytes(int fd, const char *data, size_t length);
void put(int fd, const char *text);

/* Of so many producers that have put [PRODUCER,0] and [PRODUCER,1] and so on, the stream tells each
 * line once, and in its order. */
void assert_each_in_order(struct stream *stream, int producers, int lines);

#endif

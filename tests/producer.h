/* producer.h - one that connects to a socket source at fixture_path and writes. */
#ifndef TESTS_PRODUCER_H
#define TESTS_PRODUCER_H

#include <stddef.h>

/* A socket that is connected. */
int producer(void);

/* Writes all of it; the loop turns while there is no room. */
void put_bytes(int fd, const char *data, size_t length);
void put(int fd, const char *text);

#endif

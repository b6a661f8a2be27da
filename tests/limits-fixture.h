/* limits-fixture.h - a socket source over a store in memory, begun with some limits or others, and
 * producers to whom it listens. */
#ifndef TESTS_LIMITS_FIXTURE_H
#define TESTS_LIMITS_FIXTURE_H

#include <netinet/in.h>

#include "stream-fixture.h"

struct limits {
	struct stream *stream;       /* NULL: none that teardown has to stop */
	in_port_t port;              /* 0: listens at fixture_path */
	const char *operators;       /* of its config */
};

extern struct limits limits;

int limits_setup(void **state);
int limits_teardown(void **state);

/* The stream's config.  Valid until the next call. */
const char *limits_config(const char *max_line, int max_producers);

void limits_begin(const char *max_line, int max_producers);

/* A producer, and what it writes; the source has seen it by the return. */
int join(void);
void say(int fd, const char *text);
void say_many(int fd, char byte, size_t count);

#endif

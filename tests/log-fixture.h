/* log-fixture.h - one log in an arena of the test's own, and lines that follow from their seqs. */
#ifndef TESTS_LOG_FIXTURE_H
#define TESTS_LOG_FIXTURE_H

#include "tests/streams-test.h"

#include "async/loop.h"
#include "streams/log_private.h"

#define RING 4096

extern struct arena *arena;
extern struct log *log_;
extern const struct log_options small;   /* the smallest: a ring of RING bytes */

/* Opens log_, "door", which must be possible. */
void open_log(const struct log_options *options);
int log_setup(void **state);
int log_teardown(void **state);

/* The process dies, another one comes. */
void succeed(const struct log_options *options);
int append(const struct event *event);

/* The next seqs, each as its value and its position. */
void append_integers(int count);
void assert_line_of_integer(const char *line, size_t length, uint64_t seq);

/* All that is kept are lines of append_integers(). */
void assert_integers(void);

/* A string event whose line is exactly so long. */
void append_of_length(size_t length, int expected);

/* An integer that was appended so long ago. */
struct event event_of_age(uint64_t age_ns);

#define TEST(name) cmocka_unit_test_setup_teardown(name, log_setup, log_teardown)

#endif

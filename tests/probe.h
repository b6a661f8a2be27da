/* probe.h - an async iterator by hand, that writes down how it is called, and a loop that writes down
 * what it gets: for the tests of what stands between. */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include "async/iterator.h"

/* Setup and teardown of a test: the manual loop, and no probe that is left. */
int probe_begin(void **state);
int probe_end(void **state);

/* The letters: n next, r return, c cancel; ! and the letter: answered with an error. */
extern char probe_log[4096];
void probe_log_clear(void);
void probe_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct probe_script {
	char name;               /* before each letter, unless 0 */
	int values;              /* 1, 2, ... as numbers; then: */
	int error;               /* thrown by next(); 0: done */
	int return_error;        /* thrown by return(); 0: done */
	bool pending;            /* behind its values it never answers, but for cancel */
	bool throws;             /* errors leave the call itself */
	bool not_object;         /* in place of an error */
	uint64_t delay;          /* before each answer, on the loop's clock */
};

/* NULL: no memory. */
struct iterator *probe_new(const struct probe_script *script);

#define PROBE(...) probe_new(&(struct probe_script){ __VA_ARGS__ })

/* Probes that live. */
extern int probes;

/* for_await over the iterator, freeing it: notes each value, and "end" or "end ERROR"; leaves by a
 * break behind `max` values (0: never). */
struct for_await;
struct for_await *probe_loop(struct iterator *iterator, int max);

/* Notes how the promise settles: "= NUMBER" or "! ERROR".  Consumes a reference. */
void probe_await(struct promise *promise);

/* Runs the loop to idle, and compares what was noted. */
void gives(const char *expected);

#define TEST(test) cmocka_unit_test_setup_teardown(test, probe_begin, probe_end)

#endif

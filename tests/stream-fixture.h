/* stream-fixture.h - streams made from the text of a config, on a loop and in an arena of the
 * test's own, and what their logs say in few words. */
#ifndef TESTS_STREAM_FIXTURE_H
#define TESTS_STREAM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "async/loop.h"
#include "async/loop_manual.h"
#include "async/timer.h"
#include "streams/stream.h"

extern struct arena *fixture_arena;

/* Setup and teardown of a test: the loop, an arena, and all that was made. */
int fixture_manual(void **state);        /* the manual clock, with real fds */
int fixture_libevent(void **state);
int fixture_close(void **state);

/* Setup and teardown of a group: a fresh folder, and the path of a file in it, of which a test
 * leaves nothing.  clear: one may have left the file. */
extern char fixture_folder[];
extern char fixture_path[];
int fixture_make_folder(void **state);
int fixture_remove_folder(void **state);
int fixture_clear_folder(void **state);

/* A stream of this config, an object with "source" and what else a stream has. */
struct stream *fixture_stream(const char *name, const char *json);
void fixture_change(struct stream *stream, const char *json);

/* What a stream of this config is made of, for stream_new(); freed by fixture_close(). */
const struct stream_options *fixture_options(const char *name, const char *json);

/* The operators of a config, a JSON array; freed by fixture_close().  How many. */
size_t fixture_operators(const char *json, const struct stream_operator **ret);

/* The config is wrong: its first message, which the caller frees. */
char *fixture_mistake(const char *json);

/* Stops it and runs the loop until that is done. */
void fixture_stop(struct stream *stream, bool handing_over);

/* Hands all streams over, closes the arena and adopts it again: what a restart is for a stream.
 * The streams are then made again by the test. */
void fixture_restart(void);

/* The entries of the log, a word each, with a blank before it: the value's JSON, or gap(3) gap(?),
 * down(ENODEV), up, stale, changed, ended.  From entry `seq` on.  Valid until the next call. */
const char *fixture_says(struct stream *stream, uint64_t seq);

/* The same as a claim about the whole log. */
#define assert_says(stream, text) assert_string_equal(fixture_says((stream), 1), (text))

/* Runs the loop until the log has so many entries, or gives up after a minute of real time. */
void fixture_await(struct stream *stream, uint64_t entries);

/* Runs the loop until the whole log says this; else, after 20 s of real time, it fails. */
void fixture_await_says(struct stream *stream, const char *text);

/* Turns of the loop while `condition` is false, at most for a minute. */
#define fixture_until(condition) \
	do { \
		uint64_t until_ = clock_mono_ns() + 60 * SECOND; \
		while (!(condition)) { \
			assert_true(clock_mono_ns() < until_); \
			fixture_turn(); \
		} \
	} while (0)

/* One turn that waits a little at most. */
void fixture_turn(void);

/* What streams told whoever logs, a line each; emptied by fixture_manual() and the like. */
extern char fixture_reports[4000];

#define ON_MANUAL_CLOCK(test) { #test, test, fixture_manual, fixture_close, NULL }
#define ON_REAL_LOOP(test) { #test, test, fixture_libevent, fixture_close, NULL }

#endif

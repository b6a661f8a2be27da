/* loop-backends.h - runs a test once on each of the loop's backends. */
#ifndef TESTS_LOOP_BACKENDS_H
#define TESTS_LOOP_BACKENDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "async/job.h"
#include "async/loop.h"
#include "async/loop_manual.h"

static inline int
open_manual(void **state)
{
	(void)state;
	return loop_open(&loop_manual);
}

/* The manual clock with real fds. */
static inline int
open_manual_real(void **state)
{
	int r = open_manual(state);

	loop_manual_poll(true);
	return r;
}

static inline int
open_libevent(void **state)
{
	(void)state;
	return loop_open(&loop_libevent);
}

static inline int
close_loop(void **state)
{
	(void)state;
	loop_close();
	assert_false(jobs_waiting());
	return 0;
}

#define ON_MANUAL(test) { #test, test, open_manual, close_loop, NULL }
#define ON_LIBEVENT(test) { #test, test, open_libevent, close_loop, NULL }
#define ON_BOTH(test) \
	{ #test " on the manual loop", test, open_manual_real, close_loop, NULL }, \
	{ #test " on libevent", test, open_libevent, close_loop, NULL }

#endif

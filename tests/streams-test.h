/* streams-test.h - what the tests of streams/ have in common: events that follow from their seq. */
#ifndef TESTS_STREAMS_TEST_H
#define TESTS_STREAMS_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "streams/encode.h"
#include "streams/log.h"

#define TEST_TIME INT64_C(1795173359123456789)    /* 2026-11-20T11:15:59.123456789Z */
#define TEST_MONO UINT64_C(8123456789012)

static inline struct event
test_event(struct json_value value)
{
	return (struct event){
		.kind = EVENT_VALUE,
		.time = { .mono_ns = TEST_MONO, .real_ns = TEST_TIME },
		.value = value,
	};
}

static inline struct event
test_integer(int64_t integer)
{
	return test_event((struct json_value){ .kind = JSON_KIND_INTEGER, .integer = integer });
}

static inline struct event
test_string(const char *string, size_t length)
{
	return test_event((struct json_value){ .kind = JSON_KIND_STRING,
	    .text = { .data = string, .length = length } });
}

static inline struct event
test_state(enum stream_state is)
{
	return (struct event){
		.kind = EVENT_STATE,
		.time = { .mono_ns = TEST_MONO, .real_ns = TEST_TIME },
		.is = is,
	};
}

static inline struct event
test_gap(uint64_t lost)
{
	return (struct event){
		.kind = EVENT_GAP,
		.time = { .mono_ns = TEST_MONO, .real_ns = TEST_TIME },
		.stage = GAP_KERNEL,
		.lost = lost,
	};
}

/* The arena as a successor finds it; the old one is gone. */
static inline struct arena *
test_succeed(struct arena *arena)
{
	struct arena *next = NULL;
	int fd = dup(arena_fd(arena));

	arena_free(arena);
	assert_int_equal(arena_adopt(fd, &next), 0);
	return next;
}

#endif

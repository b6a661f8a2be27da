#include "tests/log-fixture.h"

#include <stdlib.h>

struct arena *arena;
struct log *log_;
const struct log_options small = { .size = RING, .max_line = 1024 };

void
open_log(const struct log_options *options)
{
	assert_int_equal(log_open(arena, "door", options, &log_), 0);
}

int
log_setup(void **state)
{
	(void)state;
	assert_int_equal(arena_create(&arena), 0);
	log_ = NULL;
	return 0;
}

int
log_teardown(void **state)
{
	(void)state;
	log_close(log_);
	arena_free(arena);
	return 0;
}

/* The process dies, another one comes. */
void
succeed(const struct log_options *options)
{
	log_close(log_);
	arena = test_succeed(arena);
	assert_int_equal(arena_damaged(arena), 0);
	open_log(options);
}

int
append(const struct event *event)
{
	return log_append(log_, event);
}

void
append_integers(int count)
{
	for (int i = 0; i < count; i++) {
		struct event event = test_integer((int64_t)log_next_seq(log_));

		event.position = (struct position){ 1, 2, log_next_seq(log_) };
		assert_int_equal(append(&event), 0);
	}
}

void
assert_line_of_integer(const char *line, size_t length, uint64_t seq)
{
	char expected[256];
	int n = snprintf(expected, sizeof expected,
	    "{\"stream\":\"door\",\"seq\":%llu,\"time\":\"2026-11-20T11:15:59.123456789Z\","
	    "\"mono_ns\":8123456789012,\"value\":%llu}\n",
	    (unsigned long long)seq, (unsigned long long)seq);

	assert_int_equal(length, n);
	assert_memory_equal(line, expected, length);
}

/* All that is kept are lines of append_integers(). */
void
assert_integers(void)
{
	uint64_t next = log_next_seq(log_);

	for (uint64_t seq = log_tail_seq(log_); seq < next; seq++) {
		struct text line = log_rest(log_, seq, 0);

		assert_line_of_integer(line.data, line.length, seq);
	}
}

/* A string event whose line is exactly so long. */
void
append_of_length(size_t length, int expected)
{
	static char bytes[100000];
	struct encoder encoder;
	struct event event = test_string(bytes, 0);
	size_t empty;

	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(encoder_init(&encoder, "door"), 0);
	empty = encoder_line(&encoder, &event, log_next_seq(log_), bytes, 300);
	memset(bytes, 'x', sizeof bytes);
	assert_true(length >= empty);
	event.value.text.length = length - empty;
	assert_int_equal(append(&event), expected);
}

struct event
event_of_age(uint64_t age_ns)
{
	struct event event = test_integer(1);

	event.time = moment_now();
	event.time.real_ns -= (int64_t)age_ns;
	return event;
}

/* sources/inlet: what a successor finds, whenever the predecessor died. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "sources/inlet.h"

#define MAX 5000        /* of a line */
#define TOTAL (3 * 1000 * 1000)

static struct inlet_layout
layout_new(size_t count, size_t max)
{
	struct inlet_layout layout = inlet_layout(count, max);

	layout.memory = aligned_alloc(4096, inlet_layout_size(&layout));
	assert_non_null(layout.memory);
	memset(layout.memory, 0, inlet_layout_size(&layout));
	return layout;
}

/* The byte at an offset of the producer's stream. */
static char
byte_at(uint64_t offset)
{
	return (char)(offset * 131 + offset / 251 * 17);
}

static size_t
send_some(int fd, uint64_t from)
{
	static char buffer[100000];
	size_t size = (size_t)rand() % (rand() % 10 == 0 ? sizeof buffer : 300) + 1;

	for (size_t i = 0; i < size; i++)
		buffer[i] = byte_at(from + i);
	ssize_t n = send(fd, buffer, size, MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

static void
check_data(const struct inlet_layout *layout)
{
	const struct inlet *inlet = inlet_at(layout, 1);
	size_t length;
	const char *data = inlet_data(layout, 1, &length);

	for (size_t i = 0; i < length; i++)
		assert_int_equal(data[i], byte_at(inlet_done_offset(inlet->done) + i));
}

/* A successor's memory is a copy of this instant's. */
static void
check_successor(const struct inlet_layout *layout, struct inlet_layout *copy, uint64_t committed)
{
	memcpy(copy->memory, layout->memory, inlet_layout_size(layout));
	assert_true(inlet_recover(copy, 1, committed));
	assert_true(inlet_at(copy, 1)->done >= committed);
	assert_int_equal(inlet_received(inlet_at(copy, 1)), inlet_received(inlet_at(layout, 1)));
	check_data(copy);
}

static void
what_is_received_and_not_done_is_found_at_any_time(void **state)
{
	struct inlet_layout layout = layout_new(3, MAX), copy = layout_new(3, MAX);
	struct inlet *inlet = inlet_at(&layout, 1);
	uint64_t sent = 0, committed = 0;
	int fds[2];

	(void)state;
	srand(42);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	inlet_init(inlet, 0);
	inlet->state = INLET_OPEN;
	while (inlet->done < TOTAL) {
		ssize_t n = -EAGAIN;
		uint64_t left;

		sent += send_some(fds[0], sent);
		n = inlet_receive(&layout, 1, fds[1], (size_t)rand() % 80000 + 1);
		assert_true(n > 0 || n == -EAGAIN);
		check_data(&layout);
		left = inlet_received(inlet) - inlet->done;
		/* Of what has come, all but a part of a line is read, entry by entry. */
		while (left > (uint64_t)(rand() % MAX)) {
			committed = inlet->done + (uint64_t)rand() % left + 1;
			if (rand() % 50 == 0)
				check_successor(&layout, &copy, committed);
			inlet->done = committed;
			left = inlet_received(inlet) - inlet->done;
		}
		if (rand() % 50 == 0)
			check_successor(&layout, &copy, committed);
	}
	close(fds[0]);
	close(fds[1]);
	free(layout.memory);
	free(copy.memory);
}

static void
an_end_and_nothing_there_are_told_apart(void **state)
{
	struct inlet_layout layout = layout_new(2, MAX);
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	inlet_init(inlet_at(&layout, 1), 0);
	assert_int_equal(inlet_receive(&layout, 1, fds[1], 100), -EAGAIN);
	assert_int_equal(send(fds[0], "abc", 3, 0), 3);
	close(fds[0]);
	assert_int_equal(inlet_receive(&layout, 1, fds[1], 2), 2);
	assert_int_equal(inlet_receive(&layout, 1, fds[1], 100), 1);
	assert_int_equal(inlet_receive(&layout, 1, fds[1], 100), 0);
	assert_int_equal(inlet_received(inlet_at(&layout, 1)), 3);
	close(fds[1]);
	free(layout.memory);
}

static void
a_generation_is_above_all_that_the_log_may_name(void **state)
{
	struct inlet_layout layout = layout_new(2, MAX);
	struct inlet *inlet = inlet_at(&layout, 0);

	(void)state;
	inlet_init(inlet, 7);
	assert_int_equal(inlet->generation, 8);
	assert_int_equal(inlet->state, INLET_INIT);
	inlet->done = 99;
	inlet_init(inlet, 3);
	assert_int_equal(inlet->generation, 9);
	assert_int_equal(inlet->done, 0);
	free(layout.memory);
}

static void
nonsense_is_not_recovered(void **state)
{
	struct inlet_layout layout = layout_new(2, MAX);
	struct inlet *inlet = inlet_at(&layout, 0);

	(void)state;
	inlet_init(inlet, 0);
	assert_true(inlet_recover(&layout, 0, 0));
	assert_false(inlet_recover(&layout, 0, 1));
	inlet_init(inlet, 0);
	inlet->slot[0].half = 2;
	assert_false(inlet_recover(&layout, 0, 0));
	inlet->slot[0].half = 1;
	inlet->slot[0].header.msg_len = (unsigned int)layout.half;
	assert_true(inlet_recover(&layout, 0, 0));
	inlet->slot[0].offset = 1;
	assert_false(inlet_recover(&layout, 0, 0));
	inlet->slot[0].base = 100;
	inlet->slot[0].header.msg_len = 10;
	inlet->slot[0].offset = 50;
	inlet->done = 49;
	assert_false(inlet_recover(&layout, 0, 0));
	inlet->done = 50;
	assert_true(inlet_recover(&layout, 0, 0));
	free(layout.memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_received_and_not_done_is_found_at_any_time),
		cmocka_unit_test(an_end_and_nothing_there_are_told_apart),
		cmocka_unit_test(a_generation_is_above_all_that_the_log_may_name),
		cmocka_unit_test(nonsense_is_not_recovered),
	};

	return cmocka_run_group_tests_name("inlets", tests, NULL, NULL);
}

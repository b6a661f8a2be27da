#include "loop-backends.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "async/timer.h"
#include "async/watch.h"
#include "waiter.h"

static int ends[2];

static void
open_sockets(void)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

static void
close_sockets(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void
say(int end, const char *text)
{
	assert_int_equal(send(ends[end], text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void
fill(int end)
{
	static const char zeros[4096];

	while (send(ends[end], zeros, sizeof zeros, MSG_NOSIGNAL) > 0)
		continue;
	assert_int_equal(errno, EAGAIN);
}

static void
drain(int end)
{
	char buffer[4096];

	while (read(ends[end], buffer, sizeof buffer) > 0)
		continue;
}

/* Turns for some milliseconds: what would happen does; returns how many. */
static uint64_t
let_pass(void)
{
	uint64_t before = loop_turns();
	struct timer timer = { .fire = NULL };

	timer_after(&timer, 5 * MILLISECOND);
	while (timer_is_set(&timer))
		assert_int_equal(loop_turn(), 1);
	return loop_turns() - before;
}

/* ----------------------------------------------------------------- reading */

static void
data_fulfils_who_awaits_it(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch *watch;

	(void)state;
	open_sockets();
	watch = watch_open(ends[0]);
	assert_int_equal(watch_fd(watch), ends[0]);
	wait_for(&waiter, watch_readable(watch));
	let_pass();
	assert_int_equal(waiter.heard, 0);
	say(1, "a");
	assert_int_equal(loop_turn(), 1);
	assert_int_equal(waiter.heard, 1);
	assert_int_equal(waiter.value, WATCH_READABLE);
	watch_close(watch);
	close_sockets();
}

static void
a_fd_that_is_read_each_time_stays_registered(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;

	(void)state;
	open_sockets();
	watch_init(&watch, ends[0]);
	for (int i = 1; i <= 5; i++) {
		wait_for(&waiter, watch_readable(&watch));
		say(1, "a");
		loop_turn();
		assert_int_equal(waiter.heard, i);
		drain(0);
		assert_true(watch.io.added);
	}
	watch_fini(&watch);
	close_sockets();
}

static void
a_fd_that_nobody_reads_is_taken_off_until_the_next_await(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;

	(void)state;
	open_sockets();
	watch_init(&watch, ends[0]);
	wait_for(&waiter, watch_readable(&watch));
	say(1, "a");
	loop_turn();
	assert_true(watch.io.added);
	loop_turn();
	assert_false(watch.io.added);
	assert_true(let_pass() <= 3);
	wait_for(&waiter, watch_readable(&watch));
	loop_turn();
	assert_int_equal(waiter.heard, 2);
	watch_pause(&watch);
	assert_false(watch.io.added);
	watch_fini(&watch);
	close_sockets();
}

static bool endless_ends;

static void
endless_run(struct job *job)
{
	if (!endless_ends)
		job_enqueue(job);
}

/* Its jobs may not have come so far: it stays for some turns, but not for ever. */
static void
a_fd_that_nobody_reads_yet_in_a_cut_turn_is_looked_at_some_times(void **state)
{
	struct job endless = { .run = endless_run };
	struct waiter waiter = { .heard = 0 };
	struct watch watch;
	int turns = 0;

	(void)state;
	open_sockets();
	endless_ends = false;
	watch_init(&watch, ends[0]);
	wait_for(&waiter, watch_readable(&watch));
	say(1, "a");
	job_enqueue(&endless);
	while (waiter.heard == 0)
		loop_turn();
	assert_true(loop_is_cut());
	while (watch.io.added && turns < 100) {
		loop_turn();
		turns++;
	}
	assert_in_range(turns, 2, 20);
	wait_for(&waiter, watch_readable(&watch));
	while (waiter.heard == 1)
		loop_turn();
	assert_true(watch.io.added);
	endless_ends = true;
	loop_turn();
	loop_turn();
	assert_false(watch.io.added);
	watch_fini(&watch);
	close_sockets();
}

static void
an_await_that_was_taken_back_can_be_made_again(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;

	(void)state;
	open_sockets();
	watch_init(&watch, ends[0]);
	wait_for(&waiter, watch_readable(&watch));
	promise_forget(&waiter.job);
	say(1, "a");
	loop_turn();
	loop_turn();
	assert_int_equal(waiter.heard, 0);
	wait_for(&waiter, watch_readable(&watch));
	loop_turn();
	assert_int_equal(waiter.heard, 1);
	watch_fini(&watch);
	close_sockets();
}

static void
a_hang_up_wakes_a_reader(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;
	char byte;

	(void)state;
	open_sockets();
	watch_init(&watch, ends[0]);
	wait_for(&waiter, watch_readable(&watch));
	close(ends[1]);
	loop_turn();
	assert_int_equal(waiter.heard, 1);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	watch_fini(&watch);
	close(ends[0]);
}

/* A peer that closes with bytes unread gives ECONNRESET. */
static void
an_error_wakes_a_reader_who_finds_it(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;
	char byte;

	(void)state;
	open_sockets();
	say(0, "unread");
	watch_init(&watch, ends[0]);
	wait_for(&waiter, watch_readable(&watch));
	close(ends[1]);
	loop_turn();
	assert_int_equal(waiter.heard, 1);
	assert_int_equal(read(ends[0], &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	watch_fini(&watch);
	close(ends[0]);
}

static void
the_reader_of_a_pipe_that_went_wakes_its_writer(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;
	char byte = 'a';

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	while (write(ends[1], &byte, 1) == 1)
		continue;
	watch_init(&watch, ends[1]);
	wait_for(&waiter, watch_writable(&watch));
	let_pass();
	assert_int_equal(waiter.heard, 0);
	close(ends[0]);
	loop_turn();
	assert_int_equal(waiter.heard, 1);
	watch_fini(&watch);
	close(ends[1]);
}

/* ----------------------------------------------------------------- writing */

static void
room_fulfils_who_awaits_it_once(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;

	(void)state;
	open_sockets();
	watch_init(&watch, ends[0]);
	for (int i = 1; i <= 3; i++) {
		fill(0);
		wait_for(&waiter, watch_writable(&watch));
		let_pass();
		assert_int_equal(waiter.heard, i - 1);
		drain(1);
		loop_turn();
		assert_int_equal(waiter.heard, i);
		assert_int_equal(waiter.value, WATCH_WRITABLE);
		assert_true(let_pass() <= 3);
	}
	watch_fini(&watch);
	close_sockets();
}

static void
reading_and_writing_are_awaited_side_by_side(void **state)
{
	struct waiter reader = { .heard = 0 }, writer = { .heard = 0 };
	struct watch watch;

	(void)state;
	open_sockets();
	watch_init(&watch, ends[0]);
	fill(0);
	wait_for(&reader, watch_readable(&watch));
	wait_for(&writer, watch_writable(&watch));
	say(1, "a");
	loop_turn();
	assert_int_equal(reader.heard, 1);
	assert_int_equal(writer.heard, 0);
	drain(1);
	loop_turn();
	assert_int_equal(writer.heard, 1);
	watch_fini(&watch);
	close_sockets();
}

/* ----------------------------------------------------------------- closing */

static void
closing_rejects_who_awaits(void **state)
{
	struct waiter reader = { .heard = 0 }, writer = { .heard = 0 };
	struct watch *watch;

	(void)state;
	open_sockets();
	fill(0);
	watch = watch_open(ends[0]);
	wait_for(&reader, watch_readable(watch));
	wait_for(&writer, watch_writable(watch));
	watch_close(watch);
	close_sockets();
	assert_int_equal(loop_run(), 0);
	assert_true(reader.rejected);
	assert_int_equal(reader.value, -ECANCELED);
	assert_true(writer.rejected);
	assert_int_equal(writer.value, -ECANCELED);
}

static void
closing_nothing_is_fine(void **state)
{
	struct watch zeroed = { .write = NULL };
	struct waiter waiter = { .heard = 0 };

	(void)state;
	watch_close(NULL);
	watch_fini(&zeroed);
	watch_init(&zeroed, 0);
	watch_fini(&zeroed);
	watch_fini(&zeroed);
	wait_for(&waiter, watch_readable(NULL));
	assert_int_equal(loop_run(), 0);
	assert_true(waiter.rejected);
	assert_int_equal(waiter.value, -ENOMEM);
	assert_null(watch_writable(NULL));
	assert_null(watch_closed(NULL));
}

struct closer {
	struct job job;
	struct watch *victim;
};

static void
closer_run(struct job *job)
{
	struct closer *closer = (struct closer *)job;

	watch_close(closer->victim);
	closer->victim = NULL;
}

/* Both are ready in one turn; whoever comes first closes the other. */
static void
a_callback_may_close_a_watch_that_is_ready_too(void **state)
{
	struct waiter waiters[2] = { { .heard = 0 } };
	struct closer closer[2];
	struct watch *watches[2];

	(void)state;
	open_sockets();
	say(0, "a");
	say(1, "a");
	for (int i = 0; i < 2; i++) {
		watches[i] = watch_open(ends[i]);
		wait_for(&waiters[i], watch_readable(watches[i]));
	}
	closer[0] = (struct closer){ { .run = closer_run }, watches[1] };
	promise_perform_then(watch_readable(watches[0]), &closer[0].job);
	loop_turn();
	assert_int_equal(waiters[0].heard, 1);
	assert_int_equal(waiters[1].heard, 1);
	assert_null(closer[0].victim);
	watch_close(watches[0]);
	close_sockets();
}

static void
a_watch_may_be_closed_by_its_own_job(void **state)
{
	struct watch *watch;
	struct closer closer;

	(void)state;
	open_sockets();
	say(1, "a");
	watch = watch_open(ends[0]);
	closer = (struct closer){ { .run = closer_run }, watch };
	promise_perform_then(watch_readable(watch), &closer.job);
	loop_turn();
	assert_null(closer.victim);
	close_sockets();
	assert_int_equal(loop_run(), 0);
}

/* What an epoll changelist gets wrong. */
static void
a_fd_number_used_again_at_once_is_watched(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;
	int number;

	(void)state;
	open_sockets();
	for (int i = 1; i <= 3; i++) {
		watch_init(&watch, ends[0]);
		wait_for(&waiter, watch_readable(&watch));
		say(1, "a");
		loop_turn();
		assert_int_equal(waiter.heard, i);
		number = ends[0];
		watch_fini(&watch);
		close_sockets();
		open_sockets();
		assert_int_equal(ends[0], number);
	}
	close_sockets();
}

/* ------------------------------------------------------- the peer's last word */

static void
the_end_of_file_is_not_the_end(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;
	char byte;

	(void)state;
	open_sockets();
	watch_init(&watch, ends[0]);
	shutdown(ends[1], SHUT_WR);
	wait_for(&waiter, watch_readable(&watch));
	loop_turn();
	assert_int_equal(read(ends[0], &byte, 1), 0);
	wait_for(&waiter, watch_closed(&watch));
	assert_true(let_pass() <= 5);
	assert_int_equal(waiter.heard, 1);
	close(ends[1]);
	let_pass();
	assert_int_equal(waiter.heard, 2);
	assert_int_equal(waiter.value, WATCH_CLOSED);
	assert_true(let_pass() <= 5);
	watch_fini(&watch);
	close(ends[0]);
}

static void
a_peer_that_has_gone_already_is_noticed(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;

	(void)state;
	open_sockets();
	watch_init(&watch, ends[0]);
	close(ends[1]);
	wait_for(&waiter, watch_closed(&watch));
	loop_turn();
	assert_int_equal(waiter.heard, 1);
	watch_fini(&watch);
	close(ends[0]);
}

/* Of edge-triggered and level-triggered, libevent takes one a fd. */
static void
write_after_shutdown(bool closed_first)
{
	struct waiter writer = { .heard = 0 }, closed = { .heard = 0 };
	struct watch watch;

	open_sockets();
	watch_init(&watch, ends[0]);
	shutdown(ends[1], SHUT_WR);
	fill(0);
	if (closed_first)
		wait_for(&closed, watch_closed(&watch));
	wait_for(&writer, watch_writable(&watch));
	if (!closed_first)
		wait_for(&closed, watch_closed(&watch));
	assert_true(let_pass() <= 5);
	assert_int_equal(writer.heard, 0);
	drain(1);
	let_pass();
	assert_int_equal(writer.heard, 1);
	fill(0);
	wait_for(&writer, watch_writable(&watch));
	let_pass();
	assert_int_equal(writer.heard, 1);
	drain(1);
	let_pass();
	assert_int_equal(writer.heard, 2);
	wait_for(&writer, watch_writable(&watch));      /* there is room already */
	let_pass();
	assert_int_equal(writer.heard, 3);
	assert_int_equal(closed.heard, 0);
	close(ends[1]);
	let_pass();
	assert_int_equal(closed.heard, 1);
	watch_fini(&watch);
	close(ends[0]);
}

static void
room_is_awaited_behind_the_end_of_file(void **state)
{
	(void)state;
	write_after_shutdown(true);
}

static void
room_is_awaited_across_the_end_of_file(void **state)
{
	(void)state;
	write_after_shutdown(false);
}

/* ----------------------------------------------------------------- failing */

static unsigned lines;

static void
count_lines(const char *line)
{
	assert_non_null(strstr(line, "not permitted"));
	lines++;
}

static void
a_file_of_a_disk_cannot_be_watched(void **state)
{
	struct waiter waiter = { .heard = 0 };
	struct watch watch;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	lines = 0;
	loop_set_log(count_lines);
	watch_init(&watch, fd);
	for (int i = 1; i <= 2; i++) {
		wait_for(&waiter, watch_readable(&watch));
		assert_int_equal(loop_run(), 0);
		assert_int_equal(waiter.heard, i);
		assert_true(waiter.rejected);
		assert_int_equal(waiter.value, -EPERM);
	}
	assert_int_equal(lines, 2);
	loop_set_log(NULL);
	watch_fini(&watch);
	close(fd);
}

/* ------------------------------------------------------------------ manual */

static void
a_test_says_what_is_ready(void **state)
{
	struct waiter reader = { .heard = 0 }, writer = { .heard = 0 };
	struct watch watch;

	(void)state;
	watch_init(&watch, 1000);
	wait_for(&reader, watch_readable(&watch));
	wait_for(&writer, watch_writable(&watch));
	assert_int_equal(loop_run(), 0);
	assert_int_equal(loop_manual_ready(1000, MANUAL_WRITABLE), 0);
	assert_int_equal(loop_run(), 0);
	assert_int_equal(reader.heard, 0);
	assert_int_equal(writer.heard, 1);
	assert_int_equal(loop_manual_ready(1000, MANUAL_READABLE), 0);
	assert_int_equal(loop_turn(), 1);
	assert_int_equal(reader.heard, 1);
	assert_int_equal(loop_manual_ready(1000, 0), 0);
	wait_for(&reader, watch_readable(&watch));
	assert_int_equal(loop_run(), 0);
	assert_int_equal(reader.heard, 1);
	watch_fini(&watch);
	assert_int_equal(loop_run(), 0);
	assert_true(reader.rejected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(data_fulfils_who_awaits_it),
		ON_BOTH(a_fd_that_is_read_each_time_stays_registered),
		ON_BOTH(a_fd_that_nobody_reads_is_taken_off_until_the_next_await),
		ON_LIBEVENT(a_fd_that_nobody_reads_yet_in_a_cut_turn_is_looked_at_some_times),
		ON_BOTH(an_await_that_was_taken_back_can_be_made_again),
		ON_BOTH(a_hang_up_wakes_a_reader),
		ON_BOTH(an_error_wakes_a_reader_who_finds_it),
		ON_BOTH(the_reader_of_a_pipe_that_went_wakes_its_writer),
		ON_BOTH(room_fulfils_who_awaits_it_once),
		ON_BOTH(reading_and_writing_are_awaited_side_by_side),
		ON_BOTH(closing_rejects_who_awaits),
		ON_BOTH(closing_nothing_is_fine),
		ON_BOTH(a_callback_may_close_a_watch_that_is_ready_too),
		ON_BOTH(a_watch_may_be_closed_by_its_own_job),
		ON_BOTH(a_fd_number_used_again_at_once_is_watched),
		ON_BOTH(the_end_of_file_is_not_the_end),
		ON_BOTH(a_peer_that_has_gone_already_is_noticed),
		ON_BOTH(room_is_awaited_behind_the_end_of_file),
		ON_BOTH(room_is_awaited_across_the_end_of_file),
		ON_LIBEVENT(a_file_of_a_disk_cannot_be_watched),
		ON_MANUAL(a_test_says_what_is_ready),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}

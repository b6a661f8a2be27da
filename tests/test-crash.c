/* base/crash: what a successor finds of its predecessors' deaths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crash.h"

static struct crash_place *places;

static int
map_places(void **state)
{
	(void)state;
	places = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return places == MAP_FAILED ? -1 : 0;
}

static int
unmap_places(void **state)
{
	(void)state;
	return munmap(places, 4096);
}

static _Noreturn void
die_by_abort(void)
{
	abort();
}

static void
die_by_address(void)
{
	volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[0] = 1;
}

static void
die_by_instruction(void)
{
	__builtin_trap();
}

static void
die_by_sigfpe(void)
{
	raise(SIGFPE);
}

static void
die_by_watchdog(void)
{
	pid_t self = getpid();

	if (fork() == 0) {
		kill(self, SIGABRT);
		_exit(0);
	}
	for (;;)
		continue;
}

static void
die_by_sigkill(void)
{
	raise(SIGKILL);
}

static volatile bool sane;

static int
overflow(volatile char *below)
{
	volatile char here[4096];

	here[0] = below != NULL ? below[0] : 0;
	return sane ? 0 : here[0] + overflow(here) + here[1];
}

static void
die_by_overflow(void)
{
	(void)overflow(NULL);
}

/* Without those of cmocka, which would go on with the tests. */
static void
forget_handlers(void)
{
	const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		(void)signal(signals[i], SIG_DFL);
}

/* By which signal it died. */
static int
run(void (*work)(void *context), void *context, void (*die)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_DUMPABLE, 0);
		forget_handlers();
		if (crash_open() < 0)
			_exit(0);
		work(context);
		die();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return WTERMSIG(status);
}

static void
enter_7(void *context)
{
	crash_enter(context, 7);
}

static void
enter_8(void *context)
{
	crash_enter(context, 8);
}

static void
enter_and_leave(void *context)
{
	crash_enter(context, 7);
	crash_leave();
}

static void
each_death_of_its_own_is_counted_and_is_still_that_death(void **state)
{
	const struct {
		void (*die)(void);
		int signal;
	} deaths[] = {
		{ die_by_abort, SIGABRT },
		{ die_by_address, SIGSEGV },
		{ die_by_instruction, SIGILL },
		{ die_by_sigfpe, SIGFPE },
		{ die_by_watchdog, SIGABRT },
		{ die_by_overflow, SIGSEGV },
	};

	(void)state;
	for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
		struct crash_place *place = &places[i];
		int signal = run(enter_7, place, deaths[i].die);

		if (deaths[i].signal == SIGILL && signal == SIGTRAP)
			continue;        /* not every machine has such an instruction */
		assert_int_equal(signal, deaths[i].signal);
		assert_int_equal(place->signal, deaths[i].signal);
		assert_int_equal(place->died_at, 7);
		assert_int_equal(place->deaths, 1);
	}
}

static void
three_deaths_in_a_row_at_one_piece_are_poison(void **state)
{
	(void)state;
	for (int i = 1; i <= 3; i++) {
		assert_true(crash_enter(places, 7));
		crash_leave();
		run(enter_7, places, die_by_abort);
		assert_int_equal(places->deaths, i);
	}
	assert_true(crash_enter(places, 6));
	assert_false(crash_enter(places, 7));
	assert_true(crash_enter(places, 8));
	crash_reset(places);
	assert_true(crash_enter(places, 7));
	crash_leave();
}

static void
a_death_at_another_piece_begins_to_count_anew(void **state)
{
	(void)state;
	run(enter_7, places, die_by_abort);
	run(enter_7, places, die_by_abort);
	run(enter_8, places, die_by_abort);
	assert_int_equal(places->deaths, 1);
	assert_int_equal(places->died_at, 8);
	run(enter_7, places, die_by_abort);
	assert_int_equal(places->deaths, 1);
}

static void
a_sigkill_is_not_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(run(enter_7, places, die_by_sigkill), SIGKILL);
	assert_int_equal(places->deaths, 0);
}

static void
a_death_with_nothing_in_hand_is_not_counted(void **state)
{
	(void)state;
	run(enter_and_leave, places, die_by_abort);
	assert_int_equal(places->deaths, 0);
}

static void
enter_two(void *context)
{
	struct crash_place *place = context;

	crash_enter(&place[0], 7);
	crash_enter(&place[1], 8);
	crash_resume(&place[0]);
	crash_forget(&place[1]);
}

static void
who_has_resumed_is_counted(void **state)
{
	(void)state;
	run(enter_two, places, die_by_abort);
	assert_int_equal(places[0].deaths, 1);
	assert_int_equal(places[0].died_at, 7);
	assert_int_equal(places[1].deaths, 0);
}

static void *
abort_in_thread(void *context)
{
	(void)context;
	abort();
}

static void
die_in_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, abort_in_thread, NULL) == 0)
		pthread_join(thread, NULL);
}

static void
another_thread_has_nothing_in_hand(void **state)
{
	(void)state;
	run(enter_7, places, die_in_thread);
	assert_int_equal(places->deaths, 0);
}

#define TEST(test) { #test, test, map_places, unmap_places, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_death_of_its_own_is_counted_and_is_still_that_death),
		TEST(three_deaths_in_a_row_at_one_piece_are_poison),
		TEST(a_death_at_another_piece_begins_to_count_anew),
		TEST(a_sigkill_is_not_counted),
		TEST(a_death_with_nothing_in_hand_is_not_counted),
		TEST(who_has_resumed_is_counted),
		TEST(another_thread_has_nothing_in_hand),
	};

	return cmocka_run_group_tests_name("crashes", tests, NULL, NULL);
}

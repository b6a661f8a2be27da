#include "base/crash.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* MINSIGSTKSZ grows with the machine's registers (sigaltstack(2)). */
#define STACK_SIZE (64 * 1024)

static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

#define SIGNALS (sizeof signals / sizeof *signals)

static struct sigaction former[SIGNALS];
static char stack[STACK_SIZE];

_Thread_local struct crash_place *crash_place;

/* A SIGKILL may come between any two stores: then it is a death less, never one more. */
static void
crash_note(struct crash_place *place, int signal)
{
	if (place->deaths > 0 && place->died_at != place->at)
		crash_reset(place);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	place->died_at = place->at;
	place->signal = (uint32_t)signal;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&place->deaths, place->deaths + 1, __ATOMIC_RELAXED);
}

/* The former action gets the signal: a fault happens again as soon as this returns, a signal that
 * was sent has to be sent again. */
static void
crash_handle(int signal, siginfo_t *info, void *context)
{
	struct crash_place *place = crash_place;
	int saved = errno;

	(void)context;
	crash_leave();
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i] == signal)
			(void)sigaction(signal, &former[i], NULL);
	if (place != NULL)
		crash_note(place, signal);
	if (info->si_code <= 0)
		(void)raise(signal);
	errno = saved;
}

int
crash_open(void)
{
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (sigaltstack(&own, NULL) < 0)
		return -errno;
	action.sa_sigaction = crash_handle;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		if (sigaction(signals[i], &action, &former[i]) < 0)
			return -errno;
	return 0;
}

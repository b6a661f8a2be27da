/* What goes wrong in a body and cannot be found when it is compiled aborts with a clear message. */
#include "async-test.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/sync_iterator.h"

struct frame {
	int i;
};

static void
run(coroutine_body body)
{
	struct iterator *generator = async_generator_new("tested", body, sizeof(struct frame));
	struct ask ask = { .heard = 0 };

	ask_next(&ask, generator);
	drain();
	iterator_free(generator);
}

static void
abort_quietly(int fd)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	dup2(fd, STDERR_FILENO);
	signal(SIGABRT, SIG_DFL);
}

/* In a child: asks `body` until it aborts; what it said. */
static void
assert_aborts(void (*what)(void), const char *message)
{
	char said[1024] = "";
	size_t length = 0;
	ssize_t n;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		abort_quietly(ends[1]);
		what();
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], said + length, sizeof said - 1 - length)) > 0)
		length += (size_t)n;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	if (strstr(said, message) == NULL)
		fail_msg("said: %s", said);
}

static enum step
switch_body(struct coroutine *co, void *frame)
{
	struct frame *self = frame;

	BEGIN(co);
	switch (self->i) {
	case 0:
		AWAIT(promise_resolved(value_undefined()));
		break;
	default:
		break;
	}
	FINALLY;
	END;
}

static void
run_switch(void)
{
	run(switch_body);
}

static void
await_in_a_switch_aborts_and_says_so(void **state)
{
	(void)state;
	assert_aborts(run_switch, "an AWAIT or YIELD inside a switch?");
	assert_aborts(run_switch, "test-async-aborts.c:");
	assert_aborts(run_switch, "tested: ");
}

static enum step
plain_return_body(struct coroutine *co, void *frame)
{
	struct frame *self = frame;

	BEGIN(co);
	AWAIT(promise_resolved(value_undefined()));
	if (self->i == 0)
		return STEP_RETURN;
	FINALLY;
	END;
}

static void
run_plain_return(void)
{
	run(plain_return_body);
}

static void
a_plain_return_aborts_and_says_so(void **state)
{
	(void)state;
	assert_aborts(run_plain_return, "by a plain return behind line");
}

static void
run_sync_await(void)
{
	struct sync_iterator *sync = sync_generator_new("tested", plain_return_body,
	    sizeof(struct frame));
	struct sync_result result = { .kind = RESULT_VALUE };

	sync->ops->next(sync, value_undefined(), &result);
}

static void
await_in_a_sync_generator_aborts_and_says_so(void **state)
{
	(void)state;
	assert_aborts(run_sync_await, "an AWAIT in a sync generator?");
}

static enum step
odd_step_body(struct coroutine *co, void *frame)
{
	(void)co;
	(void)frame;
	return STEP_YIELD_PROMISE;
}

static void
run_odd_step(void)
{
	run(odd_step_body);
}

static void
an_unknown_step_aborts_and_says_so(void **state)
{
	(void)state;
	assert_aborts(run_odd_step, "no step of a generator like this");
}

static enum step
waiting_body(struct coroutine *co, void *frame)
{
	struct frame *self = frame;

	BEGIN(co);
	AWAIT(never_settles());
	FINALLY;
	self->i++;
	END;
}

static void
run_free_of_one_that_waits(void)
{
	run(waiting_body);
}

static void
freeing_a_generator_that_waits_aborts(void **state)
{
	(void)state;
	assert_aborts(run_free_of_one_that_waits, "Assertion");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(await_in_a_switch_aborts_and_says_so),
		cmocka_unit_test(a_plain_return_aborts_and_says_so),
		cmocka_unit_test(await_in_a_sync_generator_aborts_and_says_so),
		cmocka_unit_test(an_unknown_step_aborts_and_says_so),
		cmocka_unit_test(freeing_a_generator_that_waits_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

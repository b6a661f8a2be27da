#include "async/coroutine.h"

#include <stdio.h>
#include <stdlib.h>

const struct coroutine *coroutine_running;

/* A plain `return` in a body written in the words would skip FINALLY. */
void
coroutine_check_end(const struct coroutine *co)
{
	if (co->file == NULL || co->ended)
		return;
	fprintf(stderr, "%s: left %s by a plain return behind line %d; "
	    "leave by THROW, by RETURN or by falling into FINALLY\n",
	    co->name, co->file, co->line);
	abort();
}

static void
coroutine_note(struct coroutine *co)
{
	if (co->received == COMPLETION_THROW)
		coroutine_throw(co, co->value, co->line);
	else if (!co->in_finally) {
		co->ending = COMPLETION_RETURN;
		co->result = co->value;
	}
}

bool
coroutine_goes_abrupt(struct coroutine *co)
{
	coroutine_note(co);
	return !co->in_finally;
}

bool
coroutine_abrupt_close(struct coroutine *co)
{
	if (co->received == COMPLETION_THROW && co->value.number == -ECANCELED)
		return false;
	return coroutine_abrupt(co);
}

bool
coroutine_next_fails(struct coroutine *co, const struct iterator_request *request)
{
	if (request->threw) {
		co->received = COMPLETION_THROW;
		co->value = request->promise.value;
	} else if (co->received == COMPLETION_NORMAL) {
		co->received = COMPLETION_THROW;
		co->value = value_number(TYPE_ERROR);
	}
	return coroutine_abrupt(co);
}

enum step
coroutine_end(struct coroutine *co)
{
	co->ended = true;
	co->value = co->result;
	if (co->ending != COMPLETION_THROW)
		return STEP_RETURN;
	co->line = co->thrown_at;
	return STEP_THROW;
}

void
coroutine_trap(const struct coroutine *co)
{
	fprintf(stderr, "%s: resumed at %s:%d, which is no place of its body: "
	    "an AWAIT or YIELD inside a switch?\n",
	    co->name, co->file != NULL ? co->file : "?", co->line);
	abort();
}

void
coroutine_trap_step(const struct coroutine *co)
{
	fprintf(stderr, "%s: returned what is no step of a generator like this, behind line %d: "
	    "an AWAIT in a sync generator?\n",
	    co->name, co->line);
	abort();
}

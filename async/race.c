#include "async/race.h"

#include <assert.h>

#include "async/abandon.h"

static struct race_arm *
line_take(struct race *race)
{
	struct race_arm *arm = race->line;

	race->line = arm->next;
	if (race->line == NULL)
		race->youngest = NULL;
	arm->state = RACE_IDLE;
	return arm;
}

static void
line_append(struct race *race, struct race_arm *arm)
{
	arm->next = NULL;
	if (race->youngest == NULL)
		race->line = arm;
	else
		race->youngest->next = arm;
	race->youngest = arm;
}

static void
line_remove(struct race *race, struct race_arm *arm)
{
	struct race_arm **at = &race->line, *before = NULL;

	while (*at != arm) {
		before = *at;
		at = &before->next;
	}
	*at = arm->next;
	if (race->youngest == arm)
		race->youngest = before;
}

static void
race_tell(struct race *race)
{
	promise_fulfill(&race->promise, value_pointer(line_take(race)));
}

static void
arm_settled(struct job *job)
{
	struct race_arm *arm = (struct race_arm *)job;
	const struct promise *promise = job->promise;

	arm->completion = (struct completion){
		.type = promise->state == PROMISE_REJECTED ? COMPLETION_THROW : COMPLETION_NORMAL,
		.value = promise->value,
	};
	arm->state = RACE_SETTLED;
	line_append(arm->race, arm);
	if (arm->race->promise.reactions != NULL)
		race_tell(arm->race);
}

void
race_watch(struct race *race, struct race_arm *arm, struct promise *promise)
{
	assert(arm->state == RACE_IDLE);
	arm->race = race;
	arm->state = RACE_WATCHING;
	arm->job.run = arm_settled;
	promise_perform_then(promise, &arm->job);
}

struct promise *
race_next(struct race *race)
{
	if (race->promise.state != PROMISE_PENDING)
		promise_init(&race->promise);
	if (race->line != NULL)
		race_tell(race);
	return &race->promise;
}

void
race_forget(struct race_arm *arm)
{
	if (arm->state == RACE_WATCHING)
		promise_forget(&arm->job);
	else if (arm->state == RACE_SETTLED)
		line_remove(arm->race, arm);
	arm->state = RACE_IDLE;
}

void
race_fini(struct race *race)
{
	assert(race->line == NULL);
	promise_abandon(&race->promise);
}

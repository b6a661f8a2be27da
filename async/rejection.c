#include "async/rejection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "async/coroutine.h"
#include "async/promise.h"

struct record {
	TAILQ_ENTRY(record) link;
	struct rejection rejection;
};

static TAILQ_HEAD(, record) unhandled = TAILQ_HEAD_INITIALIZER(unhandled);

static void
rejection_print(const struct rejection *rejection, void *context)
{
	(void)context;
	fprintf(stderr, "unhandled rejection: %s", strerror((int)-rejection->reason.number));
	if (rejection->generator != NULL)
		fprintf(stderr, " in %s", rejection->generator);
	if (rejection->file != NULL)
		fprintf(stderr, " at %s:%d", rejection->file, rejection->line);
	fputc('\n', stderr);
}

static rejection_hook hook = rejection_print;
static void *hook_context;

void
rejection_set_hook(rejection_hook new_hook, void *context)
{
	hook = new_hook != NULL ? new_hook : rejection_print;
	hook_context = context;
}

static struct rejection
rejection_describe(const struct promise *promise)
{
	const struct coroutine *running = coroutine_running;
	struct rejection rejection = { .promise = promise, .reason = promise->value };

	if (running != NULL) {
		rejection.generator = running->name;
		rejection.file = running->file;
		rejection.line = running->line;
	}
	return rejection;
}

void
rejection_unhandled(struct promise *promise)
{
	struct rejection rejection = rejection_describe(promise);
	struct record *record = malloc(sizeof *record);

	if (record == NULL) {           /* cannot wait for a handler: better told too early */
		hook(&rejection, hook_context);
		promise->handled = true;
		return;
	}
	record->rejection = rejection;
	TAILQ_INSERT_TAIL(&unhandled, record, link);
}

static struct record *
record_take(const struct promise *promise)
{
	struct record *record;

	TAILQ_FOREACH(record, &unhandled, link) {
		if (record->rejection.promise == promise) {
			TAILQ_REMOVE(&unhandled, record, link);
			return record;
		}
	}
	return NULL;
}

void
rejection_handled(struct promise *promise)
{
	free(record_take(promise));
}

void
rejection_unhandled_freed(struct promise *promise)
{
	struct record *record = record_take(promise);

	if (record != NULL)
		hook(&record->rejection, hook_context);
	free(record);
}

void
rejections_report(void)
{
	struct record *record;

	while ((record = TAILQ_FIRST(&unhandled)) != NULL) {
		TAILQ_REMOVE(&unhandled, record, link);
		hook(&record->rejection, hook_context);
		free(record);
	}
}

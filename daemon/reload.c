#include "daemon/reload.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/journal.h"
#include "daemon/load.h"
#include "daemon/memory.h"
#include "daemon/notify.h"
#include "daemon/process.h"

struct reload_request {
	struct reload_request *next;
	void (*done)(void *request, enum reload_verdict verdict, const char *text);
	void *request;
};

static void
reload_answer(struct reload *reload, enum reload_verdict verdict, const char *text)
{
	struct reload_request *request, *next;

	request = reload->requests;
	reload->requests = NULL;
	for (; request != NULL; request = next) {
		next = request->next;
		request->done(request->request, verdict, text);
		free(request);
	}
}

void
reload_refuse(struct reload *reload, const char *text)
{
	turn_task_cancel(&reload->task);
	reload_answer(reload, RELOAD_REFUSED, text);
}

void
reload_keep(struct reload *reload, const struct config *config)
{
	int error = memory_keep_config(reload->arena, config->text, config->length);

	if (error < 0)
		journal_say(LOG_WARNING,
		    "this config is not kept for a restart with a wrong one: %s",
		    error == -EFBIG ? "it is too long" : strerror(-error));
}

/* ------------------------------------------------------------------- the verdict */

static void
reload_wrong(struct reload *reload, const char *errors)
{
	journal_text(LOG_ERR, errors);
	journal_say(LOG_WARNING, "%s is wrong: everything goes on as it was", reload->path);
	reload->note = "the config file is wrong, everything goes on as it was";
	reload_answer(reload, RELOAD_WRONG, errors);
}

static void
reload_right(struct reload *reload, const struct config *config)
{
	struct problems problems = { .count = 0 };
	char summary[LOAD_SUMMARY_LENGTH];

	process_lock_memory(config->daemon.lock_memory, &problems);
	graph_change(reload->graph, config, &problems);
	reload_keep(reload, config);
	if (problems.count == 0) {
		journal_say(LOG_NOTICE, "reloaded %s: %s", reload->path,
		    load_summary(config, summary));
		reload->note = NULL;
	} else {
		journal_text(LOG_ERR, problems.text != NULL ? problems.text : strerror(ENOMEM));
		reload->note = "a part of the config could not be applied, see the journal";
	}
	/* Before a sink closes through which somebody asked. */
	reload_answer(reload, problems.count == 0 ? RELOAD_DONE : RELOAD_DONE_IN_PART,
	    problems.text != NULL ? problems.text : "");
	problems_free(&problems);
	graph_settle(reload->graph);
}

static void
reload_run(struct turn_task *task)
{
	struct reload *reload = (struct reload *)((char *)task - offsetof(struct reload, task));
	struct config *config = NULL;
	char *errors = NULL;
	int error;

	notify_reloading();
	error = load_file(reload->path, &config, &errors);
	if (error < 0) {
		reload_wrong(reload, errors != NULL ? errors : strerror(-error));
	} else {
		reload_right(reload, config);
		config_free(config);
	}
	free(errors);
	reload->reloaded(reload);
	notify_ready();
}

void
reload_ask(struct reload *reload, void (*done)(void *request, enum reload_verdict verdict, const char *text),
    void *request)
{
	struct reload_request *asked;

	reload->task.run = reload_run;
	loop_at_turn_end(&reload->task);
	if (done == NULL)
		return;
	asked = malloc(sizeof *asked);
	if (asked == NULL) {
		done(request, RELOAD_REFUSED, strerror(ENOMEM));
		return;
	}
	*asked = (struct reload_request){ reload->requests, done, request };
	reload->requests = asked;
}

void
reload_close(struct reload *reload)
{
	reload_refuse(reload, "the daemon is being stopped");
}

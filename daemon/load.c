#include "daemon/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/default_sink.h"
#include "daemon/journal.h"
#include "daemon/memory.h"
#include "daemon/tables.h"

int
load_file(const char *path, struct config **ret, char **ret_errors)
{
	struct config_errors *errors = NULL;
	char *text;
	int error = config_load(&daemon_tables, path, ret, &errors);

	if (error == 0) {
		error = default_sink_add(ret);
		if (error < 0) {
			config_free(*ret);
			*ret = NULL;
		}
	}
	if (errors == NULL)
		return error;
	text = config_errors_text(errors);
	config_errors_free(errors);
	if (text == NULL)
		return -ENOMEM;
	*ret_errors = text;
	return error;
}

static struct config *
load_kept(struct arena *arena)
{
	struct config *config = NULL;
	struct config_errors *errors = NULL;
	size_t length;
	char *text = arena != NULL ? memory_kept_config(arena, &length) : NULL;

	if (text == NULL)
		return NULL;
	(void)config_load_text(&daemon_tables, "the last good config", text, length, &config,
	    &errors);
	if (errors != NULL)
		config_errors_free(errors);
	free(text);
	return config;
}

/* On a terminal or in a log file the lines stand as compilers write theirs, for editors to find the
 * place. */
static void
errors_say(const char *text)
{
	if (journal_is_structured())
		journal_text(LOG_ERR, text);
	else
		(void)fputs(text, stderr);
}

int
load_at_start(const char *path, struct arena *arena, struct loaded *ret)
{
	struct config *config = NULL, *kept = load_kept(arena);
	char *errors = NULL;
	int error = load_file(path, &config, &errors);

	if (error == 0) {
		*ret = (struct loaded){ .config = config, .former = kept };
		return 0;
	}
	if (errors != NULL)
		errors_say(errors);
	else
		journal_say(LOG_ERR, "%s: %s", path, strerror(-error));
	free(errors);
	if (kept == NULL)
		return error;
	journal_say(LOG_WARNING, "%s is wrong: running the last good config on", path);
	*ret = (struct loaded){ .config = kept, .last_good = true };
	return 0;
}

const char *
load_summary(const struct config *config, char text[LOAD_SUMMARY_LENGTH])
{
	snprintf(text, LOAD_SUMMARY_LENGTH, "%zu stream%s, %zu sink%s", config->stream_count,
	    config->stream_count == 1 ? "" : "s", config->sink_count,
	    config->sink_count == 1 ? "" : "s");
	return text;
}

#include "daemon/default_sink.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/tables.h"
#include "sinks/sink.h"

static json_t *
sink_new(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0 || runtime == NULL || runtime[0] != '/')
		return json_pack("{s:s}", "type", "unix");
	return json_pack("{s:s, s:s+}", "type", "unix", "path", runtime, "/awaitd/awaitd.sock");
}

/* config: NULL: nothing but the sink. */
static char *
text_with_sink(const struct config *config)
{
	json_t *document = config == NULL
	    ? json_object()
	    : json_loadb(config->text, config->length, JSON_DECODE_ANY, NULL);
	char *text = NULL;

	if (json_object_set_new(document, "sinks", json_pack("{s:o}", "local", sink_new())) == 0)
		text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	return text;
}

static bool
has_sinks(const struct config *config)
{
	json_t *document = json_loadb(config->text, config->length, JSON_DECODE_ANY, NULL);
	bool has = json_object_get(document, "sinks") != NULL;

	json_decref(document);
	return has;
}

size_t
default_sink_line_max(const struct config *config)
{
	struct config *with = NULL;
	struct config_errors *errors = NULL;
	size_t max = SIZE_MAX;
	char *text = has_sinks(config) ? NULL : text_with_sink(NULL);

	if (text == NULL)
		return max;
	if (config_load_text(&daemon_tables, "the config", text, strlen(text), &with, &errors) == 0) {
		const struct option_typed *sink = &with->sinks[0]->sink;

		max = ((const struct sink_ops *)sink->ops)->line_max(sink->options);
		config_free(with);
	}
	if (errors != NULL)
		config_errors_free(errors);
	free(text);
	return max;
}

int
default_sink_add(struct config **config)
{
	struct config *with = NULL;
	struct config_errors *errors = NULL;
	char *text;
	int error;

	if ((*config)->sink_count > 0 || has_sinks(*config))
		return 0;
	text = text_with_sink(*config);
	if (text == NULL)
		return -ENOMEM;
	error = config_load_text(&daemon_tables, "the config", text, strlen(text), &with, &errors);
	free(text);
	if (errors != NULL) {            /* $XDG_RUNTIME_DIR makes too long a path */
		config_errors_free(errors);
		return 0;
	}
	if (error < 0)
		return error;
	config_free(*config);
	*config = with;
	return 0;
}

/* load.c - a merged document into a struct config. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/stream.h"
#include "config/suggest.h"

struct loading {
	const struct config_tables *tables;
	struct report *report;
	struct config *config;
};

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->stream_count; i++)
		config_stream_unref(config->streams[i]);
	for (size_t i = 0; i < config->sink_count; i++)
		config_sink_unref(config->sinks[i]);
	free((void *)config->streams);
	free((void *)config->sinks);
	free((void *)config->text);
	free(config);
}

static bool
name_right(const struct loading *loading, const struct place *place)
{
	const struct option name = { .kind = OPTION_KIND_NAME };
	struct fill fill = { loading->tables, loading->report, &loading->report->pool };
	json_t *value = json_string(place->name);
	size_t before = loading->report->count;
	const char *copy;

	if (value == NULL)
		return fill_no_memory(&fill);
	if (!fill_scalar(&fill, place, &name, value, &copy) && loading->report->count > before)
		loading->report->entries[before].at = REPORT_AT_KEY;
	json_decref(value);
	return loading->report->count == before;
}

static void
load_stream(const struct loading *loading, const struct place *place, json_t *value)
{
	struct config *config = loading->config;
	const struct config_stream **slot = (const struct config_stream **)config->streams;
	bool named = name_right(loading, place);
	struct stream_object *stream =
	    stream_object_new(loading->tables, loading->report, place, value);

	if (stream != NULL && named)
		slot[config->stream_count++] = &stream->public;
	else if (stream != NULL)
		config_stream_unref(&stream->public);
}

static void
load_sink(const struct loading *loading, const struct place *place, json_t *value)
{
	struct config *config = loading->config;
	const struct config_sink **slot = (const struct config_sink **)config->sinks;
	bool named = name_right(loading, place);
	struct sink_object *sink = sink_object_new(loading->tables, loading->report, place, value);

	if (sink != NULL && named)
		slot[config->sink_count++] = &sink->public;
	else if (sink != NULL)
		config_sink_unref(&sink->public);
}

static int
by_stream_name(const void *a, const void *b)
{
	return strcmp((*(const struct config_stream *const *)a)->name,
	    (*(const struct config_stream *const *)b)->name);
}

static int
by_sink_name(const void *a, const void *b)
{
	return strcmp((*(const struct config_sink *const *)a)->name,
	    (*(const struct config_sink *const *)b)->name);
}

static void
load_map(const struct loading *loading, const struct place *place, json_t *map,
    void (*load)(const struct loading *loading, const struct place *place, json_t *value))
{
	const char *name;
	json_t *value;

	json_object_foreach(map, name, value) {
		struct place member = { place, name, 0 };

		load(loading, &member, value);
	}
}

static void
load_unknown(const struct loading *loading, const struct place *place)
{
	struct suggestion suggestion = suggestion_begin(place->name);

	suggestion_try(&suggestion, "streams");
	suggestion_try(&suggestion, "sinks");
	suggestion_try(&suggestion, "daemon");
	suggestion_try(&suggestion, "$schema");
	suggestion_try(&suggestion, "$comment");
	if (suggestion.best != NULL)
		report_add(loading->report, place, REPORT_AT_KEY,
		    "unknown member \"%.60s\", did you mean \"%s\"?", place->name, suggestion.best);
	else
		report_add(loading->report, place, REPORT_AT_KEY,
		    "unknown member \"%.60s\", known here: \"streams\", \"sinks\" and \"daemon\"",
		    place->name);
}

/* Room for what a map of this size becomes; one more, since malloc(0) may give NULL. */
static void *
map_room(const struct loading *loading, json_t *map)
{
	void *room = calloc(json_object_size(map) + 1, sizeof(void *));

	if (room == NULL)
		loading->report->no_memory = true;
	return room;
}

static void
load_member(const struct loading *loading, const struct place *place, json_t *value)
{
	struct config *config = loading->config;
	bool streams = strcmp(place->name, "streams") == 0;

	if (strcmp(place->name, "daemon") == 0) {
		config_daemon_load(loading->tables, loading->report, place, value, &config->daemon);
	} else if (!streams && strcmp(place->name, "sinks") != 0) {
		load_unknown(loading, place);
	} else if (!json_is_object(value)) {
		report_add(loading->report, place, REPORT_AT_VALUE,
		    "must be an object of %s by their names", place->name);
	} else if (streams) {
		config->streams = map_room(loading, value);
		if (config->streams != NULL)
			load_map(loading, place, value, load_stream);
	} else {
		config->sinks = map_room(loading, value);
		if (config->sinks != NULL)
			load_map(loading, place, value, load_sink);
	}
}

struct config_whole {
	struct report *report;
};

void
config_stream_error(struct config_whole *whole, const struct config_stream *stream,
    const char *member, const char *format, ...)
{
	const struct place streams = { NULL, "streams", 0 }, place = { &streams, stream->name, 0 };
	va_list args;

	va_start(args, format);
	report_add_member(whole->report, &place, member, format, args);
	va_end(args);
}

static int
check_whole(const struct loading *loading)
{
	struct config_whole whole = { loading->report };

	if (loading->tables->check != NULL)
		loading->tables->check(loading->config, &whole);
	return report_empty(loading->report) ? 0 : -EINVAL;
}

static int
load_document(const struct loading *loading, json_t *root)
{
	struct config *config = loading->config;
	const char *name;
	json_t *value;

	json_object_foreach(root, name, value) {
		struct place member = { NULL, name, 0 };

		load_member(loading, &member, value);
	}
	if (!report_empty(loading->report))
		return -EINVAL;
	if (config->stream_count > 0)
		qsort((void *)config->streams, config->stream_count, sizeof *config->streams,
		    by_stream_name);
	if (config->sink_count > 0)
		qsort((void *)config->sinks, config->sink_count, sizeof *config->sinks,
		    by_sink_name);
	config->text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
	if (config->text == NULL)
		return -ENOMEM;
	config->length = strlen(config->text);
	return check_whole(loading);
}

/* What has come of a document that was read (r: how it went); frees it. */
static int
load_finish(const struct config_tables *tables, struct document *document, struct report *report,
    int r, struct config **ret, struct config_errors **ret_errors)
{
	struct loading loading = { tables, report, NULL };
	struct config_errors *errors = NULL;

	if (r == 0) {
		loading.config = calloc(1, sizeof *loading.config);
		if (loading.config == NULL)
			report->no_memory = true;
		else
			r = load_document(&loading, document->root);
	}
	if (r == 0 && report_empty(report)) {
		*ret = loading.config;
	} else {
		config_free(loading.config);
		if (r != -ENOMEM && !report->no_memory)
			errors = report_finish(report, document);
		if (errors == NULL)
			r = -ENOMEM;
		else
			*ret_errors = errors;
	}
	report_free(report);
	document_free(document);
	return r;
}

int
config_load(const struct config_tables *tables, const char *path, struct config **ret,
    struct config_errors **ret_errors)
{
	struct document document = { 0 };
	struct report report = { 0 };
	int r = document_read(&document, path, &report);

	return load_finish(tables, &document, &report, r, ret, ret_errors);
}

int
config_load_text(const struct config_tables *tables, const char *name, const char *text,
    size_t length, struct config **ret, struct config_errors **ret_errors)
{
	struct document document = { 0 };
	struct report report = { 0 };
	int r = document_read_text(&document, name, text, length, &report);

	return load_finish(tables, &document, &report, r, ret, ret_errors);
}

const struct config_stream *
config_stream_find(const struct config *config, const char *name)
{
	const struct config_stream key = { .name = name }, *wanted = &key;
	const struct config_stream *const *found = config->stream_count == 0
	    ? NULL
	    : bsearch(&wanted, config->streams, config->stream_count, sizeof *config->streams,
	          by_stream_name);

	return found == NULL ? NULL : *found;
}

const struct config_sink *
config_sink_find(const struct config *config, const char *name)
{
	const struct config_sink key = { .name = name }, *wanted = &key;
	const struct config_sink *const *found = config->sink_count == 0
	    ? NULL
	    : bsearch(&wanted, config->sinks, config->sink_count, sizeof *config->sinks,
	    by_sink_name);

	return found == NULL ? NULL : *found;
}

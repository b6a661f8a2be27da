#include "config/stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/canonical.h"

#define LINES_MIN 4   /* of max_line that history holds */

static const struct option history_options[] = {
	{ "size", OPTION_SIZE(struct config_history, size), .value = "1MiB", .min = "16KiB",
	    .max = "64GiB",
	    .help = "Bytes of events to keep; rounded up to a power of two, and at least four "
	            "times max_line.  A sixty-fourth of it may be empty." },
	{ "count", OPTION_INTEGER(struct config_history, count), .min = "1",
	    .help = "Keep at most so many entries; without it, as many as fit." },
	{ "age", OPTION_DURATION(struct config_history, age), .min = "1s",
	    .help = "Keep no entry that is older; without it, however old." },
	{ "path", OPTION_PATH(struct config_history, path),
	    .help = "Keep them in this file, which survives a reboot; without it, in memory, "
	            "which survives a restart of awaitd." },
	{ 0 },
};

static const struct option allow_options[] = {
	{ "users", OPTION_USERS(struct config_allow, users),
	    .help = "Users who may subscribe." },
	{ "groups", OPTION_GROUPS(struct config_allow, groups),
	    .help = "Groups whose members may, supplementary groups counted." },
	{ 0 },
};

static const char *const open_names[] = {
	[CONFIG_OPEN_ALWAYS] = "always",
	[CONFIG_OPEN_ON_DEMAND] = "on-demand",
	NULL,
};

#define PUBLIC(field) public.field

const struct option config_stream_options[] = {
	{ "source", OPTION_TYPED(struct stream_object, PUBLIC(source), CONFIG_SOURCES),
	    .required = true,
	    .help = "Where the events come from: an object whose \"type\" names the kind of "
	            "source." },
	{ "operators", OPTION_TYPED_LIST(struct stream_object, PUBLIC(operators), CONFIG_OPERATORS),
	    .max = "64",
	    .help = "What is done with each event, in this order: objects whose \"op\" names the "
	            "operator." },
	{ "unit", OPTION_UNIT(struct stream_object, PUBLIC(unit)),
	    .help = "Unit of the values, by the SenML registries (RFC 8428, RFC 8798); it stands "
	            "on every event." },
	{ "description", OPTION_STRING(struct stream_object, PUBLIC(description)), .max = "1024",
	    .help = "For people; told by list." },
	{ "history", OPTION_OBJECT(struct stream_object, PUBLIC(history), history_options),
	    .shorthand = "size",
	    .help = "What is kept for subscribers that come later or fall behind: a size, or an "
	            "object." },
	{ "max_line", OPTION_SIZE(struct stream_object, PUBLIC(max_line)), .value = "64KiB",
	    .min = "1KiB", .max = "16MiB",
	    .help = "Bytes of the longest event as one line of JSON; a longer one is dropped and "
	            "told as a gap." },
	{ "allow", OPTION_OBJECT(struct stream_object, PUBLIC(allow), allow_options),
	    .given = offsetof(struct stream_object, PUBLIC(allow.given)),
	    .help = "Who may know of the stream, beside root: without it, everybody who may "
	            "connect." },
	{ "open", OPTION_ENUM(struct stream_object, PUBLIC(open), open_names), .value = "always",
	    .help = "Whether the source is read always, or on demand: while somebody subscribes." },
	{ "linger", OPTION_DURATION(struct stream_object, PUBLIC(linger)), .value = "0s",
	    .given = offsetof(struct stream_object, linger_given),
	    .help = "How long an on-demand source is read on after its last subscriber has left." },
	{ "expect", OPTION_DURATION(struct stream_object, PUBLIC(expect)), .min = "10ms",
	    .help = "An event is expected at least this often; the stream is told to be stale "
	            "when none came." },
	{ 0 },
};

void
config_stream_check(const void *options, struct option_report *report)
{
	const struct stream_object *self = options;
	const struct config_stream *stream = &self->public;

	if (stream->history.size < LINES_MIN * stream->max_line)
		option_error(report, "history",
		    "keeps %" PRIu64 " bytes, but must keep at least four times max_line, %" PRIu64
		    "; make it larger, or max_line (%" PRIu64 ") smaller",
		    stream->history.size, LINES_MIN * stream->max_line, stream->max_line);
	if (self->linger_given && stream->open != CONFIG_OPEN_ON_DEMAND)
		option_error(report, "linger", "has no effect without \"open\": \"on-demand\"");
}

static struct stream_object *
stream_filled(const struct fill *fill, const struct place *place, json_t *value,
    struct stream_object *stream)
{
	struct config_stream *public = &stream->public;
	const char *identity;

	if (!fill_text(fill, place->name, &public->name) ||
	    !fill_object(fill, place, value, config_stream_options, NULL, config_stream_check,
	        stream))
		return NULL;
	stream->source_text = canonical_typed_text(fill, CONFIG_SOURCES, &public->source, false);
	identity = canonical_typed_text(fill, CONFIG_SOURCES, &public->source, true);
	stream->operators_text = canonical_typed_list_text(fill, CONFIG_OPERATORS,
	    &public->operators);
	if (stream->source_text == NULL || identity == NULL || stream->operators_text == NULL) {
		fill_no_memory(fill);
		return NULL;
	}
	public->limits = canonical_hash(CANONICAL_HASH_BEGIN, stream->source_text);
	public->origin = canonical_hash(CANONICAL_HASH_BEGIN, identity);
	public->chain = canonical_hash(public->origin ^ '|', stream->operators_text);
	return stream;
}

struct stream_object *
stream_object_new(const struct config_tables *tables, struct report *report,
    const struct place *place, json_t *value)
{
	struct stream_object *stream = calloc(1, sizeof *stream);
	struct fill fill = { tables, report, NULL };

	if (stream == NULL) {
		report->no_memory = true;
		return NULL;
	}
	stream->references = 1;
	fill.pool = &stream->pool;
	if (stream_filled(&fill, place, value, stream) == NULL) {
		config_stream_unref(&stream->public);
		return NULL;
	}
	return stream;
}

struct sink_object *
sink_object_new(const struct config_tables *tables, struct report *report,
    const struct place *place, json_t *value)
{
	struct sink_object *sink = calloc(1, sizeof *sink);
	struct fill fill = { tables, report, NULL };

	if (sink == NULL) {
		report->no_memory = true;
		return NULL;
	}
	sink->references = 1;
	fill.pool = &sink->pool;
	if (!fill_text(&fill, place->name, &sink->public.name) ||
	    !fill_typed(&fill, place, CONFIG_SINKS, value, &sink->public.sink))
		goto failed;
	sink->text = canonical_typed_text(&fill, CONFIG_SINKS, &sink->public.sink, false);
	if (sink->text == NULL) {
		fill_no_memory(&fill);
		goto failed;
	}
	return sink;
failed:
	config_sink_unref(&sink->public);
	return NULL;
}

/* ------------------------------------------------------------- references */

const struct config_stream *
config_stream_ref(const struct config_stream *stream)
{
	((struct stream_object *)stream)->references++;
	return stream;
}

void
config_stream_unref(const struct config_stream *public)
{
	struct stream_object *stream = (struct stream_object *)public;   /* its first member */

	if (stream == NULL || --stream->references > 0)
		return;
	pool_free(&stream->pool);
	free(stream);
}

const struct config_sink *
config_sink_ref(const struct config_sink *sink)
{
	((struct sink_object *)sink)->references++;
	return sink;
}

void
config_sink_unref(const struct config_sink *public)
{
	struct sink_object *sink = (struct sink_object *)public;

	if (sink == NULL || --sink->references > 0)
		return;
	pool_free(&sink->pool);
	free(sink);
}

/* ------------------------------------------------------------- comparison */

static bool
text_differs(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

static bool
ids_differ(const struct option_ids *a, const struct option_ids *b)
{
	return a->count != b->count ||
	    (a->count > 0 && memcmp(a->items, b->items, a->count * sizeof *a->items) != 0);
}

static bool
history_differs(const struct config_stream *a, const struct config_stream *b)
{
	return a->history.size != b->history.size || a->history.count != b->history.count ||
	    a->history.age != b->history.age || a->max_line != b->max_line ||
	    text_differs(a->history.path, b->history.path);
}

static bool
allow_differs(const struct config_allow *a, const struct config_allow *b)
{
	return a->given != b->given || ids_differ(&a->users, &b->users) ||
	    ids_differ(&a->groups, &b->groups);
}

unsigned int
config_stream_differs(const struct config_stream *a, const struct config_stream *b)
{
	const struct stream_object *own_a = (const struct stream_object *)a;
	const struct stream_object *own_b = (const struct stream_object *)b;
	unsigned int parts = 0;

	if (text_differs(own_a->source_text, own_b->source_text))
		parts |= CONFIG_PART_SOURCE;
	if (text_differs(own_a->operators_text, own_b->operators_text))
		parts |= CONFIG_PART_OPERATORS;
	if (text_differs(a->unit, b->unit))
		parts |= CONFIG_PART_UNIT;
	if (text_differs(a->description, b->description))
		parts |= CONFIG_PART_DESCRIPTION;
	if (history_differs(a, b))
		parts |= CONFIG_PART_HISTORY;
	if (allow_differs(&a->allow, &b->allow))
		parts |= CONFIG_PART_ALLOW;
	if (a->open != b->open || a->linger != b->linger)
		parts |= CONFIG_PART_OPEN;
	if (a->expect != b->expect)
		parts |= CONFIG_PART_EXPECT;
	return parts;
}

bool
config_sink_equal(const struct config_sink *a, const struct config_sink *b)
{
	return !text_differs(((const struct sink_object *)a)->text,
	    ((const struct sink_object *)b)->text);
}

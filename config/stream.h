/* stream.h - what config/ itself knows of streams and sinks: their options, and how they are
 * made. */
#ifndef CONFIG_STREAM_H
#define CONFIG_STREAM_H

#include "config/fill.h"

/* What a stream's object is filled into; the public part is first. */
struct stream_object {
	struct config_stream public;
	unsigned int references;
	bool linger_given;
	const char *source_text, *operators_text;   /* canonical */
	struct pool pool;
};

struct sink_object {
	struct config_sink public;
	unsigned int references;
	const char *text;
	struct pool pool;
};

/* Of a struct stream_object. */
extern const struct option config_stream_options[];
void config_stream_check(const void *options, struct option_report *report);

/* Of a struct config_daemon. */
extern const struct option config_daemon_options[];
void config_daemon_load(const struct config_tables *tables, struct report *report,
    const struct place *place, json_t *value, struct config_daemon *ret);

/* One with a reference; NULL: something was told, or there is no memory. */
struct stream_object *stream_object_new(const struct config_tables *tables, struct report *report,
    const struct place *place, json_t *value);
struct sink_object *sink_object_new(const struct config_tables *tables, struct report *report,
    const struct place *place, json_t *value);

#endif

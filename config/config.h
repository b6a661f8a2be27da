/* config.h - loads the config: FILE, then the .json files in FILE.d in the order of their names,
 * merged as RFC 7396 does (null removes), checked against the options of all sources, operators
 * and sinks.
 *
 * Either all of it is right, or all that is wrong is said at once, each with the file, line,
 * column and JSON pointer (RFC 6901) where it stands.  Members named $schema and $comment are
 * ignored everywhere. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdio.h>

#include "config/option.h"

#define CONFIG_FILE_MAX (8u << 20)   /* bytes of one file */

struct config;
struct config_stream;

/* What config does not know of: the rows of each table, one an index, false behind the last.  The
 * callee fills *ret from its const ops. */
typedef bool (*config_row)(size_t index, struct option_type *ret);

struct config_whole;

/* What no part of a config alone can say; called when each by itself is right. */
typedef void (*config_check)(const struct config *config, struct config_whole *whole);

struct config_tables {
	config_row source, operator, sink;
	config_check check;          /* or NULL */
};

/* Says that a stream's member is wrong; the message goes on from its pointer. */
void config_stream_error(struct config_whole *whole, const struct config_stream *stream,
    const char *member, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ------------------------------------------------------------------ result */

struct config_history {
	uint64_t size;               /* bytes of the ring */
	int64_t count;               /* entries kept at most; 0: as many as fit */
	int64_t age;                 /* ns; 0: however old */
	const char *path;            /* its file; NULL: in memory */
};

struct config_allow {
	struct option_ids users, groups;
	bool given;                  /* false: everybody; true and both empty: root alone */
};

enum config_open {
	CONFIG_OPEN_ALWAYS,
	CONFIG_OPEN_ON_DEMAND,
};

/* One stream.  Counted: whoever still runs on it holds on to it across a reload. */
struct config_stream {
	const char *name;
	struct option_typed source;               /* ops: struct source_ops */
	struct option_typed_list operators;       /* ops: struct operator_ops */
	const char *unit, *description;           /* or NULL */
	struct config_history history;
	uint64_t max_line;                        /* bytes, with its LF */
	struct config_allow allow;
	int open;                                 /* enum config_open */
	int64_t linger, expect;                   /* ns; 0: none */
	/* hashes, defaults applied: of source and operators but for what is a limit (struct option);
	 * of the source alone, but for that; and with it */
	uint64_t chain, origin, limits;
};

struct config_sink {
	const char *name;
	struct option_typed sink;                 /* ops: struct sink_ops */
};

/* The section "daemon". */
struct config_daemon {
	bool lock_memory;
};

struct config {
	struct config_daemon daemon;
	const struct config_stream *const *streams;   /* in the order of their names */
	size_t stream_count;
	const struct config_sink *const *sinks;       /* likewise */
	size_t sink_count;
	/* the merged document, compact JSON: config_load_text() takes it */
	const char *text;
	size_t length;
};

void config_free(struct config *config);

const struct config_stream *config_stream_ref(const struct config_stream *stream);
void config_stream_unref(const struct config_stream *stream);
const struct config_sink *config_sink_ref(const struct config_sink *sink);
void config_sink_unref(const struct config_sink *sink);

/* NULL: there is none of this name. */
const struct config_stream *config_stream_find(const struct config *config, const char *name);
const struct config_sink *config_sink_find(const struct config *config, const char *name);

/* What a reload has to change.  Compared is what was meant: "1s" equals "1000ms", and a default
 * that is written out equals one that is not. */
enum config_part {
	CONFIG_PART_SOURCE = 1 << 0,
	CONFIG_PART_OPERATORS = 1 << 1,
	CONFIG_PART_UNIT = 1 << 2,
	CONFIG_PART_DESCRIPTION = 1 << 3,
	CONFIG_PART_HISTORY = 1 << 4,     /* max_line too */
	CONFIG_PART_ALLOW = 1 << 5,
	CONFIG_PART_OPEN = 1 << 6,        /* linger too */
	CONFIG_PART_EXPECT = 1 << 7,
};

/* A set of enum config_part in which the two differ; 0: in nothing. */
unsigned int config_stream_differs(const struct config_stream *a, const struct config_stream *b);
bool config_sink_equal(const struct config_sink *a, const struct config_sink *b);

/* ------------------------------------------------------------------ errors */

struct config_error {
	const char *file;
	unsigned int line, column;   /* from 1; 0: it concerns the whole file */
	const char *pointer;         /* "" for the whole document, and where the syntax is wrong */
	const char *message;         /* what is wrong, and what would be right */
};

struct config_errors {
	/* by file, in the order they were read, then by place */
	const struct config_error *items;
	size_t count;
	size_t more;                 /* how many were left out: the first 1000 are kept */
};

void config_errors_free(struct config_errors *errors);

/* Writes them, a line each: FILE:LINE:COLUMN: POINTER: MESSAGE (without what there is none of). */
void config_errors_write(const struct config_errors *errors, FILE *to);

/* The same as a string that the caller frees; NULL: no memory. */
char *config_errors_text(const struct config_errors *errors);

/* ----------------------------------------------------------------- loading */

/* 0 and *ret, which the caller frees; or *ret_errors, which the caller frees, and -EINVAL (the
 * config is wrong), or what open() and read() said of a file, as a negative errno; or -ENOMEM and
 * neither. */
int config_load(const struct config_tables *tables, const char *path, struct config **ret,
    struct config_errors **ret_errors);

/* The same for one text, without drop-ins; `name` stands for the file in errors. */
int config_load_text(const struct config_tables *tables, const char *name, const char *text,
    size_t length, struct config **ret, struct config_errors **ret_errors);

/* ------------------------------------------- what is generated from options */

/* JSON Schema (draft 2020-12) of a config file.  0 or -errno. */
int config_schema_write(const struct config_tables *tables, FILE *to);

/* The sections of awaitd.json(5) on streams, sources, operators and sinks, in man(7) macros.  0
 * or -errno. */
int config_man_write(const struct config_tables *tables, FILE *to);

/* A mistake in the option arrays themselves (a default out of range, an empty help, a name
 * twice), for a test over all tables: NULL, or the first one as a string that the caller frees. */
char *config_tables_mistake(const struct config_tables *tables);

#endif

/* option.h - how a source, an operator or a sink says which options it has.
 *
 * A const array of struct option, ended by a zero row, describes the members of one JSON object
 * and where in a C struct their values go.  The validator, "did you mean", the JSON Schema and
 * the section of awaitd.json(5) all come from it.  A whole example:
 *
 * 	struct timer_options {
 * 		int64_t from, to, interval;             // interval: ns
 * 		bool has_to;
 * 		int missed;                             // enum
 * 	};
 *
 * 	static const char *const missed_names[] = { "gap", "late", NULL };     // 0, 1
 *
 * 	static const struct option timer_options[] = {
 * 		{ "from", OPTION_INTEGER(struct timer_options, from), .value = "1",
 * 		    .help = "The first value." },
 * 		{ "to", OPTION_INTEGER(struct timer_options, to),
 * 		    .given = offsetof(struct timer_options, has_to),
 * 		    .help = "The last value; without it, it counts for ever." },
 * 		{ "interval", OPTION_DURATION(struct timer_options, interval), .value = "1s",
 * 		    .min = "1ms", .max = "1d", .help = "Time between two values." },
 * 		{ "missed", OPTION_ENUM(struct timer_options, missed, missed_names), .value = "gap",
 * 		    .help = "..." },
 * 		{ 0 },
 * 	};
 *
 * 	static void                                     // ops->check, or NULL
 * 	timer_check(const void *options, struct option_report *report)
 * 	{
 * 		const struct timer_options *self = options;
 *
 * 		if (self->has_to && self->to < self->from)
 * 			option_error(report, "to", "is less than \"from\" (%" PRId64 ")",
 *			    self->from);
 * 	}
 *
 * Defaults and bounds are texts, written as the config would have them but without quotes: "1s",
 * "64KiB", "0660", "0.5", "true".  The macros make a field of the wrong C type a compile error.
 *
 * The struct is zeroed, then filled.  Every string, list and nested struct in it belongs to the
 * config (for streams and sinks: to their struct config_stream or config_sink, config/config.h)
 * and is freed with it: nobody frees one, who needs it for longer copies it.  An option that is
 * absent and has no default stays zero: NULL, 0, false, an empty list.
 *
 * <getopt.h> has a struct option too: a file includes one of the two (getopt() alone is in
 * <unistd.h>). */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DURATION_NEVER INT64_MAX
#define OPTION_ID_NONE UINT32_MAX   /* no user or group was given */

enum option_kind {
	OPTION_KIND_NONE,
	OPTION_KIND_BOOL,
	OPTION_KIND_INTEGER,
	OPTION_KIND_DOUBLE,
	OPTION_KIND_SIZE,
	OPTION_KIND_DURATION,
	OPTION_KIND_STRING,
	OPTION_KIND_PATH,
	OPTION_KIND_NAME,
	OPTION_KIND_REGEX,
	OPTION_KIND_UNIT,
	OPTION_KIND_ENUM,
	OPTION_KIND_MODE,
	OPTION_KIND_USER,
	OPTION_KIND_GROUP,
	OPTION_KIND_EITHER,
	OPTION_KIND_JSON,
	OPTION_KIND_FIELD,
	OPTION_KIND_STRINGS,
	OPTION_KIND_USERS,
	OPTION_KIND_GROUPS,
	OPTION_KIND_OBJECT,
	OPTION_KIND_OBJECTS,
	OPTION_KIND_TYPED,
	OPTION_KIND_TYPED_LIST,
};

struct option {
	const char *name;            /* of the JSON member */
	enum option_kind kind;       /* this and the next by one of the macros below */
	size_t offset;
	const char *value;           /* the default; NULL: zero */
	const char *min, *max;       /* both included; of strings: bytes; of lists: items */
	const char *above;           /* excluded lower bound of a number */
	const char *const *names;    /* of an enum: its values are the indices; ended by NULL */
	const struct option *options;   /* of nested objects */
	size_t size;                 /* of one struct of OPTION_OBJECTS */
	const char *shorthand;       /* OBJECT: what is no object stands for this member of it */
	unsigned int table;          /* of typed objects: config's own */
	/* offset of a bool that becomes true if the member is there; not 0 */
	size_t given;
	bool required;
	bool empty;                  /* strings may be empty */
	bool never;                  /* DURATION: "never" is DURATION_NEVER */
	/* another value leaves a source what it was: its stream goes on, and so do its peers */
	bool limit;
	const char *help;            /* sentences for the man page and the schema */
};

/* ------------------------------------------------ the fields' types, by kind */

/* An integer or a string: a GPIO line is an offset or a name.  name NULL: it is the number.  min
 * and max bound the number. */
struct option_either {
	const char *name;
	int64_t number;
};

/* Any JSON, compact text of it ended by a NUL; NULL: absent. */
struct option_json {
	const char *text;
	size_t length;
};

struct option_strings {
	const char *const *items;
	size_t count;
};

/* uids or gids. */
struct option_ids {
	const uint32_t *items;
	size_t count;
};

/* An array of `size` byte structs. */
struct option_objects {
	const void *items;
	size_t count;
};

/* An object whose members depend on one of them: {"type":"gpio", ...} */
struct option_typed {
	const char *name;            /* "gpio"; NULL: absent */
	const void *ops;             /* struct option_type's */
	const void *options;         /* the filled struct */
};

struct option_typed_list {
	const struct option_typed *items;
	size_t count;
};

/* Offset of a field that must have the C type ctype. */
#define OPTION_FIELD(type, field, ctype) \
	(offsetof(type, field) + 0 * sizeof(1 ? &((type *)0)->field : (ctype *)0))

#define OPTION_AT(kind_, type, field, ctype) \
	.kind = OPTION_KIND_##kind_, .offset = OPTION_FIELD(type, field, ctype)

/* true or false: bool */
#define OPTION_BOOL(type, field) OPTION_AT(BOOL, type, field, bool)
/* an integer: int64_t */
#define OPTION_INTEGER(type, field) OPTION_AT(INTEGER, type, field, int64_t)
/* a number: double */
#define OPTION_DOUBLE(type, field) OPTION_AT(DOUBLE, type, field, double)
/* bytes, a number or "64KiB", "10MB", "1GiB": uint64_t */
#define OPTION_SIZE(type, field) OPTION_AT(SIZE, type, field, uint64_t)
/* "10us", "5ms", "1.5s", "2m", "1h", "7d": int64_t, in ns */
#define OPTION_DURATION(type, field) OPTION_AT(DURATION, type, field, int64_t)
/* UTF-8, not empty unless .empty: const char * */
#define OPTION_STRING(type, field) OPTION_AT(STRING, type, field, const char *)
/* an absolute path, or a glob of such: const char * */
#define OPTION_PATH(type, field) OPTION_AT(PATH, type, field, const char *)
/* a stream's name, [A-Za-z0-9][A-Za-z0-9._-]{0,63}: const char * */
#define OPTION_NAME(type, field) OPTION_AT(NAME, type, field, const char *)
/* a POSIX extended regular expression, tried with regcomp(3): const char * */
#define OPTION_REGEX(type, field) OPTION_AT(REGEX, type, field, const char *)
/* a unit of the SenML registries: const char * */
#define OPTION_UNIT(type, field) OPTION_AT(UNIT, type, field, const char *)
/* a path into a value for json_member() (base/json.h): "accel.x", "/a/0": const char * */
#define OPTION_FIELD_PATH(type, field) OPTION_AT(FIELD, type, field, const char *)
/* one of the names: int, the index */
#define OPTION_ENUM(type, field, names_) OPTION_AT(ENUM, type, field, int), .names = (names_)
/* a file mode, "0660": uint32_t */
#define OPTION_MODE(type, field) OPTION_AT(MODE, type, field, uint32_t)
/* a user or group that exists, by name or number: uint32_t; OPTION_ID_NONE if absent */
#define OPTION_USER(type, field) OPTION_AT(USER, type, field, uint32_t)
#define OPTION_GROUP(type, field) OPTION_AT(GROUP, type, field, uint32_t)
#define OPTION_EITHER(type, field) OPTION_AT(EITHER, type, field, struct option_either)
#define OPTION_JSON(type, field) OPTION_AT(JSON, type, field, struct option_json)
#define OPTION_STRINGS(type, field) OPTION_AT(STRINGS, type, field, struct option_strings)
#define OPTION_USERS(type, field) OPTION_AT(USERS, type, field, struct option_ids)
#define OPTION_GROUPS(type, field) OPTION_AT(GROUPS, type, field, struct option_ids)
/* an object, whose struct is this field; its defaults apply if it is absent too */
#define OPTION_OBJECT(type, field, options_) \
	.kind = OPTION_KIND_OBJECT, .offset = offsetof(type, field), .options = (options_)
/* an array of objects, each a struct of type item */
#define OPTION_OBJECTS(type, field, options_, item) \
	OPTION_AT(OBJECTS, type, field, struct option_objects), .options = (options_), \
	.size = sizeof(item)
/* config's own: an object by one of its tables, and an array of such */
#define OPTION_TYPED(type, field, table_) \
	OPTION_AT(TYPED, type, field, struct option_typed), .table = (table_)
#define OPTION_TYPED_LIST(type, field, table_) \
	OPTION_AT(TYPED_LIST, type, field, struct option_typed_list), .table = (table_)

/* ------------------------------------------------------------------ checks */

struct option_report;

/* What one row alone cannot say.  Called with the filled struct, only if each option by itself is
 * right. */
typedef void (*option_check)(const void *options, struct option_report *report);

/* Says that a member is wrong; the message goes on from its pointer: "is less than \"from\"".
 * member: a name or names with slashes between ("to", "points/0/x"), within the checked object;
 * "": the object itself. */
void option_error(struct option_report *report, const char *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A row of the tables that config is given: what a source's, operator's or sink's ops say. */
struct option_type {
	const char *name, *help;
	const struct option *options;
	size_t size;                 /* of the struct */
	option_check check;          /* or NULL */
	const void *ops;             /* given back in struct option_typed */
};

#endif

/* report.h - collects what is wrong, wherever it is found, and puts it in the order of the files.
 */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/pool.h"

#define REPORT_MAX 1000

/* Where a value stands in the merged document: a chain on the stack, up to the document, which is
 * NULL. */
struct place {
	const struct place *parent;
	const char *name;            /* of the member; NULL: of an array's element */
	size_t index;
};

enum report_at {
	REPORT_AT_VALUE,
	REPORT_AT_KEY,
};

struct report_entry {
	const char *pointer, *message;
	enum report_at at;
	bool fixed;                  /* file and offset are known; else found by the pointer */
	bool whole_file;
	size_t file;
	size_t offset;
	size_t order;
};

/* Zeroed: an empty one. */
struct report {
	struct pool pool;
	struct report_entry *entries;
	size_t count, room, more;
	/* something could not be noted, or made: nothing else counts then */
	bool no_memory;
};

void report_free(struct report *report);

bool report_empty(const struct report *report);

/* What is wrong with a value, or with the name of a member. */
void report_add(struct report *report, const struct place *place, enum report_at at,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same, for a member that may or may not be in the text, below a place. */
void report_add_member(struct report *report, const struct place *place, const char *member,
    const char *format, va_list args) __attribute__((format(printf, 4, 0)));

/* What is wrong at an offset of one file.  pointer: "" if there is none. */
void report_add_offset(struct report *report, size_t file, size_t offset, const char *pointer,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What is wrong with a file as a whole. */
void report_add_file(struct report *report, size_t file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "/streams/door/unit", in the pool; below: "", or names with slashes between.  NULL: no memory. */
const char *place_pointer(struct pool *pool, const struct place *place, const char *below);

struct document;

/* Hands the entries over as a list, located and sorted; the report is then empty.  NULL: no
 * memory. */
struct config_errors *report_finish(struct report *report, const struct document *document);

#endif

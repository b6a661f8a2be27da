/* view.h - looking into a line of JSON (RFC 8259) without copying or changing it.
 *
 * awaitctl passes values on as the daemon wrote them, so it never turns a number into a double
 * or a string into another spelling; it only finds where things are.  A view is a range of the
 * line and lives as long as the line does.  An absent member is a view of length 0, which every
 * function here takes. */
#ifndef CLIENTS_VIEW_H
#define CLIENTS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
	const char *text;
	size_t length;
};

enum view_type {
	VIEW_ABSENT,
	VIEW_OBJECT,
	VIEW_ARRAY,
	VIEW_STRING,
	VIEW_NUMBER,
	VIEW_BOOL,
	VIEW_NULL,
};

/* Takes one whole JSON value, white space around it allowed, checked to the last byte: a line
 * cut off anywhere is -EBADMSG, and so is nesting deeper than 64Ki. */
int view_parse(struct view *ret_view, const char *text, size_t length);

enum view_type view_type(struct view view);

/* The value of an object's member, the first of that name; absent if there is none or the view
 * is no object.  Names are compared as they are written: the protocol's need no escapes. */
struct view view_member(struct view object, const char *name);

/* Walks an object or array.  Start with view_walk(); each view_next() gives a value and, of an
 * object, its name as a string view, and false after the last. */
struct view_walk {
	const char *at, *end;
	bool named;
};

struct view_walk view_walk(struct view container);
bool view_next(struct view_walk *walk, struct view *ret_name, struct view *ret_value);

/* False, and the output untouched, unless the view is a whole number of 0 .. 2^64-1. */
bool view_u64(struct view view, uint64_t *ret_number);

/* Is this the string `text`, or the bare word (true, null, 12) `text`? */
bool view_is(struct view view, const char *text);

/* A string's content as written, escapes and all, without its quotes; other types whole. */
struct view view_inside(struct view view);

#endif

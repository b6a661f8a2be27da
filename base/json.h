/* json.h - JSON text (RFC 8259) in place: checks it, walks over it, finds a member in it, and
 * reads numbers and strings out of it.  Nothing here allocates or recurses, and nothing reads
 * beyond the length that it was given; no text needs a NUL behind it.
 *
 * Stricter than RFC 8259's grammar in two points, as RFC 7493 (I-JSON) is: UTF-8 must be valid
 * (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF), and \u escapes may not
 * name half a surrogate pair.  Limit: JSON_DEPTH_MAX arrays and objects within each other.
 * Members that repeat a name are let through here; config/ refuses them.  \u0000 is let through. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define JSON_DEPTH_MAX 64

/* Borrowed text; never ended by a NUL. */
struct json_span {
	const char *text;
	size_t length;
};

/* ---------------------------------------------------------------- checking */

/* What is wrong with a text, as json_fault_message() says it. */
enum json_fault {
	JSON_FAULT_NONE = 0,
	JSON_FAULT_EMPTY,            /* nothing but whitespace */
	JSON_FAULT_END,              /* ends in the middle of a value */
	JSON_FAULT_VALUE,            /* no value begins like this */
	JSON_FAULT_WORD,             /* a word that is not true, false or null */
	JSON_FAULT_NUMBER,           /* no number goes on like this */
	JSON_FAULT_NUMBER_ZERO,      /* a zero in front of a digit */
	JSON_FAULT_MEMBER,           /* a member's name in quotes was expected */
	JSON_FAULT_COLON,            /* ':' expected behind a member's name */
	JSON_FAULT_COMMA,            /* ',' or the closing bracket expected */
	JSON_FAULT_TRAILING_COMMA,   /* a comma in front of a closing bracket */
	JSON_FAULT_BRACKET,          /* ] closes {, or } closes [ */
	JSON_FAULT_BEHIND,           /* something behind the value */
	JSON_FAULT_COMMENT,          /* "//" or a slash and a star: JSON has no comments */
	JSON_FAULT_QUOTE,            /* a single quote */
	JSON_FAULT_BOM,              /* a byte order mark in front */
	JSON_FAULT_CONTROL,          /* a control character within a string */
	JSON_FAULT_ESCAPE,           /* no such escape */
	JSON_FAULT_SURROGATE,        /* half a surrogate pair, escaped */
	JSON_FAULT_UTF8,             /* invalid UTF-8 */
	JSON_FAULT_DEPTH,            /* more than JSON_DEPTH_MAX levels */
	JSON_FAULT_COUNT_,
};

/* What a check found, as offsets into the text.  After a fault only `stop` is set. */
struct json_checked {
	size_t begin, end;   /* the value, without the whitespace around it */
	/* ok: the text's end, or of its LF; a fault: of the first wrong byte */
	size_t stop;
};

/* Checks one line of NDJSON: exactly one value, whitespace around it (a CR among it).  The line
 * ends at its first LF or at `length`; so a buffer of many lines is given with all its rest, and
 * the next line begins behind text[stop].  After a fault the caller looks for the LF itself, from
 * `stop` on. */
enum json_fault json_check_line(const char *text, size_t length, struct json_checked *ret);

/* Checks a whole text, in which LF is whitespace. */
enum json_fault json_check(const char *text, size_t length, struct json_checked *ret);

/* What is wrong, and what would be right; a static string without a full stop. */
const char *json_fault_message(enum json_fault fault);

/* The length of the valid UTF-8 at the beginning of text: `length` if all of it is. */
size_t utf8_valid_length(const char *text, size_t length);

/* Where an offset is for people: both from 1; a column is a character (code point), a tab too. */
void json_line_column(const char *text, size_t offset, unsigned int *ret_line,
    unsigned int *ret_column);

/* ----------------------------------------------------------------- walking */

enum json_token_kind {
	JSON_TOKEN_END,            /* the text is over */
	JSON_TOKEN_OBJECT,         /* { */
	JSON_TOKEN_OBJECT_END,
	JSON_TOKEN_ARRAY,          /* [ */
	JSON_TOKEN_ARRAY_END,
	/* a member's name, with its quotes; its value is the next token */
	JSON_TOKEN_KEY,
	JSON_TOKEN_STRING,         /* with its quotes */
	JSON_TOKEN_NUMBER,
	JSON_TOKEN_TRUE,
	JSON_TOKEN_FALSE,
	JSON_TOKEN_NULL,
};

struct json_token {
	enum json_token_kind kind;
	struct json_span span;     /* of a bracket: just that */
};

/* A pull tokenizer over a text that was checked.  (On any other it gives some tokens and an end.)
 */
struct json_walk {
	const char *at, *end;
	uint64_t objects;          /* a bit a level: 1 an object */
	unsigned int depth;
	bool key_next;
};

void json_walk_begin(struct json_walk *walk, const char *text, size_t length);
struct json_token json_walk_next(struct json_walk *walk);

/* Steps over the rest of the value that began with `token`; returns all of it. */
struct json_span json_walk_skip(struct json_walk *walk, struct json_token token);

/* ----------------------------------------------------------------- finding */

/* The value at a path within a checked text: "/a/b/0" is a JSON pointer (RFC 6901); anything else
 * is names and array indices with dots between them: "accel.x", "axes.0".  "" is the value
 * itself.  Where a name repeats, the first counts. */
bool json_member(const char *text, size_t length, const char *path, struct json_span *ret);

/* Could it ever be found?  NULL, or what is wrong with the path: a static string. */
const char *json_path_invalid(const char *path);

/* ----------------------------------------------------------------- reading */

/* What the span of a value is: JSON_TOKEN_OBJECT, ..._ARRAY, ..._STRING, ..._NUMBER, ... by its
 * first byte. */
enum json_token_kind json_span_kind(struct json_span span);

/* A number, correctly rounded.  -EINVAL: the span is no number; -ERANGE: too large for a finite
 * double, or written in more than 1,000 characters. */
int json_span_double(struct json_span span, double *ret);

/* -EINVAL: no number, or written with a fraction or an exponent; -ERANGE: outside int64_t. */
int json_span_int64(struct json_span span, int64_t *ret);

/* Does a string (its span with the quotes), unescaped, equal these bytes? */
bool json_string_equal(struct json_span string, const char *bytes, size_t length);

/* Unescapes a string into buffer, with a NUL behind it.  Its length, at most span.length - 2;
 * -ENOSPC: size is too small; -EINVAL: not a string. */
ssize_t json_string_copy(struct json_span string, char *buffer, size_t size);

#endif

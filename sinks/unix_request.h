/* unix_request.h - a request, and what answers it.
 *
 * {"VERB":ARGUMENT, ...}: the verb is a key.  A verb's answer is called with the outbox empty.
 * It may be called again for the same request, when all it wrote has gone out: where it is then
 * is in the draft (struct unix_answer), so that a successor can go on with it. */
#ifndef SINKS_UNIX_REQUEST_H
#define SINKS_UNIX_REQUEST_H

#include "sinks/unix_private.h"

enum unix_answered {
	UNIX_ANSWERED,       /* the request is done with */
	UNIX_ANSWERING,      /* again when there is room */
	UNIX_WAITING,        /* again when what it waits for has come */
};

struct unix_name {
	bool glob, matched;
	char text[UNIX_PATTERN_MAX + 1];
};

struct unix_names {
	struct unix_name *items;
	size_t count;
};

struct unix_request {
	const struct unix_verb *verb;
	struct json_span argument, id;               /* id.length 0: none */
	struct json_span from, after, lag;           /* of subscribe; length 0: absent */
	struct unix_names names;                     /* of an argument that is a list of patterns */
};

enum unix_argument {
	UNIX_PATTERNS,       /* an array of names and globs */
	UNIX_TOPICS,         /* an array of what debug knows */
	UNIX_TRUE,
	UNIX_ANYTHING,
};

struct unix_verb {
	const char *name;
	enum unix_argument argument;
	bool subscribes;     /* takes from, after and lag as well */
	bool privileged;
	const char *example;
	enum unix_answered (*answer)(struct unix_connection *connection,
	    struct unix_request *request);
};

/* Ended by a NULL name. */
extern const struct unix_verb unix_verbs[];

/* Takes a line apart.  0; or -EINVAL, and an error was written; or -ENOMEM. */
int unix_request_parse(struct unix_connection *connection, struct json_span line,
    struct unix_request *ret);
void unix_request_fini(struct unix_request *request);

/* An array of strings.  0; -EINVAL, and an error was written; -ENOMEM. */
int unix_names_parse(struct unix_connection *connection, struct json_span id, const char *member,
    struct json_span array, struct unix_names *ret);

/* {"error":CODE,"message":...,"id":...} into the outbox.  No room: nothing. */
void unix_refuse(struct unix_connection *connection, struct json_span id, const char *code,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same without a request, of a stream: {"error":CODE,"message":...,"name":NAME}.  False: no
 * room. */
bool unix_tell(struct unix_connection *connection, const char *code, const char *name,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* {"reply":VERB,"count":N up to its end, which unix_out_id() and unix_out_end() write. */
void unix_reply_begin(struct unix_out *out, struct unix_connection *connection, const char *verb,
    uint64_t count);

/* ,"unmatched":[...  up to its end; gives what has to stand before another name. */
const char *unix_reply_unmatched(struct unix_out *out, const struct unix_names *names);

/* A line for each stream that matches and may be seen, then the reply. */
enum unix_answered unix_answer_streams(struct unix_connection *connection,
    struct unix_request *request, void (*line)(struct unix_out *out, struct stream *stream));

/* The pattern of a request that a stream matches; all that do are noted as such.  NULL: none. */
const struct unix_name *unix_names_match(struct unix_names *names, const char *name);

/* The seq that stands in an entry's line; 0: it is empty. */
uint64_t unix_line_seq(struct text line);

/* What was probably meant, or NULL.  names are ended by NULL. */
const char *unix_suggest(const char *const *names, const char *text, size_t length);

/* A verdict that nobody waits for any more. */
void unix_reload_forget(struct unix_connection *connection);

/* Has it come? */
bool unix_reload_waits(const struct unix_connection *connection);

enum unix_answered unix_subscribe(struct unix_connection *connection, struct unix_request *request);
enum unix_answered unix_unsubscribe(struct unix_connection *connection,
    struct unix_request *request);
enum unix_answered unix_get(struct unix_connection *connection, struct unix_request *request);
enum unix_answered unix_list(struct unix_connection *connection, struct unix_request *request);
enum unix_answered unix_stats(struct unix_connection *connection, struct unix_request *request);
enum unix_answered unix_ping(struct unix_connection *connection, struct unix_request *request);
enum unix_answered unix_reload(struct unix_connection *connection, struct unix_request *request);
enum unix_answered unix_debug(struct unix_connection *connection, struct unix_request *request);

#endif

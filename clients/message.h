/* message.h - a line of the wire and which of its kinds it is (docs/protocol.md). */
#ifndef CLIENTS_MESSAGE_H
#define CLIENTS_MESSAGE_H

#include <stdint.h>

#include "clients/connection.h"
#include "clients/view.h"

enum message_kind {
	MESSAGE_UNKNOWN, /* of a newer daemon: to be ignored */
	MESSAGE_HELLO,
	MESSAGE_SUBSCRIBED,
	MESSAGE_REPLY,
	MESSAGE_ERROR,
	MESSAGE_LIST,
	MESSAGE_GET,
	MESSAGE_STATS,
	MESSAGE_DEBUG,
	MESSAGE_STREAM,
	MESSAGE_GAP,
	MESSAGE_STATE,
	MESSAGE_READY,
};

/* Views into the connection's line: valid until the next message is read. */
struct message {
	enum message_kind kind;
	struct view line;    /* the whole object, as it came */
	struct view subject; /* the value of the member that gives the kind: a stream's name, a verb */
};

/* -EBADMSG if the line is no JSON object. */
int message_parse(struct message *ret_message, struct view line);

/* The next message, as connection_line().  An unparsable line directly before a hello is what a
 * daemon that was replaced had begun to say: it is dropped.  Any other is told on stderr. */
int message_next(struct connection *connection, struct message *ret_message, uint64_t deadline);

/* One line on stderr from an error or refusal: its code, its message, and its list of "errors",
 * one a line, if it has one. */
void message_complain(const struct message *message);

#endif

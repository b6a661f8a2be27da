/* exchange.h - one request, its answers, its reply: what every command but subscribe does. */
#ifndef CLIENTS_EXCHANGE_H
#define CLIENTS_EXCHANGE_H

#include "clients/command.h"
#include "clients/connection.h"
#include "clients/message.h"
#include "clients/view.h"

struct exchange {
	const struct options *options;
	const char *verb;           /* {"VERB":...} */
	const char *argument;       /* JSON; NULL: the options' names, or ["*"] if there are none */
	const char *socket;         /* set by exchange_run() */
	/* Called with the hello, each answer, and last the reply; NULL: nothing is printed as
	 * text.  Answers and, with --all, the rest go out verbatim as JSON without it. */
	void (*on_message)(void *context, const struct message *message);
	void *context;
	bool reply_is_answer;       /* the reply itself is what --json prints */
};

/* Connects, asks, hears the answers and prints.  Gives an enum exit_status; all that went wrong
 * has been said on stderr. */
int exchange_run(struct exchange *exchange);

/* A pattern (glob(7)), or the name of one stream? */
bool name_is_pattern(const char *name);

/* Waits for the hello, or for the error in its place, which is told: EXIT_OK, EXIT_DAEMON_ERROR
 * or, `*ret_error` set, EXIT_NO_DAEMON. */
int exchange_hello(struct connection *connection, uint64_t deadline, struct message *ret_hello,
	int *ret_error);

/* "there is no stream ..." on stderr. */
void complain_no_stream(struct view name);

/* Text or NDJSON, once "auto" is decided by what stdout is. */
bool format_is_json(const struct options *options);

#endif

#include "clients/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/duration.h"
#include "clients/output.h"
#include "clients/text.h"

#define PATIENCE_NS UINT64_C(30000000000)

bool
name_is_pattern(const char *name)
{
	return strpbrk(name, "*?[\\") != NULL;
}

bool
format_is_json(const struct options *options)
{
	if (options->format == FORMAT_AUTO)
		return isatty(STDOUT_FILENO) == 0;
	return options->format == FORMAT_JSON;
}

static void
write_request(struct buffer *request, const struct exchange *exchange)
{
	const struct options *options = exchange->options;

	buffer_format(request, "{\"%s\":", exchange->verb);
	if (exchange->argument != NULL) {
		buffer_text(request, exchange->argument);
	} else if (options->n_names == 0) {
		buffer_text(request, "[\"*\"]");
	} else {
		for (size_t i = 0; i < options->n_names; i++) {
			buffer_text(request, i == 0 ? "[" : ",");
			buffer_string(request, options->names[i]);
		}
		buffer_text(request, "]");
	}
	buffer_text(request, "}\n");
}

int
exchange_hello(struct connection *connection, uint64_t deadline, struct message *ret_hello,
	int *ret_error)
{
	int error = message_next(connection, ret_hello, deadline);

	if (error < 0) {
		*ret_error = error;
		return EXIT_NO_DAEMON;
	}
	if (ret_hello->kind == MESSAGE_HELLO && view_is(ret_hello->subject, "awaitd"))
		return EXIT_OK;
	if (ret_hello->kind == MESSAGE_ERROR)
		message_complain(ret_hello);
	else
		complain("whoever listens there is not awaitd");
	return EXIT_DAEMON_ERROR;
}

static void
print_json(const struct exchange *exchange, const struct message *message)
{
	bool answer = message->kind != MESSAGE_HELLO
		&& (message->kind != MESSAGE_REPLY || exchange->reply_is_answer);

	if (!answer && !exchange->options->everything)
		return;
	buffer_view(output(), message->line);
	buffer_text(output(), "\n");
}

static void
print_message(const struct exchange *exchange, const struct message *message)
{
	if (exchange->on_message != NULL)
		exchange->on_message(exchange->context, message);
	else
		print_json(exchange, message);
}

static void
mark_found(const struct options *options, bool *found, const struct message *message)
{
	if (message->kind < MESSAGE_LIST || message->kind > MESSAGE_STATS)
		return;
	for (size_t i = 0; i < options->n_names; i++)
		if (view_is(message->subject, options->names[i]))
			found[i] = true;
}

void
complain_no_stream(struct view name)
{
	struct buffer text = { 0 };

	text_show(&text, name);
	complain("there is no stream \"%.*s\" (awaitctl list shows what there is)", (int)text.length,
		text.data);
	buffer_free(&text);
}

static int
complain_missing(const struct options *options, const bool *found)
{
	int status = EXIT_OK;

	for (size_t i = 0; i < options->n_names; i++) {
		if (found[i] || name_is_pattern(options->names[i]))
			continue;
		complain_no_stream(
			(struct view) { options->names[i], strlen(options->names[i]) });
		status = EXIT_NO_STREAM;
	}
	return status;
}

/* Until the reply; the request's own error ends it too. */
static int
hear_answers(struct exchange *exchange, struct connection *connection, uint64_t deadline,
	bool *found, int *ret_error)
{
	struct message message;

	for (;;) {
		*ret_error = message_next(connection, &message, deadline);
		if (*ret_error < 0)
			return EXIT_NO_DAEMON;
		if (message.kind == MESSAGE_ERROR) {
			if (exchange->reply_is_answer && exchange->on_message == NULL)
				print_json(exchange, &message);
			message_complain(&message);
			return EXIT_DAEMON_ERROR;
		}
		if (message.kind == MESSAGE_UNKNOWN)
			continue;
		print_message(exchange, &message);
		mark_found(exchange->options, found, &message);
		if (message.kind == MESSAGE_REPLY)
			return EXIT_OK;
	}
}

static int
converse(struct exchange *exchange, struct connection *connection, uint64_t deadline,
	int *ret_error)
{
	const struct options *options = exchange->options;
	bool *found = memory_resize(NULL, (options->n_names + 1) * sizeof *found);
	struct buffer request = { 0 };
	struct message hello;
	int status = exchange_hello(connection, deadline, &hello, ret_error);

	memset(found, 0, options->n_names * sizeof *found);
	if (status == EXIT_OK) {
		print_message(exchange, &hello);
		write_request(&request, exchange);
		*ret_error = connection_send(connection, &request, deadline);
		status = *ret_error < 0 ? EXIT_NO_DAEMON
			: hear_answers(exchange, connection, deadline, found, ret_error);
	}
	if (status == EXIT_OK && exchange->argument == NULL)
		status = complain_missing(options, found);
	buffer_free(&request);
	free(found);
	return status;
}

int
exchange_run(struct exchange *exchange)
{
	const struct options *options = exchange->options;
	uint64_t limit = options->timeout_ns == DEADLINE_NONE ? PATIENCE_NS : options->timeout_ns;
	uint64_t deadline = deadline_after(limit);
	struct connection *connection = NULL;
	int error = 0, status = EXIT_NO_DAEMON;

	exchange->socket = options->socket != NULL ? options->socket : socket_path();
	error = connection_open(&connection, exchange->socket, deadline);
	if (error == 0)
		status = converse(exchange, connection, deadline, &error);
	connection_close(connection);
	if (error == -EINTR || error == -EPIPE)
		return EXIT_OK;
	if (error < 0)
		connection_explain(exchange->socket, error);
	return error == -ETIMEDOUT ? EXIT_TOO_FEW : status;
}

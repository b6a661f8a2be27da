#include "clients/follow.h"

#include <errno.h>
#include <string.h>

#include "clients/connection.h"
#include "clients/duration.h"
#include "clients/exchange.h"
#include "clients/output.h"
#include "clients/wait.h"

#define BACKOFF_FIRST_NS UINT64_C(100000000)
#define BACKOFF_LAST_NS UINT64_C(5000000000)

/* How a connection, or the whole, came to its end. */
enum verdict {
	GO_ON,
	BROKEN, /* the connection: another may mend it */
	LOST,   /* the daemon knows nothing of us any more: so does another */
	OVER,   /* with `status` */
};

struct outcome {
	enum verdict verdict;
	int status; /* OVER: an exit_status */
	int error;  /* BROKEN, LOST: -errno */
};

static const struct outcome go_on = { GO_ON, 0, 0 };

static struct outcome
over(int status)
{
	return (struct outcome) { OVER, status, 0 };
}

/* What a wait says. */
static struct outcome
outcome_of(const struct follow *follow, int error)
{
	if (error == 0)
		return go_on;
	if (error == -ETIMEDOUT)
		return over(follow->options->count > 0 ? EXIT_TOO_FEW : EXIT_OK);
	if (error == -EINTR || error == -EPIPE)
		return over(EXIT_OK);
	return (struct outcome) { BROKEN, 0, error };
}

static void
print_entry(struct follow *follow, const struct message *message)
{
	if (follow->as_text) {
		render_entry(&follow->render, output(), message);
	} else {
		buffer_view(output(), message->line);
		buffer_text(output(), "\n");
	}
}

static struct outcome
take_entry(struct follow *follow, const struct message *message)
{
	const struct options *options = follow->options;

	print_entry(follow, message);
	if (message->kind != MESSAGE_STREAM)
		return go_on;
	follow->events++;
	return options->count > 0 && follow->events == options->count ? over(EXIT_OK) : go_on;
}

/* Names that match nothing: at first a mistake, after a break streams that are gone. */
static struct outcome
take_unmatched(struct follow *follow, const struct message *reply)
{
	struct view_walk walk = view_walk(view_member(reply->line, "unmatched"));
	struct view name;
	bool any = false;

	while (view_next(&walk, NULL, &name)) {
		complain_no_stream(name);
		positions_forget(&follow->positions, name);
		any = true;
	}
	if (any && (!follow->begun || (follow->positions.count == 0 && !follow->has_patterns)))
		return over(EXIT_NO_STREAM);
	if (view_is(view_member(reply->line, "id"), FOLLOW_LAST_ID))
		follow->begun = true;
	return go_on;
}

static bool
is_one_of(struct view code, const char *const *codes)
{
	for (; *codes != NULL; codes++)
		if (view_is(code, *codes))
			return true;
	return false;
}

/* One that answers a request, or says that this was all, is the end; one that tells something,
 * such as that a block has timed out, is passed on to the user. */
static struct outcome
take_error(const struct follow *follow, const struct message *message)
{
	static const char *const passing[]
		= { "shutting-down", "closing", "too-many-connections", NULL };
	static const char *const last[] = { "lagged", NULL };
	bool answers = view_type(view_member(message->line, "id")) != VIEW_ABSENT;

	if (view_is(message->subject, "restarted"))
		return (struct outcome) { LOST, 0, -ECONNRESET };
	if (follow->begun && is_one_of(message->subject, passing))
		return (struct outcome) { BROKEN, 0, -ECONNRESET };
	message_complain(message);
	if (follow->begun && !answers && !is_one_of(message->subject, last))
		return go_on;
	return over(EXIT_DAEMON_ERROR);
}

/* `for await` over streams that have all ended is done. */
static struct outcome
take_end(const struct follow *follow)
{
	if (follow->has_patterns || !follow->begun || !positions_ended(&follow->positions))
		return go_on;
	return over(follow->options->count > 0 ? EXIT_TOO_FEW : EXIT_OK);
}

static void
print_rest(const struct follow *follow, const struct message *message)
{
	if (follow->as_text || !follow->options->everything)
		return;
	buffer_view(output(), message->line);
	buffer_text(output(), "\n");
}

static struct outcome
take_message(struct follow *follow, const struct message *message)
{
	struct outcome outcome = go_on;

	positions_note(&follow->positions, message);
	if (message->kind == MESSAGE_STREAM || message->kind == MESSAGE_GAP
		|| message->kind == MESSAGE_STATE)
		outcome = take_entry(follow, message);
	else
		print_rest(follow, message);

	if (message->kind == MESSAGE_HELLO)
		complain("the daemon was replaced; going on");
	else if (message->kind == MESSAGE_SUBSCRIBED)
		render_expect_name(&follow->render, message->subject);
	else if (message->kind == MESSAGE_REPLY)
		outcome = take_unmatched(follow, message);
	else if (message->kind == MESSAGE_ERROR)
		outcome = take_error(follow, message);
	return outcome.verdict == GO_ON ? take_end(follow) : outcome;
}

static struct outcome
read_on(struct follow *follow, struct connection *connection)
{
	struct outcome outcome = go_on;

	while (outcome.verdict == GO_ON) {
		struct message message;

		if (output_full() || !connection_has_line(connection))
			outcome = outcome_of(follow, output_flush(follow->deadline));
		if (outcome.verdict == GO_ON)
			outcome = outcome_of(
				follow, message_next(connection, &message, follow->deadline));
		if (outcome.verdict == GO_ON)
			outcome = take_message(follow, &message);
	}
	return outcome;
}

static struct outcome
subscribe(struct follow *follow, struct connection *connection)
{
	struct buffer requests = { 0 };
	struct outcome outcome;

	follow_request(follow, &requests);
	outcome = outcome_of(follow, connection_send(connection, &requests, follow->deadline));
	buffer_free(&requests);
	return outcome;
}

static struct outcome
greet(struct follow *follow, struct connection *connection)
{
	struct message hello;
	int error = message_next(connection, &hello, follow->deadline);

	if (error < 0)
		return outcome_of(follow, error);
	if (hello.kind == MESSAGE_ERROR)
		return take_error(follow, &hello);
	if (hello.kind != MESSAGE_HELLO || !view_is(hello.subject, "awaitd")) {
		complain("%s: whoever listens there is not awaitd", follow->socket);
		return over(EXIT_DAEMON_ERROR);
	}
	print_rest(follow, &hello);
	return go_on;
}

static struct outcome
connect_once(struct follow *follow, bool resumed)
{
	struct connection *connection = NULL;
	struct outcome outcome = outcome_of(
		follow, connection_open(&connection, follow->socket, follow->deadline));

	if (outcome.verdict == GO_ON)
		outcome = greet(follow, connection);
	if (outcome.verdict == GO_ON)
		outcome = subscribe(follow, connection);
	if (outcome.verdict == GO_ON && resumed)
		complain("connected again; resuming %zu stream%s", follow->positions.count,
			follow->positions.count == 1 ? "" : "s");
	if (outcome.verdict == GO_ON)
		outcome = read_on(follow, connection);
	connection_close(connection);
	return outcome;
}

/* Tries until there is a connection that stood for a while, or it is over. */
static struct outcome
connect_again(struct follow *follow, uint64_t *backoff_ns)
{
	uint64_t until = deadline_after(*backoff_ns), began = clock_now();
	struct outcome outcome;
	int error;

	if (follow->deadline < until)
		until = follow->deadline;
	error = wait_for(-1, 0, until);
	if (error != -ETIMEDOUT || until == follow->deadline)
		return outcome_of(follow, error);
	outcome = connect_once(follow, true);
	if (clock_now() - began > BACKOFF_LAST_NS)
		*backoff_ns = BACKOFF_FIRST_NS;
	else if (*backoff_ns < BACKOFF_LAST_NS)
		*backoff_ns *= 2;
	return outcome;
}

/* A daemon that knows nothing of us has not heard our request either. */
static bool
is_mended(const struct follow *follow, struct outcome outcome)
{
	if (follow->options->no_reconnect)
		return false;
	return outcome.verdict == LOST || (outcome.verdict == BROKEN && follow->begun);
}

int
follow_run(struct follow *follow)
{
	struct outcome outcome = connect_once(follow, false);
	uint64_t backoff_ns = BACKOFF_FIRST_NS;

	while (is_mended(follow, outcome)) {
		if (backoff_ns == BACKOFF_FIRST_NS)
			complain("%s: %s; trying again", follow->socket, strerror(-outcome.error));
		outcome = connect_again(follow, &backoff_ns);
	}
	if (outcome.verdict == OVER)
		return outcome.status;
	connection_explain(follow->socket, outcome.error);
	return EXIT_NO_DAEMON;
}

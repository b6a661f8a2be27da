/* fake-server SOCKET < SCRIPT - the other end of awaitctl's tests: plays a conversation over a
 * real Unix socket, one step a line, and fails where the peer says anything else.
 *
 *	accept            takes the next connection
 *	expect TEXT       reads a line, which has to be TEXT
 *	send TEXT         sends TEXT and a line's end
 *	begin TEXT        sends TEXT without one
 *	flood NAME N      sends N events of a stream, 1 to N
 *	eof               reads until the peer closes
 *	close             closes the connection
 *	leave, return     stops listening and removes the socket; listens again
 *
 * The socket appears when it can be connected to.  The exit status is 0 if all went by the
 * script; a conversation that stands still ends by SIGALRM. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *path;
static int listener = -1, peer = -1;

static void
do_return(const char *text)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)text;
	snprintf(address.sun_path, sizeof address.sun_path, "%s~", path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0
		|| listen(listener, 8) < 0 || rename(address.sun_path, path) < 0)
		err(1, "%s", path);
}

static void
do_leave(const char *text)
{
	(void)text;
	unlink(path);
	close(listener);
}

static void
do_accept(const char *text)
{
	(void)text;
	peer = accept(listener, NULL, NULL);
	if (peer < 0)
		err(1, "accept");
}

static void
send_all(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(peer, text, length, MSG_NOSIGNAL);

		if (sent < 0)
			err(1, "send");
		text += sent;
		length -= (size_t)sent;
	}
}

static void
do_begin(const char *text)
{
	send_all(text, strlen(text));
}

static void
do_send(const char *text)
{
	do_begin(text);
	do_begin("\n");
}

/* A peer that leaves in between is no mistake of the script. */
static void
do_flood(const char *text)
{
	char name[65], line[160];
	long count;

	if (sscanf(text, "%64s %ld", name, &count) != 2)
		errx(1, "flood NAME N");
	for (long i = 1; i <= count; i++) {
		int length = snprintf(line, sizeof line,
			"{\"stream\":\"%s\",\"seq\":%ld,\"time\":\"2026-11-20T11:15:59.000000001Z\","
			"\"mono_ns\":%ld,\"value\":%ld}\n", name, i, i, i);

		if (send(peer, line, (size_t)length, MSG_NOSIGNAL) < 0)
			return;
	}
}

static void
do_expect(const char *text)
{
	static char line[1 << 20];
	size_t length = 0;

	do {
		if (length == sizeof line - 1 || recv(peer, line + length, 1, 0) != 1)
			errx(1, "expected %s\nand the peer closed", text);
	} while (line[length++] != '\n');
	line[length - 1] = '\0';
	if (strcmp(line, text) != 0)
		errx(1, "expected %s\n              got      %s", text, line);
}

static void
do_eof(const char *text)
{
	char bytes[4096];

	(void)text;
	while (recv(peer, bytes, sizeof bytes, 0) > 0)
		continue;
}

static void
do_close(const char *text)
{
	(void)text;
	close(peer);
	peer = -1;
}

static const struct step {
	const char *name;
	void (*run)(const char *text);
} steps[] = {
	{ "accept", do_accept },
	{ "expect", do_expect },
	{ "send", do_send },
	{ "begin", do_begin },
	{ "flood", do_flood },
	{ "eof", do_eof },
	{ "close", do_close },
	{ "leave", do_leave },
	{ "return", do_return },
};

static void
play(char *line)
{
	const char *name = strsep(&line, " ");

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (strcmp(steps[i].name, name) == 0) {
			steps[i].run(line == NULL ? "" : line);
			return;
		}
	errx(1, "no such step: %s", name);
}

int
main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	if (argc != 2)
		errx(1, "usage: fake-server SOCKET < SCRIPT");
	path = argv[1];
	alarm(120);
	do_return("");
	while ((length = getline(&line, &size, stdin)) > 0) {
		char *step = line + strspn(line, "\t");

		step[strcspn(step, "\n")] = '\0';
		if (step[0] != '\0')
			play(step);
	}
	free(line);
	return 0;
}

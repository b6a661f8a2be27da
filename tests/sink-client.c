/* The peers of sink-fixture.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink-fixture.h"

#define CLIENTS_MAX 3000

static struct client *clients[CLIENTS_MAX];

struct client *
client_of(int fd)
{
	struct client *client = calloc(1, sizeof *client);

	assert_non_null(client);
	client->fd = fd;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i] == NULL) {
			clients[i] = client;
			return client;
		}
	fail_msg("too many clients");
	return NULL;
}

struct client *
client_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, setting.path, strlen(setting.path));
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		fail_msg("connect: %s", strerror(errno));
	return client_of(fd);
}

struct client *
client_new(void)
{
	struct client *client = client_connect();

	client_expect(client, "{\"hello\":\"awaitd\",\"version\":\"~\",\"boot_id\":\"~\","
	    "\"limits\":{~}}");
	return client;
}

void
client_free(struct client *client)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i] == client)
			clients[i] = NULL;
	close(client->fd);
	free(client->bytes);
	free(client);
}

void
clients_free(void)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i] != NULL)
			client_free(clients[i]);
}

void
client_send(struct client *client, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t n = send(client->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			client_read(client);
			continue;
		}
		if (n < 0)
			fail_msg("send: %s", strerror(errno));
		text += n;
		length -= (size_t)n;
	}
}

static void
client_grow(struct client *client)
{
	if (client->begin > 0) {
		memmove(client->bytes, client->bytes + client->begin,
		    client->length - client->begin);
		client->length -= client->begin;
		client->begin = 0;
	}
	if (client->size - client->length >= 65536)
		return;
	client->size = 2 * client->size + 131072;
	client->bytes = realloc(client->bytes, client->size);
	assert_non_null(client->bytes);
}

static bool
client_read_some(struct client *client)
{
	ssize_t n;

	client_grow(client);
	n = recv(client->fd, client->bytes + client->length, client->size - client->length - 1,
	    MSG_DONTWAIT);
	if (n > 0)
		client->length += (size_t)n;
	else if (n == 0 || errno != EAGAIN)
		client->end = true;
	return n > 0;
}

void
client_read(struct client *client)
{
	settle();
	while (client_read_some(client))
		settle();
}

static char *
client_take_line(struct client *client)
{
	char *line = client->bytes + client->begin, *lf;

	if (client->length == client->begin)
		return NULL;
	lf = memchr(line, '\n', client->length - client->begin);
	if (lf == NULL)
		return NULL;
	*lf = '\0';
	client->begin += (size_t)(lf - line) + 1;
	return line;
}

const char *
client_line(struct client *client)
{
	char *line = client_take_line(client);

	for (int i = 0; line == NULL && i < 200 && !client->end; i++) {
		client_read(client);
		line = client_take_line(client);
	}
	if (line == NULL)
		fail_msg("no line came%s", client->end ? ", but the end" : "");
	return line;
}

bool
line_is_like(const char *line, const char *pattern)
{
	if (*pattern == '~')
		return line_is_like(line, pattern + 1)
		    || (*line != '\0' && line_is_like(line + 1, pattern));
	if (*line != *pattern)
		return false;
	return *line == '\0' || line_is_like(line + 1, pattern + 1);
}

void
client_expect(struct client *client, const char *pattern)
{
	const char *line = client_line(client);

	if (!line_is_like(line, pattern))
		fail_msg("expected %s\n     got %s", pattern, line);
}

void
client_ask(struct client *client, const char *request, const char *pattern)
{
	client_send(client, request);
	client_send(client, "\n");
	client_expect(client, pattern);
}

void
client_expect_nothing(struct client *client)
{
	client_read(client);
	if (client->length > client->begin)
		fail_msg("expected nothing, got %.*s", (int)(client->length - client->begin),
		    client->bytes + client->begin);
	assert_false(client->end);
}

void
client_expect_end(struct client *client)
{
	client_read(client);
	if (client->length > client->begin)
		fail_msg("expected the end, got %.*s", (int)(client->length - client->begin),
		    client->bytes + client->begin);
	assert_true(client->end);
}

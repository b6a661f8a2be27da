#include "producer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PRODUCERS_MAX 40

int
producer(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, fixture_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

void
put_bytes(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			fixture_turn();
			continue;
		}
		data += n;
		length -= (size_t)n;
	}
}

void
put(int fd, const char *text)
{
	put_bytes(fd, text, strlen(text));
}

void
assert_each_in_order(struct stream *stream, int producers, int lines)
{
	int next[PRODUCERS_MAX] = { 0 };
	const char *says = fixture_says(stream, 1);
	int who, line, length;

	assert_true(producers <= PRODUCERS_MAX);
	while (sscanf(says, " [%d,%d]%n", &who, &line, &length) == 2) {
		assert_in_range(who, 0, producers - 1);
		assert_int_equal(line, next[who]++);
		says += length;
	}
	assert_string_equal(says, "");
	for (who = 0; who < producers; who++)
		assert_int_equal(next[who], lines);
}

/* Entries in the journal's native protocol, byte by byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/journal_socket.h"

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int journal;

static int
journal_begin(void **state)
{
	(void)state;
	snprintf(address.sun_path, sizeof address.sun_path, "/tmp/journal-%d", (int)getpid());
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return bind(journal, (struct sockaddr *)&address, sizeof address);
}

static int
journal_end(void **state)
{
	(void)state;
	close(journal);
	return unlink(address.sun_path);
}

static void
assert_received(const char *bytes, size_t length)
{
	char entry[4096];

	assert_int_equal(recv(journal, entry, sizeof entry, 0), length);
	assert_memory_equal(entry, bytes, length);
}

static void
fields_are_lines_of_one_datagram(void **state)
{
	const struct journal_field fields[] = { { "MESSAGE", "a=b", 3 }, { "PRIORITY", "6", 1 } };
	static const char expected[] = "MESSAGE=a=b\nPRIORITY=6\n";

	(void)state;
	assert_int_equal(journal_socket_send(address.sun_path, fields, 2), 0);
	assert_received(expected, sizeof expected - 1);
}

static void
a_value_of_two_lines_is_told_by_its_length(void **state)
{
	const struct journal_field fields[] = { { "MESSAGE", "a\nb", 3 }, { "X", "", 0 } };
	static const char expected[] = "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\nX=\n";

	(void)state;
	assert_int_equal(journal_socket_send(address.sun_path, fields, 2), 0);
	assert_received(expected, sizeof expected - 1);
}

static void
what_cannot_be_sent_whole_is_not_sent(void **state)
{
	static char large[5000];
	const struct journal_field fields[] = { { "MESSAGE", large, sizeof large } };
	char entry[10];

	(void)state;
	memset(large, 'x', sizeof large);
	assert_int_equal(journal_socket_send(address.sun_path, fields, 1), -EMSGSIZE);
	assert_int_equal(recv(journal, entry, sizeof entry, 0), -1);
	assert_int_equal(journal_socket_send(large, fields, 0), -ENAMETOOLONG);
	assert_int_equal(journal_socket_send("/nowhere/socket", fields, 0), -ENOENT);
}

static void
nobody_waits_for_a_journal_that_does_not_read(void **state)
{
	const struct journal_field fields[] = { { "MESSAGE", "again", 5 } };
	int r, sent = 0;

	(void)state;
	while ((r = journal_socket_send(address.sun_path, fields, 1)) == 0 && sent < 100000)
		sent++;
	assert_int_equal(r, -EAGAIN);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, journal_begin, journal_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(fields_are_lines_of_one_datagram),
		CLAIM(a_value_of_two_lines_is_told_by_its_length),
		CLAIM(what_cannot_be_sent_whole_is_not_sent),
		CLAIM(nobody_waits_for_a_journal_that_does_not_read),
	};

	return cmocka_run_group_tests_name("journal-socket", tests, NULL, NULL);
}

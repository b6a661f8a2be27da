/* The fd store's client against a manager played by the test: a datagram socket. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fdstore.h"
#include "notify-socket.h"

static int
manager_close(void **state)
{
	fdstore_close();
	notify_socket_close(*state);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("FDSTORE");
	return 0;
}

/* One message, and the fd that came with it, or -1; -EAGAIN: there is none. */
static int
manager_read(struct notify_socket *manager, char text[400])
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { text, 399 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control };
	ssize_t length = recvmsg(manager->socket, &header, MSG_CMSG_CLOEXEC);
	int fd = -1;

	if (length < 0)
		return -errno;
	text[length] = '\0';
	if (CMSG_FIRSTHDR(&header) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof fd);
	return fd;
}

static void
a_pushed_fd_arrives_with_its_name_and_without_polling(void **state)
{
	struct stat sent, arrived;
	char text[400];
	int fd;

	assert_int_equal(fdstore_open(), 0);
	assert_true(fdstore_present());
	assert_int_equal(fdstore_push("c-12-3", STDIN_FILENO), 0);
	fd = manager_read(*state, text);
	assert_true(fd >= 0);
	assert_string_equal(text, "FDSTORE=1\nFDPOLL=0\nFDNAME=c-12-3");
	assert_int_equal(fstat(STDIN_FILENO, &sent), 0);
	assert_int_equal(fstat(fd, &arrived), 0);
	assert_true(sent.st_ino == arrived.st_ino && sent.st_dev == arrived.st_dev);
	close(fd);
	fdstore_remove("c-12-3");
	assert_int_equal(manager_read(*state, text), -1);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=c-12-3");
}

static void
the_environment_is_cleared_for_children(void **state)
{
	(void)state;
	setenv("FDSTORE", "100", 1);
	assert_int_equal(fdstore_open(), 0);
	assert_true(fdstore_present());
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("FDSTORE"));
}

static void
a_manager_that_stores_nothing_still_hears_notifications(void **state)
{
	char text[400];

	setenv("FDSTORE", "0", 1);
	assert_int_equal(fdstore_open(), 0);
	assert_false(fdstore_present());
	assert_true(fdstore_notified());
	assert_int_equal(fdstore_push("a", STDIN_FILENO), 0);
	fdstore_remove("a");
	assert_int_equal(manager_read(*state, text), -EAGAIN);
	assert_int_equal(fdstore_notify("READY=1"), 0);
	assert_int_equal(manager_read(*state, text), -1);
	assert_string_equal(text, "READY=1");
}

static void
without_a_manager_every_push_succeeds_and_keeps_nothing(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(fdstore_open(), 0);
	assert_false(fdstore_present());
	assert_false(fdstore_notified());
	assert_int_equal(fdstore_push("a", STDIN_FILENO), 0);
	assert_int_equal(fdstore_notify("READY=1"), 0);
	fdstore_remove("a");
	assert_int_equal(fdstore_take("a"), -1);
	assert_true(fdstore_flush());
}

static void
an_address_that_cannot_be_sent_to_is_an_error_and_no_store(void **state)
{
	char far[200];

	(void)state;
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	assert_int_equal(fdstore_open(), -EAFNOSUPPORT);
	assert_false(fdstore_present());
	memset(far, 'a', sizeof far - 1);
	far[0] = '/';
	far[sizeof far - 1] = '\0';
	setenv("NOTIFY_SOCKET", far, 1);
	assert_int_equal(fdstore_open(), -ENAMETOOLONG);
	assert_false(fdstore_present());
}

static void
an_abstract_address_is_reached(void **state)
{
	struct notify_socket *manager = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[60], text[400];
	int length = snprintf(name, sizeof name, "@awaitd-test-%d", (int)getpid());

	close(manager->socket);
	memcpy(address.sun_path + 1, name + 1, (size_t)length - 1);
	manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(manager->socket, (struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(fdstore_open(), 0);
	assert_int_equal(fdstore_notify("READY=1"), 0);
	assert_int_equal(manager_read(manager, text), -1);
	assert_string_equal(text, "READY=1");
}

static void
a_full_queue_is_eagain_and_a_removal_is_sent_later_and_first(void **state)
{
	char text[400];
	int error;

	assert_int_equal(fdstore_open(), 0);
	for (int i = 0; i < 100000; i++)
		if ((error = fdstore_notify("STATUS=x")) < 0)
			break;
	assert_int_equal(error, -EAGAIN);
	fdstore_remove("late");
	fdstore_remove("later");
	assert_int_equal(fdstore_push("a", STDIN_FILENO), -EAGAIN);
	assert_false(fdstore_flush());
	while (manager_read(*state, text) != -EAGAIN)
		assert_string_equal(text, "STATUS=x");
	assert_int_equal(fdstore_notify("STATUS=y"), 0);
	assert_int_equal(manager_read(*state, text), -1);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=late");
	assert_int_equal(manager_read(*state, text), -1);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=later");
	assert_int_equal(manager_read(*state, text), -1);
	assert_string_equal(text, "STATUS=y");
}

/* ------------------------------------------------------- fds that are handed over */

static void
collect(const char *name, int fd, void *context)
{
	char *names = context;

	assert_true(fd >= 3);
	strcat(names, name);
	strcat(names, " ");
}

/* In a child, whose fds 3, 4 and 5 may be overwritten: its exit status is the failed step, 0:
 * none. */
static int
take_in_child(void)
{
	char pid[20], names[100] = "";
	int pipes[2];

	if (pipe(pipes) < 0)
		return 1;
	if (dup2(pipes[0], 13) < 0 || dup2(13, 3) < 0 || dup2(13, 4) < 0 || dup2(13, 5) < 0)
		return 2;
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "3", 1);
	setenv("LISTEN_FDNAMES", "awaitd.socket:arena:c-1-1", 1);
	if (fdstore_open() != 0)
		return 3;
	if (getenv("LISTEN_FDS") != NULL || getenv("LISTEN_FDNAMES") != NULL)
		return 4;
	if (fdstore_take("arena") != 4 || fdstore_take("arena") != -1)
		return 5;
	if ((fcntl(4, F_GETFD) & FD_CLOEXEC) == 0 || (fcntl(4, F_GETFL) & O_NONBLOCK) != 0)
		return 6;
	fdstore_each(collect, names);
	if (strcmp(names, "awaitd.socket c-1-1 ") != 0)
		return 7;
	if (fdstore_drop_untaken() != 2 || fcntl(3, F_GETFD) >= 0 || fcntl(5, F_GETFD) >= 0)
		return 8;
	fdstore_close();
	return fcntl(4, F_GETFD) < 0 ? 9 : 0;
}

static void
handed_fds_are_taken_once_by_name_and_the_rest_is_removed(void **state)
{
	char text[400];
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(take_in_child());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(manager_read(*state, text), -1);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=awaitd.socket");
	assert_int_equal(manager_read(*state, text), -1);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=c-1-1");
}

static void
fds_for_another_process_are_not_ours(void **state)
{
	(void)state;
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "arena", 1);
	assert_int_equal(fdstore_open(), 0);
	assert_int_equal(fdstore_take("arena"), -1);
	assert_null(getenv("LISTEN_FDS"));
}

/* In a child: its exit status is what the fd that was handed over is named after, or the error. */
static int
open_in_child(const char *count, const char *names)
{
	char pid[20];
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		snprintf(pid, sizeof pid, "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", count, 1);
		if (names != NULL)
			setenv("LISTEN_FDNAMES", names, 1);
		dup2(0, 3);
		_exit(fdstore_open() < 0 ? 1 : fdstore_take("unknown") == 3 ? 2 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
fds_without_names_are_unknown_and_contradictions_an_error(void **state)
{
	(void)state;
	assert_int_equal(open_in_child("1", NULL), 2);
	assert_int_equal(open_in_child("1", "arena:"), 1);
	assert_int_equal(open_in_child("1", "a:b"), 1);
	dup2(0, 4);
	assert_int_equal(open_in_child("2", "a"), 1);
	assert_int_equal(open_in_child("1x", NULL), 1);
	assert_int_equal(open_in_child("0", NULL), 1);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, notify_socket_open, manager_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_pushed_fd_arrives_with_its_name_and_without_polling),
		CLAIM(the_environment_is_cleared_for_children),
		CLAIM(a_manager_that_stores_nothing_still_hears_notifications),
		CLAIM(without_a_manager_every_push_succeeds_and_keeps_nothing),
		CLAIM(an_address_that_cannot_be_sent_to_is_an_error_and_no_store),
		CLAIM(an_abstract_address_is_reached),
		CLAIM(a_full_queue_is_eagain_and_a_removal_is_sent_later_and_first),
		CLAIM(handed_fds_are_taken_once_by_name_and_the_rest_is_removed),
		CLAIM(fds_for_another_process_are_not_ours),
		CLAIM(fds_without_names_are_unknown_and_contradictions_an_error),
	};

	return cmocka_run_group_tests_name("fdstore", tests, NULL, NULL);
}

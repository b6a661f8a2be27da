#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/buffer.h"
#include "clients/command.h"
#include "clients/connection.h"

static const char system_path[] = "/run/awaitd/awaitd.sock";

const char *
socket_path(void)
{
	const char *named = getenv("AWAITD_SOCKET");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	static struct buffer user_path;

	if (named != NULL && named[0] != '\0')
		return named;
	if (geteuid() == 0 || runtime == NULL || access(system_path, F_OK) == 0)
		return system_path;
	user_path.length = 0;
	buffer_format(&user_path, "%s/awaitd/awaitd.sock", runtime);
	buffer_append(&user_path, "", 1);
	return access(user_path.data, F_OK) == 0 ? user_path.data : system_path;
}

static const char *
advice(int error)
{
	switch (-error) {
	case ENOENT:
		return "is awaitd running?  systemctl status awaitd; another socket: -s PATH";
	case ECONNREFUSED:
		return "the socket is there and nobody listens: systemctl status awaitd";
	case EACCES:
		return "the socket's group may connect: sudo usermod -aG awaitd $USER, then log in again";
	case ENAMETOOLONG:
		return "a Unix socket's path has at most 107 bytes";
	case ECONNRESET:
		return "it closed the connection";
	case ETIMEDOUT:
		return "it did not answer in time";
	default:
		return NULL;
	}
}

void
connection_explain(const char *path, int error)
{
	const char *hint = advice(error);

	complain("%s: %s%s%s%s", path, strerror(-error), hint == NULL ? "" : " (",
		hint == NULL ? "" : hint, hint == NULL ? "" : ")");
}

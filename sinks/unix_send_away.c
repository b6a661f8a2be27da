/* Connections that a predecessor stored and that nobody can go on with: what was known of them is
 * lost, or of another version.  Nobody knows either whether the peer stands within a line. */
#include "sinks/unix_private.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdstore.h"

static const char words[]
    = "\n{\"hello\":\"awaitd\",\"version\":\"" PACKAGE_VERSION "\"}\n"
      "{\"error\":\"restarted\",\"message\":\"awaitd was started again and could not take over "
      "this connection: connect again, with \\\"after\\\"\"}\n";

void
unix_send_away(const char *name, int fd)
{
	(void)send(fd, words, sizeof words - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_RDWR);
	fdstore_remove(name);
	close(fd);
}

static void
send_away_one(const char *name, int fd, void *context)
{
	(void)fd;
	(void)context;
	if (strncmp(name, "c-", 2) == 0)
		unix_send_away(name, fdstore_take(name));
}

void
unix_send_away_untaken(void)
{
	fdstore_each(send_away_one, NULL);
}

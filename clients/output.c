#include "clients/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clients/wait.h"

#define ENOUGH 65536u

static struct buffer pending;
static size_t written; /* bytes of `pending` that are out */

struct buffer *
output(void)
{
	return &pending;
}

bool
output_full(void)
{
	return pending.length >= ENOUGH;
}

/* What to write at once.  A pipe that poll() calls writable takes PIPE_BUF bytes without
 * blocking, and more could block with all signals shut out. */
static size_t
next_piece(void)
{
	size_t length = pending.length - written < PIPE_BUF ? pending.length - written : PIPE_BUF;
	const char *start = pending.data + written, *last = memrchr(start, '\n', length);

	return last == NULL ? length : (size_t)(last + 1 - start);
}

/* A reader gets the rest of a line it has begun to get. */
static int
wait_writable(uint64_t deadline)
{
	if (written > 0 && pending.data[written - 1] != '\n')
		return wait_to_finish(STDOUT_FILENO, POLLOUT, deadline);
	return wait_for(STDOUT_FILENO, POLLOUT, deadline);
}

static int
write_piece(uint64_t deadline)
{
	ssize_t count;
	int error = wait_writable(deadline);

	if (error < 0)
		return error;
	count = write(STDOUT_FILENO, pending.data + written, next_piece());
	if (count >= 0)
		written += (size_t)count;
	else if (errno != EINTR && errno != EAGAIN)
		return -errno;
	return 0;
}

int
output_flush(uint64_t deadline)
{
	int error = 0;

	while (error == 0 && written < pending.length)
		error = write_piece(deadline);
	if (error == 0)
		pending.length = written = 0;
	return error;
}

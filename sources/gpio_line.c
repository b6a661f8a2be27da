/* What is the same in both of the kernel's interfaces. */
#include "sources/gpio_line.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

ssize_t
gpio_line_read(int fd, void *memory, size_t size)
{
	ssize_t n;

	do
		n = read(fd, memory, size);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ENODEV;
	return n < 0 ? -errno : n;
}

bool
gpio_line_is_there(int fd)
{
	struct pollfd poll_fd = { .fd = fd };

	return poll(&poll_fd, 1, 0) >= 0
	    && (poll_fd.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

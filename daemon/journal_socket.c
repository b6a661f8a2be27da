#include "daemon/journal_socket.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ENTRY_MAX 4096

struct entry {
	char bytes[ENTRY_MAX];
	size_t length;
	bool full;
};

static void
put(struct entry *entry, const void *bytes, size_t length)
{
	if (length > sizeof entry->bytes - entry->length) {
		entry->full = true;
		return;
	}
	memcpy(entry->bytes + entry->length, bytes, length);
	entry->length += length;
}

/* NAME=value, or, with an LF in the value, NAME, an LF and the length before it. */
static void
put_field(struct entry *entry, const struct journal_field *field)
{
	uint64_t length = htole64(field->length);

	put(entry, field->name, strlen(field->name));
	if (memchr(field->value, '\n', field->length) == NULL)
		put(entry, "=", 1);
	else {
		put(entry, "\n", 1);
		put(entry, &length, sizeof length);
	}
	put(entry, field->value, field->length);
	put(entry, "\n", 1);
}

static int
journal_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd;
}

int
journal_socket_send(const char *path, const struct journal_field *fields, size_t count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct entry entry;
	size_t i;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	entry.length = 0;
	entry.full = false;
	for (i = 0; i < count; i++)
		put_field(&entry, &fields[i]);
	if (entry.full)
		return -EMSGSIZE;
	if (sendto(journal_fd(), entry.bytes, entry.length, MSG_DONTWAIT | MSG_NOSIGNAL,
	    (const struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return 0;
}

/* listener.h - where producers connect: "unix:/path" or "tcp:[HOST:]PORT". */
#ifndef SOURCES_LISTENER_H
#define SOURCES_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A parsed address.  Names of hosts are not looked up, for that blocks; HOST is an address, an
 * IPv6 one in brackets, or "localhost"; without it 127.0.0.1. */
struct listener_address {
	union {
		struct sockaddr address;
		struct sockaddr_un local;        /* sun_path: the path, ended by a NUL */
		struct sockaddr_storage any;
	};
	socklen_t length;
};

/* NULL, or what is wrong with the text and what would be right; static. */
const char *listener_parse(const char *text, struct listener_address *ret);

struct listener_access {
	uint32_t mode;               /* of the socket's file */
	uint32_t group;              /* or OPTION_ID_NONE: unchanged */
};

#define LISTENER_MESSAGE_MAX 160

/* A listening fd, non-blocking and close-on-exec; or -errno and the reason in message.  A socket's
 * file that nobody answers at is removed first. */
int listener_open(const struct listener_address *address, const struct listener_access *access,
    char message[LISTENER_MESSAGE_MAX]);

/* Any fd: does it listen there, and can it still be reached? */
bool listener_is_there(const struct listener_address *address, int fd);

/* Who is at the other end of an accepted fd, in words for people: "pid 123, uid 1000", "[::1]:4242"; ""
 * if nobody knows. */
void listener_peer(const struct listener_address *address, int fd, char *text, size_t size);

/* Closes it for good: the socket's file is removed, unless it is somebody else's by now. */
void listener_close(const struct listener_address *address, int fd);

#endif

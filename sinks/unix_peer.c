/* Who is at the other end: what the kernel noted when it connected (SO_PEERCRED, SO_PEERGROUPS;
 * unix(7)). */
#include "sinks/unix_private.h"

#include <stdlib.h>
#include <sys/socket.h>

#define GROUPS_FIRST 32u

static int
peer_groups(int fd, struct unix_peer *peer)
{
	socklen_t size = GROUPS_FIRST * sizeof *peer->groups;

	for (;;) {
		gid_t *groups = realloc(peer->groups, size);

		if (groups == NULL)
			return -ENOMEM;
		peer->groups = groups;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
			break;
		if (errno != ERANGE)
			return -errno;
	}
	peer->group_count = size / sizeof *peer->groups;
	return 0;
}

/* The group it ran as stands in its credentials, and need not be among the others. */
static int
peer_add_group(struct unix_peer *peer, gid_t gid)
{
	gid_t *groups = reallocarray(peer->groups, peer->group_count + 1, sizeof *groups);

	if (groups == NULL)
		return -ENOMEM;
	peer->groups = groups;
	groups[peer->group_count++] = gid;
	return 0;
}

int
unix_peer_get(int fd, struct unix_peer *ret)
{
	struct unix_peer peer = { 0 };
	struct ucred credentials;
	socklen_t size = sizeof credentials;
	int r = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	peer.uid = credentials.uid;
	r = peer_groups(fd, &peer);
	if (r == 0)
		r = peer_add_group(&peer, credentials.gid);
	if (r < 0) {
		free(peer.groups);
		return r;
	}
	*ret = peer;
	return 0;
}

void
unix_peer_fini(struct unix_peer *peer)
{
	free(peer->groups);
	peer->groups = NULL;
}

bool
unix_peer_may(const struct unix_peer *peer, const struct stream *stream)
{
	return stream_allows(stream, peer->uid, peer->groups, peer->group_count);
}

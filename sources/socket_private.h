/* socket_private.h - the socket source, for the files that it is spread over:
 *	socket.c		options, the body, and from bytes to events
 *	socket_accept.c		producers come and go
 *	socket_memory.c		what survives of them, adopted
 *	inlet.c			a producer's bytes, in memory that survives
 *	framing.c		where a record ends
 *	listener.c		where they connect */
#ifndef SOURCES_SOCKET_PRIVATE_H
#define SOURCES_SOCKET_PRIVATE_H

#include <sys/queue.h>

#include "async/loop.h"
#include "async/timer.h"
#include "async/watch.h"
#include "sources/framing.h"
#include "sources/inlet.h"
#include "sources/listener.h"
#include "sources/source.h"
#include "sources/wake.h"

struct socket_options {
	const char *listen;
	int framing;
	uint64_t chunk;
	uint32_t mode, group;
	int64_t max_producers;
};

#define PRODUCER_NAME_MAX 80

/* A connection. */
struct producer {
	TAILQ_ENTRY(producer) link;      /* in the list of those that are ready */
	struct socket_source *owner;
	struct watch watch;
	struct job job;                  /* our reaction on the watch */
	int fd;                          /* -1: it is gone, and what it left is still to be read */
	uint32_t slot;
	bool ready;
	bool left;                       /* what it left is digested before anything is received */
	bool over;                       /* it has said its last word */
	bool gives_up;                   /* within a line too long */
	int error;                       /* that ended it */
	char name[PRODUCER_NAME_MAX];    /* for whoever reads the journal */

	/* Of the batch: */
	struct inlet *inlet;
	uint64_t begun;                  /* where it begins in all that was received */
	const char *data;
	size_t length;                   /* all that is not done with */
	size_t whole;                    /* whole records of it */
	size_t at;                       /* up to here it has been read */
	size_t scanned;                  /* of the next batch: no end of a record in these */
};

TAILQ_HEAD(producers, producer);

struct socket_source {
	struct source source;
	struct wake wake;
	struct framing framing;
	struct listener_address address;
	struct extent *bulk;
	struct inlet_layout layout;
	struct producer **producers;     /* by slot */
	size_t connected;                /* how many there are; */
	size_t max_producers;            /* and may be, but for those of former limits */
	struct producers ready;
	struct producer *at;             /* whose batch it is; source.event has its time */
	int error;

	struct turn_task turn;           /* the rest of the ready ones wait for the next turn */
	uint64_t turn_number;
	size_t taken;                    /* bytes, in this turn */

	bool listening, listener_stored, accept_ready, accept_failing;
	int listener;
	struct watch listen_watch;
	struct job listen_job;
	struct timer accept_timer;
	struct producer *unstored;       /* accepted, and the store has no time for it */
	uint32_t next_slot;
};

static inline const struct socket_options *
socket_options(const struct socket_source *self)
{
	return self->source.options;
}

/* The memory that producers' bytes lie in, with what a predecessor left in it.  0 or -errno. */
int socket_map(struct socket_source *self);

/* Listens, and takes over what a predecessor left.  0 or -errno. */
int socket_open(struct socket_source *self);
void socket_close(struct socket_source *self);

/* Takes in who wants to come in. */
void socket_accept(struct socket_source *self);

/* Waits for more of it. */
void producer_await(struct producer *producer);
void producer_set_ready(struct producer *producer);
void producer_close(struct producer *producer);

#endif

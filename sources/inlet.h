/* inlet.h - the bytes of one producer, on their way from its socket to events, in memory that
 * survives SIGKILL: what the kernel has handed over and what has become of it cannot come apart.
 *
 * In the source's bulk, behind 256 bytes that say how many there are and how large, for each place
 * at the table:
 *	struct inlet	what is known of it, 256 bytes
 *	two halves	for its bytes
 * A receive is a one-message recvmmsg(2) whose mmsghdr lies here: the kernel writes the length
 * before SIGKILL can act.  Two slots for it: the next receive is prepared in the idle one and
 * made true by one store of the counter.  Received is base + msg_len of the active slot, always.
 *
 * Bytes that are not consumed lie in one piece directly before those of the active slot; when
 * they come too near the half's end they are copied to the beginning of the other. */
#ifndef SOURCES_INLET_H
#define SOURCES_INLET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/crash.h"

enum inlet_state {
	INLET_FREE,
	INLET_INIT,              /* for a connection that is being accepted */
	INLET_OPEN,
	INLET_CLOSING,           /* what is left of it is nobody's any more */
};

struct inlet_slot {
	uint64_t base;           /* offset in the producer's stream of the first byte here */
	uint32_t half;
	uint32_t offset;         /* where in that half */
	struct mmsghdr header;
	struct iovec iov;
};

struct inlet {
	uint32_t state;          /* enum inlet_state */
	uint32_t generation;     /* of the connection */
	uint64_t done;           /* settled up to here; the log's last commit may say more */
	uint64_t receives;       /* slot[receives & 1] is active */
	struct inlet_slot slot[2];
	struct crash_place crash;   /* offsets of records in the producer's stream */
};

/* `done`, and a position's `consumed`: an offset in the producer's stream, and whether it lies
 * within a line that was too long, whose rest is to be skipped.  One word, so that both become
 * true together. */
#define INLET_GIVES_UP (UINT64_C(1) << 63)

static inline uint64_t
inlet_done_offset(uint64_t done)
{
	return done & ~INLET_GIVES_UP;
}

#define INLET_SIZE 256
#define INLET_BATCH ((size_t)64 * 1024)

/* Where inlets and halves lie in a bulk for `count` producers, each line of at most max bytes. */
struct inlet_layout {
	unsigned char *memory;
	size_t count, half;
};

struct inlet_layout inlet_layout(size_t count, size_t max);
size_t inlet_layout_size(const struct inlet_layout *layout);

/* Writes into the bulk, which is zeroed, what its layout is. */
void inlet_layout_write(const struct inlet_layout *layout);

/* The layout of what a predecessor left there.  False: it is no such bulk. */
bool inlet_layout_read(void *memory, size_t size, struct inlet_layout *ret);

/* The layout for these limits that has room for what is connected by another one and for what they
 * have sent; inlet_recover() has been called for each that is not free, or it is closing. */
struct inlet_layout inlet_layout_for(size_t count, size_t max, const struct inlet_layout *from);

/* Copies all of them into a bulk, zeroed, of such a layout. */
void inlet_layout_copy(const struct inlet_layout *from, const struct inlet_layout *to);

struct inlet *inlet_at(const struct inlet_layout *layout, size_t i);

/* Bytes of the table, before the halves; and where those of one lie. */
size_t inlet_table_size(const struct inlet_layout *layout);
size_t inlet_offset(const struct inlet_layout *layout, size_t i);

/* A new connection's: state INIT, the next generation, which is also above `generation`. */
void inlet_init(struct inlet *inlet, uint32_t generation);

/* How much has come in, as an offset in the producer's stream. */
uint64_t inlet_received(const struct inlet *inlet);

/* What has come in and is not done with. */
const char *inlet_data(const struct inlet_layout *layout, size_t i, size_t *ret_length);

/* Receives once, at most `limit` bytes and INLET_BATCH.  Only what ->done says is settled is
 * given away. How many; 0: the producer is done; -EAGAIN: nothing is there; -errno. */
ssize_t inlet_receive(const struct inlet_layout *layout, size_t i, int fd, size_t limit);

/* What a predecessor left: does it make sense?  committed: `consumed` of the log's last commit
 * if that was of this connection, else 0. */
bool inlet_recover(const struct inlet_layout *layout, size_t i, uint64_t committed);

#endif

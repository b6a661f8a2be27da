/* recover-fixture.h - a sink and its stream over the fd store of a service manager (manager.h),
 * left by one daemon and adopted by another, and a peer that checks all it is told. */
#ifndef TESTS_RECOVER_FIXTURE_H
#define TESTS_RECOVER_FIXTURE_H

#include "manager.h"
#include "sink-fixture.h"

#define RING ((size_t)1 << 20)

extern struct manager recover_manager;

/* A setting by the manual clock, and a manager beside it; the store is not open yet. */
int recover_open(void **state);
int recover_close(void **state);

void recover_store_open(void);

/* The stream "s", whose history is of `ring` bytes; each event says its own seq. */
struct feed *open_feed(size_t ring);
void feed_more(struct feed *feed, int count);

/* All that the manager has is handed to this process. */
void recover_hand_over(void);

/* The successor, with the arena, the sink and the stream. */
struct feed *second_daemon(size_t ring);

/* Everything it was told, checked: 0 lost, 0 repeated, 0 torn. */
struct peer {
	struct client *client;
	uint64_t next, gaps;
	int hello, subscribed, replies, pings, ready;
	bool wrong, filled;      /* filled: with empty lines */
};

/* Checks the lines that its client has read. */
void peer_lines(struct peer *peer);

#endif

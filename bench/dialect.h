/* dialect.h - how to publish an event to a server under test, and how its deliveries look.
 *
 * Every event's payload is PAYLOAD_SIZE bytes of JSON with the event's number in a fixed place, counted
 * from the payload's end, so that a reader checks each delivery without parsing it. */
#ifndef BENCH_DIALECT_H
#define BENCH_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_SIZE 100
#define FRAME_MAX 256
#define DELIVERY_MAX 512

struct dialect {
	const char *name;

	/* Sent once by a producer, a subscriber; then the answer is read up to and with `until`. */
	const char *hello_producer, *hello_subscriber;
	size_t hello_producer_size, hello_subscriber_size;
	const char *until_producer, *until_subscriber;
	size_t until_producer_size, until_subscriber_size;

	/* In place of hello_subscriber for one that will not read, where that is told beforehand. */
	const char *hello_dead;
	size_t hello_dead_size;

	/* Around the payload when publishing. */
	const char *before, *after;
	size_t before_size, after_size;

	/* Bytes of one delivery, 0: lines that end in LF; bytes behind the payload in a delivery. */
	size_t delivery_size, tail_size;

	/* What comes between deliveries and is none. */
	const char *between;
	size_t between_size;

	bool answers;                              /* each publication */
};

/* By name: plain (one socket for all: ncat --broker), limit, awaitd, redis, nats, mosquitto.  NULL: none such. */
const struct dialect *dialect_find(const char *name);

/* A connection that has said its hello and got its answer.  They exit where that fails. */
int dialect_produce(const struct dialect *dialect, const char *address);
int dialect_subscribe(const struct dialect *dialect, const char *address);
int dialect_subscribe_dead(const struct dialect *dialect, const char *address);

/* One event to publish; returns its size.  `stamp` goes into the payload beside the number. */
size_t dialect_frame(const struct dialect *dialect, uint64_t number, uint64_t stamp, char *frame);

/* What a payload that ends at `end` holds. */
uint64_t payload_number(const char *end);
uint64_t payload_stamp(const char *end);

#endif

#include "bench/dialect.h"

#include <string.h>
#include <sys/socket.h>

#include "bench/net.h"

/* Where the digits lie in it is counted from the end. */
#define NUMBER_DIGITS 20
static const char payload_form[PAYLOAD_SIZE + 1] =
    "{\"pad\":\"012345678901234567890123456789012345\",\"n\":\"00000000000000000000\","
    "\"t\":\"00000000000000000000\"}";

#define STAMP_FROM_END (NUMBER_DIGITS + 2)
#define NUMBER_FROM_END (STAMP_FROM_END + NUMBER_DIGITS + 7)

#define REDIS_PUBLISH "*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$100\r\n"
#define REDIS_SUBSCRIBED "*3\r\n$9\r\nsubscribe\r\n$5\r\nbench\r\n:1\r\n"
#define REDIS_MESSAGE "*3\r\n$7\r\nmessage\r\n$5\r\nbench\r\n$100\r\n"
#define NATS_CONNECT "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n"
/* MQTT 3.1.1: CONNECT with a client id of none and a clean session; SUBSCRIBE to bench, QoS 0. */
#define MQTT_CONNECT "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00"
#define MQTT_CONNACK "\x20\x02\x00\x00"
#define MQTT_SUBSCRIBE "\x82\x0a\x00\x01\x00\x05" "bench\x00"
#define MQTT_SUBACK "\x90\x03\x00\x01\x00"
#define MQTT_PUBLISH "\x30\x6b\x00\x05" "bench"

#define SIZED(field, literal) .field = (literal), .field##_size = sizeof(literal) - 1

static const struct dialect dialects[] = {
	{ .name = "plain", .tail_size = 1 },
	{ .name = "limit", .tail_size = 2 },
	{
		.name = "awaitd",
		SIZED(hello_subscriber, "{\"subscribe\":[\"bench\"],\"lag\":\"block\"}\n"),
		SIZED(until_subscriber, "{\"ready\":\"bench\",\"seq\":0}\n"),
		SIZED(hello_dead, "{\"subscribe\":[\"bench\"],\"lag\":\"skip\"}\n"),
		.tail_size = 2,
	},
	{
		.name = "redis",
		SIZED(before, REDIS_PUBLISH),
		SIZED(after, "\r\n"),
		SIZED(hello_subscriber, "*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nbench\r\n"),
		SIZED(until_subscriber, REDIS_SUBSCRIBED),
		.delivery_size = sizeof(REDIS_MESSAGE) - 1 + PAYLOAD_SIZE + 2,
		.tail_size = 2,
		.answers = true,
	},
	{
		.name = "nats",
		SIZED(before, "PUB bench 100\r\n"),
		SIZED(after, "\r\n"),
		SIZED(hello_producer, NATS_CONNECT "PING\r\n"),
		SIZED(until_producer, "PONG\r\n"),
		SIZED(hello_subscriber, NATS_CONNECT "SUB bench 1\r\nPING\r\n"),
		SIZED(until_subscriber, "PONG\r\n"),
		SIZED(between, "PING\r\n"),
		.delivery_size = sizeof("MSG bench 1 100\r\n") - 1 + PAYLOAD_SIZE + 2,
		.tail_size = 2,
	},
	{
		.name = "mosquitto",
		SIZED(before, MQTT_PUBLISH),
		SIZED(hello_producer, MQTT_CONNECT),
		SIZED(until_producer, MQTT_CONNACK),
		SIZED(hello_subscriber, MQTT_CONNECT MQTT_SUBSCRIBE),
		SIZED(until_subscriber, MQTT_SUBACK),
		.delivery_size = sizeof(MQTT_PUBLISH) - 1 + PAYLOAD_SIZE,
	},
};

const struct dialect *
dialect_find(const char *name)
{
	for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	return NULL;
}

/* A byte at a time, so that nothing behind the answer is taken. */
static void
await_answer(int fd, const char *until, size_t size)
{
	char answer[16384];
	size_t have = 0;

	while (size > 0 && memmem(answer, have, until, size) == NULL) {
		ssize_t n = have < sizeof answer ? recv(fd, answer + have, 1, 0) : 0;

		if (n <= 0)
			die("no answer from the server");
		have += (size_t)n;
	}
}

int
dialect_produce(const struct dialect *dialect, const char *address)
{
	int fd = net_connect(address);

	net_write(fd, dialect->hello_producer, dialect->hello_producer_size);
	await_answer(fd, dialect->until_producer, dialect->until_producer_size);
	return fd;
}

int
dialect_subscribe(const struct dialect *dialect, const char *address)
{
	int fd = net_connect(address);

	net_write(fd, dialect->hello_subscriber, dialect->hello_subscriber_size);
	await_answer(fd, dialect->until_subscriber, dialect->until_subscriber_size);
	return fd;
}

int
dialect_subscribe_dead(const struct dialect *dialect, const char *address)
{
	int fd;

	if (dialect->hello_dead_size == 0)
		return dialect_subscribe(dialect, address);
	fd = net_connect(address);
	net_write(fd, dialect->hello_dead, dialect->hello_dead_size);
	await_answer(fd, dialect->until_subscriber, dialect->until_subscriber_size);
	return fd;
}

static void
digits_write(char *at, uint64_t number)
{
	for (int i = NUMBER_DIGITS - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
}

static uint64_t
digits_read(const char *at)
{
	uint64_t number = 0;

	for (int i = 0; i < NUMBER_DIGITS; i++)
		number = number * 10 + (uint64_t)(at[i] - '0');
	return number;
}

size_t
dialect_frame(const struct dialect *dialect, uint64_t number, uint64_t stamp, char *frame)
{
	char *at = frame;

	if (dialect->before_size > 0)
		memcpy(at, dialect->before, dialect->before_size);
	at += dialect->before_size;
	memcpy(at, payload_form, PAYLOAD_SIZE);
	at += PAYLOAD_SIZE;
	digits_write(at - NUMBER_FROM_END, number);
	digits_write(at - STAMP_FROM_END, stamp);
	if (dialect->after_size > 0)
		memcpy(at, dialect->after, dialect->after_size);
	else if (dialect->before_size == 0)
		*at++ = '\n';
	return (size_t)(at - frame) + dialect->after_size;
}

uint64_t
payload_number(const char *end)
{
	return digits_read(end - NUMBER_FROM_END);
}

uint64_t
payload_stamp(const char *end)
{
	return digits_read(end - STAMP_FROM_END);
}

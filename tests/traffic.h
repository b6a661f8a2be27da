/* traffic.h - producers and subscribers of a daemon that a test kills, and what each of their lines
 * has to be.
 *
 * Two streams: s0 with a producer on a Unix socket, s1 with one on TCP, each of whose lines has its
 * number in it; four subscribers to each, one of every lag policy.  Every line that comes is held
 * against what must come: its form, its seq, its number; gaps are exact. */
#ifndef TESTS_TRAFFIC_H
#define TESTS_TRAFFIC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "tests/manager.h"

#define TRAFFIC_STREAMS 2
#define TRAFFIC_SUBSCRIBERS 8
#define TRAFFIC_EPOCH 16

struct producer {
	int fd;
	uint64_t number;              /* of the next line to be made */
	uint64_t limit;               /* make no line from this one on */
	uint64_t resumed;             /* lines before this one may be lost with its last connection */
	bool may_be_cut;              /* then it connects again */
	char pending[64 * 1024];
	size_t begin, end;            /* what of it still has to be written */
};

struct subscriber {
	int fd;
	int stream;
	const char *lag;
	bool may_skip;
	uint64_t next;                /* the seq that must come; 0: any, of a new epoch */
	uint64_t number;              /* of the line that must come; 0: any */
	uint64_t taken;               /* lines */
	uint64_t skipped, epochs;     /* told as gaps: entries, new epochs */
	char epoch[TRAFFIC_EPOCH + 1];
	bool excused;                 /* whatever it gets is right, also nothing */
	bool after_newline;           /* an empty line came: hello or the last word follows */
	char last[100];               /* the beginning of the last line */
	size_t have;
	char buffer[512 * 1024];
};

/* What a stream may do beside giving every line once. */
struct allowance {
	bool epoch;                   /* begin a new epoch; then numbers are not looked at */
	bool garbled;                 /* have lines that are no JSON behind their seq */
};

struct traffic {
	struct manager manager;
	struct producer producers[TRAFFIC_STREAMS];
	struct subscriber subscribers[TRAFFIC_SUBSCRIBERS];
	struct allowance allowed[TRAFFIC_STREAMS];
	bool may_be_cut;              /* subscribers may be disconnected; they connect again */
	uint64_t cuts, resumed;       /* how often; and how often that was said before */
	struct histogram revival;     /* from the kill to the first line, ns */
	uint64_t killed_at;           /* 0: a line has come since */
	uint64_t deaths, wrong;
	double rate, due;             /* lines a second of all producers */
	uint64_t paid;                /* up to this moment they have their lines */
	in_port_t port;
	/* More descriptors to be read in a turn; or NULL. */
	void (*extra)(struct traffic *traffic);
	int extra_fd;                 /* -1: none */
};

/* In a new folder: the config, the sockets, and the manager of `daemon`.  Starts nothing. */
void traffic_open(struct traffic *traffic, const char *daemon, double rate);

/* A file's path in the folder; good for the next few calls. */
const char *traffic_path(const char *name);

/* Writes the config: each stream's source with what `more` says of it behind, and more streams. */
void traffic_config(const struct traffic *traffic, const char *const more[TRAFFIC_STREAMS],
    const char *streams);

/* The next life is this program's. */
void traffic_set_daemon(const char *daemon);

/* Starts the daemon and waits until it is ready. */
void traffic_start(struct traffic *traffic);

/* Connects everybody, and sends one line through each connection: from here on each is accepted
 * and stored.  (A kill between accept(2) and the store's taking cuts off whom nobody has greeted
 * yet: docs/architecture.md.) */
void traffic_connect(struct traffic *traffic);

/* Lines at the rate that was asked for. */
void traffic_work(struct traffic *traffic, uint64_t ns);

/* So many lines more from each producer, not sent as yet. */
void traffic_make(struct traffic *traffic, unsigned int lines);
void traffic_send(struct traffic *traffic);

/* Until every subscriber has all that was made. */
void traffic_settle(struct traffic *traffic);

/* Sends the signal, waits for the death, starts the successor.  It hands it on as it is: between
 * the two `meanwhile` may do what it likes to what is stored; NULL. */
void traffic_kill(struct traffic *traffic, int signal, void (*meanwhile)(struct traffic *traffic));

/* The fd that is stored under this name; -1: none. */
int traffic_stored(const struct traffic *traffic, const char *name);

/* Something that must not be. */
void traffic_complain(struct traffic *traffic, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The figures, as members of a JSON object. */
void traffic_print(const struct traffic *traffic, double seconds);

/* Ends the daemon, closes all and removes the folder. */
void traffic_close(struct traffic *traffic);

/* A new connection in the old one's place, which begins at the latest line. */
void traffic_reopen(struct subscriber *self);

int traffic_connect_unix(const char *name);

#endif

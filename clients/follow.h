/* follow.h - following streams: one subscription that outlives its connections. */
#ifndef CLIENTS_FOLLOW_H
#define CLIENTS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/command.h"
#include "clients/position.h"
#include "clients/render.h"

struct follow {
	const struct options *options;
	const char *socket;
	bool as_text;
	bool begun;             /* a subscription stood: from here on a break is mended */
	bool has_patterns;      /* what has ended may be joined by something new */
	uint64_t deadline;
	uint64_t events;        /* printed so far, for --count */
	struct positions positions;
	struct render render;
};

/* Appends the requests that subscribe: at first as the options say, after a break behind what
 * was read already, so that nothing comes twice and every gap is told. */
void follow_request(const struct follow *follow, struct buffer *requests);

/* The request that is answered last has this id. */
#define FOLLOW_LAST_ID "0"

/* Follows until the end; gives an enum exit_status. */
int follow_run(struct follow *follow);

#endif

/* unix_plan.h - a `subscribe`, between its request and its doing. */
#ifndef SINKS_UNIX_PLAN_H
#define SINKS_UNIX_PLAN_H

#include "sinks/unix_request.h"

struct unix_plan {
	struct unix_connection *connection;
	struct unix_request *request;
	struct unix_peer peer;
	int from, lag;                       /* enum unix_from, enum lag */
	uint8_t id;
	size_t fresh, already, answered;
	struct unix_subscription *begun[];   /* room for as many as a connection may have */
};

/* All of it is right and allowed.  0; or -EINVAL, and an error was written. */
int unix_plan_check(struct unix_plan *plan);

/* What of the request matches, among what the peer may see; NULL: nothing. */
const struct unix_name *unix_plan_match(struct unix_plan *plan, const struct stream *stream);

/* Where a stream's subscription begins, and the seq of the first line it gives.  0; or -EINVAL,
 * and an error was written. */
int unix_plan_start(const struct unix_plan *plan, struct stream *stream, struct unix_start *ret,
    uint64_t *ret_next);

/* `after` is well formed, and of streams that the patterns take in.  0; or -EINVAL, and an error
 * was written. */
int unix_after_check(struct unix_plan *plan);

#endif

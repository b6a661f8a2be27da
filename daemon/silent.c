#include "daemon/silent.h"

#include "async/child.h"
#include "async/promise.h"

static enum step
silent_run(struct coroutine *co, void *frame)
{
	struct promise *never = frame;

	BEGIN(co);
	promise_init(never);
	AWAIT(never);
	FINALLY;
	END;
}

struct child *
silent_make(struct stream *stream, const void *options, void *kept)
{
	(void)stream;
	(void)options;
	(void)kept;
	return child_new("removed", silent_run, sizeof(struct promise));
}

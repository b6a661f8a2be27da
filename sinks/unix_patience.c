/* A peer that takes nothing: those who may stop a source, or whose last word waits, have only so
 * much time. A socket gets writable when its peer has taken something, and is full again: so the
 * time counts from the last time it was found full.  The timer is not touched each time; it looks
 * at that when it fires. */
#include "sinks/unix_private.h"

#include <stdlib.h>

#include "async/loop.h"

#define LAST_WORD_NS (10 * SECOND)

struct unix_patience {
	struct timer timer;
	struct unix_connection *connection;
	uint64_t since;              /* it has had no room */
};

static uint64_t
patience_of(struct unix_connection *c)
{
	int64_t block = c->sink->options.block_timeout;

	if (unix_connection_ending(c))
		return LAST_WORD_NS;
	for (const struct unix_subscription *s = c->subscriptions; s != NULL; s = s->next) {
		if (s->cursor.lag == LAG_BLOCK && block != DURATION_NEVER)
			return (uint64_t)block;
		if (s->cursor.lag == LAG_CLOSE)
			return LAST_WORD_NS;
	}
	return 0;
}

/* True: the connection is closed. */
static bool
out_of_patience(struct unix_connection *c)
{
	bool close = unix_connection_ending(c);

	for (struct unix_subscription *s = c->subscriptions; s != NULL; s = s->next) {
		if (s->cursor.lag == LAG_BLOCK
		    && c->sink->options.block_timeout != DURATION_NEVER) {
			cursor_set_lag(&s->cursor, LAG_SKIP);
			s->out_of_time = true;
			unix_subscription_ready(s);
		} else if (s->cursor.lag == LAG_CLOSE && s->cursor.log != NULL
		    && s->cursor.seq < log_tail_seq(s->cursor.log))
			close = true;        /* it cannot even be told */
	}
	if (close)
		unix_connection_close(c, false);
	return close;
}

static void
patience_fire(struct timer *timer)
{
	struct unix_patience *patience = (struct unix_patience *)(void *)timer;
	struct unix_connection *c = patience->connection;
	uint64_t time;

	if (c->slot == NULL || !c->blocked)
		return;
	time = patience_of(c);
	if (time == 0)
		return;
	if (loop_now() >= patience->since + time) {
		if (out_of_patience(c))
			return;
		patience->since = loop_now();
	}
	time = patience_of(c);
	if (time != 0)
		timer_call_at(timer, patience->since + time, patience_fire);
}

void
unix_patience_begin(struct unix_connection *c)
{
	uint64_t time = patience_of(c);

	if (time == 0)
		return;
	if (c->patience == NULL) {
		c->patience = calloc(1, sizeof *c->patience);
		if (c->patience == NULL)
			return;
		c->patience->connection = c;
	}
	c->patience->since = loop_now();
	if (!timer_is_set(&c->patience->timer))
		timer_call_at(&c->patience->timer, c->patience->since + time, patience_fire);
}

void
unix_patience_free(struct unix_connection *c)
{
	if (c->patience != NULL)
		timer_close(&c->patience->timer);
	free(c->patience);
	c->patience = NULL;
}

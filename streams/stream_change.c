/* A stream's change, under a reload: its log stays, and of its generators what can. */
#include <errno.h>
#include <string.h>

#include "streams/stream_private.h"

static bool
text_equal(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* The same chain at another address, under another unit maybe. */
static int
stream_keep_chain(struct stream *stream, const struct stream_options *options)
{
	bool same_unit = text_equal(stream->options.unit, options->unit);
	int r = same_unit ? 0 : log_set_unit(stream->log, options->unit);

	if (r < 0)
		return r;
	stream->options = *options;
	if (stream->chain != NULL)
		chain_rebind(stream);
	if (!same_unit)
		stream->say_changed = stream_say(stream, STATE_CHANGED, 0,
		    log_position(stream->log)) < 0;
	return 0;
}

/* Its limits are others: the generators end, and leave everything to those that begin then. */
static void
stream_renew(struct stream *stream)
{
	if (stream->phase != PHASE_RUNNING)
		return;
	stream->renewing = stream_is_wanted(stream);
	stream_close(stream);
}

/* The old chain is over when it has cleaned up; stream_begin() finds that the log is another's.  If
 * only its operators are, its source leaves everything to that of the new one. */
static int
stream_replace_chain(struct stream *stream, const struct stream_options *options)
{
	bool same_source = chain_origin(options) == chain_origin(&stream->options);
	int r = log_set_unit(stream->log, options->unit);

	if (r < 0)
		return r;
	if (!same_source)
		stream->renewing = false;
	else if (stream->phase == PHASE_RUNNING)
		stream->renewing = stream_is_wanted(stream);
	stream_close(stream);
	if (stream->phase == PHASE_ENDED)
		stream->phase = PHASE_IDLE;
	stream_set_options(stream, options);
	return 0;
}

static bool
log_options_equal(const struct log_options *a, const struct log_options *b)
{
	return a->size == b->size && a->max_line == b->max_line && a->count == b->count
	    && a->age_ns == b->age_ns && text_equal(a->path, b->path);
}

/* What the chain has in hand may be noted in the log, which moves. */
static int
stream_change_log(struct stream *stream, const struct log_options *options)
{
	bool noted = stream->in_hand == log_crash_place(stream->log);
	int r = log_change(stream->log, options);

	crash_leave();
	if (noted)
		stream->in_hand = log_crash_place(stream->log);
	return r;
}

static bool
limits_differ(const struct stream_options *a, const struct stream_options *b)
{
	return b->source.limited && (a->limits != b->limits || a->log.max_line != b->log.max_line);
}

int
stream_change(struct stream *stream, const struct stream_options *options)
{
	bool renew = limits_differ(&stream->options, options);
	int r = stream_options_check(options);

	if (r < 0)
		return r;
	if (stream->stopping)
		return -EBUSY;
	if (!log_options_equal(&stream->options.log, &options->log))
		r = stream_change_log(stream, &options->log);
	if (r < 0)
		return r;
	if (chain_word(options) == chain_word(&stream->options)) {
		r = stream_keep_chain(stream, options);
		if (r == 0 && renew)
			stream_renew(stream);
	} else
		r = stream_replace_chain(stream, options);
	if (r < 0)
		return r;
	table_tell_changed(stream);
	stream_consider(stream);
	return 0;
}

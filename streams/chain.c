/* source <- retry <- operators, and the kept block: what retry keeps, then the source, then each
 * operator, each at a multiple of eight. */
#include <string.h>

#include "async/async_generator.h"
#include "streams/operator.h"
#include "streams/retry.h"
#include "streams/stream_private.h"

#define KEPT_SOURCE sizeof(struct retry_kept)

static size_t
kept_align(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

size_t
chain_kept_size(const struct stream_options *options)
{
	size_t size = KEPT_SOURCE + kept_align(options->source.kept_size);
	size_t i;

	for (i = 0; i < options->operator_count; i++)
		size += kept_align(options->operators[i].ops->kept_size);
	return size;
}

/* FNV-1a, a word at a time. */
static uint64_t
chain_mix(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * UINT64_C(0x100000001b3);
}

static uint32_t
chain_fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

uint32_t
chain_origin(const struct stream_options *options)
{
	uint64_t origin = options->origin != 0 ? options->origin : options->chain;

	return chain_fold(chain_mix(origin, options->source.kept_size));
}

uint64_t
chain_word(const struct stream_options *options)
{
	uint64_t hash = options->chain;
	size_t i;

	for (i = 0; i < options->operator_count; i++)
		hash = chain_mix(hash, options->operators[i].ops->kept_size);
	return (uint64_t)chain_origin(options) << 32 | (chain_fold(hash) | 1);
}

/* ------------------------------------------------------------------ building */

static unsigned char *
chain_kept(const struct stream *stream)
{
	return log_kept(stream->log);
}

static struct child *
chain_make_source(void *context)
{
	struct stream *stream = context;
	const struct stream_source *source = &stream->options.source;

	return source->make(stream, source->options, chain_kept(stream) + KEPT_SOURCE);
}

static const char *
chain_source_message(struct child *source, void *context)
{
	const struct stream *stream = context;

	if (stream->options.source.message == NULL)
		return NULL;
	return stream->options.source.message(source);
}

static struct iterator *
chain_add(struct stream *stream, struct iterator *upstream, size_t i, void *kept)
{
	const struct stream_operator *operator = &stream->options.operators[i];
	struct iterator *iterator = operator_new(operator->ops, operator->options, kept, upstream);
	struct operator *frame;

	if (iterator == NULL)
		return NULL;
	frame = async_generator_frame(iterator);
	frame->stream = stream;
	frame->unit = stream->options.unit;
	return iterator;
}

int
chain_build(struct stream *stream)
{
	const struct retry_factory factory = { chain_make_source, chain_source_message, stream };
	const struct position position = log_position(stream->log);
	unsigned char *kept = chain_kept(stream);
	struct iterator *iterator;
	size_t i;

	stream->retry = retry_new(&factory, (struct retry_kept *)(void *)kept, &position);
	iterator = stream->retry;
	kept += KEPT_SOURCE + kept_align(stream->options.source.kept_size);
	for (i = 0; i < stream->options.operator_count && iterator != NULL; i++) {
		iterator = chain_add(stream, iterator, i, kept);
		kept += kept_align(stream->options.operators[i].ops->kept_size);
	}
	stream->chain = iterator;
	return iterator != NULL ? 0 : -ENOMEM;
}

void
chain_rebind(struct stream *stream)
{
	const struct stream_source *source = &stream->options.source;
	struct iterator *iterator = stream->chain;
	struct child *child;
	size_t i = stream->options.operator_count;

	while (i-- > 0) {
		struct operator *operator = async_generator_frame(iterator);

		operator->options = stream->options.operators[i].options;
		operator->unit = stream->options.unit;
		iterator = operator->upstream;
	}
	child = retry_source(stream->retry);
	if (child != NULL && source->rebind != NULL)
		source->rebind(child, source->options);
}

/* ---------------------------------------------------------------------- kept */

void
chain_committed(struct stream *stream)
{
	kept_copy(stream->committed, log_kept(stream->log), stream->kept_size);
}

void
chain_revert(struct stream *stream)
{
	memcpy(log_kept(stream->log), stream->committed, KEPT_MAX);
}

static void
chain_clear_kept(struct stream *stream, size_t from)
{
	memset(chain_kept(stream) + from, 0, KEPT_MAX - from);
	memset(stream->committed + from, 0, KEPT_MAX - from);
}

void
chain_reset(struct stream *stream)
{
	chain_clear_kept(stream, 0);
}

void
chain_reset_operators(struct stream *stream)
{
	chain_clear_kept(stream, KEPT_SOURCE + kept_align(stream->options.source.kept_size));
}

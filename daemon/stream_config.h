/* stream_config.h - from a stream's config to what streams/ asks for. */
#ifndef DAEMON_STREAM_CONFIG_H
#define DAEMON_STREAM_CONFIG_H

#include "config/config.h"
#include "streams/stream.h"

/* Its operators, freed by the caller when the stream has let go of them; NULL: no memory. */
struct stream_operator *stream_config_operators(const struct config_stream *config);

/* Borrowed from both, as streams/ borrows it. */
struct stream_options stream_config_options(const struct config_stream *config,
    const struct stream_operator *operators);

#endif

/* silent.h - a source that gives nothing until it is ended: of a stream that is there only to be
 * told that it is gone. */
#ifndef DAEMON_SILENT_H
#define DAEMON_SILENT_H

#include "streams/stream.h"

/* As struct stream_source has it. */
struct child *silent_make(struct stream *stream, const void *options, void *kept);

#endif

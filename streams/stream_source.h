/* stream_source.h - what a stream's source may ask of its stream.  Bodies say it in the words of
 * sources/source.h. */
#ifndef STREAMS_STREAM_SOURCE_H
#define STREAMS_STREAM_SOURCE_H

#include "streams/stream.h"

/* Everything up to here is consumed, whether it gave a line or not: commits position and kept if
 * they differ from what is committed. */
void stream_settle(struct stream *stream, const struct position *position);

/* As of the last commit. */
struct position stream_position(const struct stream *stream);

/* The source's memory that survives, of `size` bytes rounded up to pages; zeroed at first, and
 * again when the size or the chain changes.  It is the stream's.  0 or -errno. */
int stream_bulk(struct stream *stream, size_t size, struct extent **ret);

/* fds that outlive the process, by keys of [a-z0-9].  take: one that a predecessor stored, now
 * the caller's, or -1; it stays stored.  keep: stores a duplicate, in place of what the key
 * named before; 0 or -errno (-EAGAIN: the manager is busy).  drop: out of the store. */
int stream_fd_take(struct stream *stream, const char *key);
int stream_fd_keep(struct stream *stream, const char *key, int fd);
void stream_fd_drop(struct stream *stream, const char *key);

/* A line for whoever logs. */
void stream_log_line(struct stream *stream, int level, const char *message);

/* The process hands over, and there is a store: what is stored stays. */
bool stream_handing_over(const struct stream *stream);

/* Bytes of one entry of the stream, with its LF. */
size_t stream_max_line(const struct stream *stream);

#endif

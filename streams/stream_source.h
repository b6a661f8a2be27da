/* stream_source.h - what a stream's source may ask of its stream.  Bodies say it in the words of
 * sources/source.h. */
#ifndef STREAMS_STREAM_SOURCE_H
#define STREAMS_STREAM_SOURCE_H

#include "base/crash.h"
#include "streams/stream.h"

/* Everything up to here is consumed, whether it gave a line or not: commits position and kept if
 * they differ from what is committed. */
void stream_settle(struct stream *stream, const struct position *position);

/* What the source is about to look at, which the chain has in hand from here on, until it is
 * settled (base/crash.h).  take: a place of the source's own, in which it enters each piece itself.
 * enter: the piece at `at` in the stream's place; false: it is to be left out, and the caller says
 * a gap. */
void stream_take_in_hand(struct stream *stream, struct crash_place *place);
bool stream_enter(struct stream *stream, uint64_t at);

/* Says, once, that what died_at names is left out. */
void stream_report_poison(struct stream *stream, struct crash_place *place, const char *what);

/* As of the last commit. */
struct position stream_position(const struct stream *stream);

/* The source's memory that survives, of `size` bytes rounded up to pages; zeroed at first, and
 * again when the size or the chain changes.  It is the stream's.  0 or -errno. */
int stream_bulk(struct stream *stream, size_t size, struct extent **ret);

/* For another size or layout of it without a moment at which there is neither the one nor the
 * other.  left: as it was left, of whatever size; *ret NULL: there is none.  prepare: a zeroed one,
 * beside it; replace: from here on that is it.  0 or -errno. */
int stream_bulk_left(struct stream *stream, struct extent **ret);
int stream_bulk_prepare(struct stream *stream, size_t size, struct extent **ret);
void stream_bulk_replace(struct stream *stream, struct extent *prepared);

/* fds that outlive the process, by keys of [a-z0-9].  take: one that a predecessor stored, now
 * the caller's, or -1; it stays stored.  keep: stores a duplicate, in place of what the key
 * named before; 0 or -errno (-EAGAIN: the manager is busy).  drop: out of the store.  leave: on
 * handing over, gives the fd itself to whoever takes it next in this process, if there will be
 * one, and else closes it. */
int stream_fd_take(struct stream *stream, const char *key);
int stream_fd_keep(struct stream *stream, const char *key, int fd);
void stream_fd_drop(struct stream *stream, const char *key);
void stream_fd_leave(struct stream *stream, const char *key, int fd);

/* Is it in the store already?  It must not be kept twice: the manager would take the second for the
 * first. */
bool stream_fd_is_kept(struct stream *stream, const char *key);

/* As take, of what no stream knows any more because its memory is lost: the first fd for which
 * `is_it` says so; it has this key now. */
int stream_fd_find(struct stream *stream, const char *key,
    bool (*is_it)(int fd, const void *context), const void *context);

/* A line for whoever logs. */
void stream_log_line(struct stream *stream, int level, const char *message);

/* Another body goes on where this one ends: that of a successor, which finds what is stored, or
 * one of this process. */
bool stream_handing_over(const struct stream *stream);

/* Bytes of one entry of the stream, with its LF. */
size_t stream_max_line(const struct stream *stream);

#endif

#include "sources/source.h"

#include <stdio.h>

#include "async/child.h"
#include "streams/stream_source.h"

/* ---------------------------------------------------------- for the stream */

static struct child *
source_make(struct stream *stream, const void *options, void *kept)
{
	const struct source_ops *ops = stream_options(stream)->source.ops;
	struct child *child = child_new(ops->name, ops->run, ops->size);
	struct source *source;

	if (child == NULL)
		return NULL;
	source = child_frame(child);
	source->stream = stream;
	source->options = options;
	source->kept = kept;
	return child;
}

static const char *
source_message(struct child *child)
{
	const struct source *source = child_frame(child);

	return source->message[0] != '\0' ? source->message : NULL;
}

static void
source_rebind(struct child *child, const void *options)
{
	struct source *source = child_frame(child);

	source->options = options;
}

struct stream_source
source_of(const struct source_ops *ops, const void *options)
{
	return (struct stream_source){
		.type = ops->name,
		.make = source_make,
		.message = source_message,
		.rebind = source_rebind,
		.options = options,
		.ops = ops,
		.kept_size = ops->kept_size,
		.limited = ops->limited,
	};
}

/* ------------------------------------------------------------ for the body */

const struct event *
source_up(struct source *source)
{
	source->event = (struct event){
		.kind = EVENT_STATE,
		.is = STATE_UP,
		.time = moment_now(),
		.position = stream_position(source->stream),
	};
	return &source->event;
}

int
source_fail(struct source *source, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(source->message, sizeof source->message, format, arguments);
	va_end(arguments);
	return error;
}

void
source_settle(struct source *source, const struct position *position)
{
	stream_settle(source->stream, position);
}

bool
source_enter(struct source *source, uint64_t at)
{
	return stream_enter(source->stream, at);
}

void
source_take_in_hand(struct source *source, struct crash_place *place)
{
	stream_take_in_hand(source->stream, place);
}

void
source_report_poison(struct source *source, struct crash_place *place, const char *what)
{
	stream_report_poison(source->stream, place, what);
}

void
source_leave(struct source *source)
{
	stream_take_in_hand(source->stream, NULL);
	crash_leave();
}

struct position
source_position(const struct source *source)
{
	return stream_position(source->stream);
}

int
source_bulk(struct source *source, size_t size, struct extent **ret)
{
	return stream_bulk(source->stream, size, ret);
}

int
source_bulk_left(struct source *source, struct extent **ret)
{
	return stream_bulk_left(source->stream, ret);
}

int
source_bulk_prepare(struct source *source, size_t size, struct extent **ret)
{
	return stream_bulk_prepare(source->stream, size, ret);
}

void
source_bulk_replace(struct source *source, struct extent *prepared)
{
	stream_bulk_replace(source->stream, prepared);
}

int
source_fd_take(struct source *source, const char *key)
{
	return stream_fd_take(source->stream, key);
}

int
source_fd_keep(struct source *source, const char *key, int fd)
{
	return stream_fd_keep(source->stream, key, fd);
}

void
source_fd_drop(struct source *source, const char *key)
{
	stream_fd_drop(source->stream, key);
}

void
source_fd_leave(struct source *source, const char *key, int fd)
{
	stream_fd_leave(source->stream, key, fd);
}

bool
source_fd_is_kept(struct source *source, const char *key)
{
	return stream_fd_is_kept(source->stream, key);
}

int
source_fd_find(struct source *source, const char *key,
    bool (*is_it)(int fd, const void *context), const void *context)
{
	return stream_fd_find(source->stream, key, is_it, context);
}

bool
source_handing_over(const struct source *source)
{
	return stream_handing_over(source->stream);
}

void
source_log(struct source *source, int level, const char *format, ...)
{
	char message[SOURCE_MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	stream_log_line(source->stream, level, message);
}

void
source_reject(struct source *source, const char *format, ...)
{
	char message[SOURCE_MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	stream_reject(source->stream, message);
}

/* file: a file in parts, in constant memory, and then the stream has ended.
 *
 * Its offset is kept, and is committed with each part: a restart goes on exactly there. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/blocking.h"
#include "sources/framing.h"
#include "sources/next_turn.h"
#include "sources/sources.h"
#include "streams/stream_source.h"

#define FILE_BATCH ((size_t)64 * 1024)

struct file_options {
	const char *path;
	int framing;
	uint64_t chunk;
};

struct file_kept {
	uint64_t offset;             /* up to here it has been told */
	uint64_t gives_up;           /* 1: that is within a line that was too long */
	uint64_t device, inode;      /* of the file; another one is read from its beginning */
};

/* The call's data: reading a disk, or the network behind it, may block. */
struct file_read {
	char *path;
	int fd;
	char *buffer;
	size_t size, length;
	uint64_t offset;             /* of the buffer's first byte in the file */
	struct stat status;
};

struct file_source {
	struct source source;
	struct blocking *reader;
	struct framing framing;
	struct next_turn next_turn;
	struct moment time;          /* of the read */
	size_t at, whole, scanned;
	int error;
	bool over;
};

/* --------------------------------------------------------------------- blocking */

static void
file_fini(void *data)
{
	struct file_read *read = data;

	free(read->path);
	free(read->buffer);
	if (read->fd >= 0)
		close(read->fd);
}

static int
file_open_call(void *data)
{
	struct file_read *read = data;

	read->fd = open(read->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (read->fd < 0 || fstat(read->fd, &read->status) < 0)
		return -errno;
	return S_ISDIR(read->status.st_mode) ? -EISDIR : 0;
}

/* As much as fits; how much.  0: the end, or that of a file which has shrunk. */
static int
file_read_call(void *data)
{
	struct file_read *read = data;
	size_t room = read->size - read->length;
	ssize_t n;

	do
		n = pread(read->fd, read->buffer + read->length,
		    room < FILE_BATCH ? room : FILE_BATCH, (off_t)(read->offset + read->length));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	read->length += (size_t)n;
	return (int)n;
}

/* -------------------------------------------------------------------- beginning */

static const struct file_options *
file_options(const struct file_source *self)
{
	return self->source.options;
}

static struct file_read *
file_data(struct file_source *self)
{
	return blocking_data(self->reader);
}

static int
file_begin(struct file_source *self)
{
	const struct file_options *options = file_options(self);
	struct file_read *read;

	self->framing = (struct framing){
		.kind = options->framing,
		.chunk = options->chunk,
		.max = stream_max_line(self->source.stream),
	};
	if (!framing_fits(&self->framing))
		return source_fail(&self->source, -EMSGSIZE, "a chunk of %" PRIu64 " bytes, in "
		    "base64, is longer than a line of the stream may be", options->chunk);
	self->reader = blocking_open(sizeof *read, file_fini);
	if (self->reader == NULL)
		return -ENOMEM;
	read = file_data(self);
	read->fd = -1;
	read->size = self->framing.max + FILE_BATCH;
	read->path = strdup(options->path);
	read->buffer = malloc(read->size);
	if (read->path == NULL || read->buffer == NULL)
		return -ENOMEM;
	(void)source_fail(&self->source, 0, "cannot open %s", options->path);
	return 0;
}

/* Where a predecessor was, if it is the same file. */
static void
file_opened(struct file_source *self)
{
	struct file_kept *kept = self->source.kept;
	struct file_read *read = file_data(self);

	if (kept->device != read->status.st_dev || kept->inode != read->status.st_ino)
		*kept = (struct file_kept){
			.device = read->status.st_dev, .inode = read->status.st_ino,
		};
	read->offset = kept->offset;
	(void)source_fail(&self->source, 0, "cannot read %s", file_options(self)->path);
}

/* ------------------------------------------------------------------------ parts */

static void
file_took(struct file_source *self, intptr_t n)
{
	const struct file_read *read = file_data(self);

	self->over = n == 0;
	self->time = moment_now();
	self->at = 0;
	self->whole = self->over ? read->length
	    : framing_whole(&self->framing, read->buffer, self->scanned, read->length);
}

/* What is not told yet moves to the buffer's beginning. */
static void
file_done(struct file_source *self)
{
	struct file_read *read = file_data(self);

	read->length -= self->at;
	memmove(read->buffer, read->buffer + self->at, read->length);
	read->offset += self->at;
	self->scanned = read->length;
}

static void
file_consume(struct file_source *self, size_t size)
{
	struct file_kept *kept = self->source.kept;

	self->at += size;
	kept->offset += size;
}

static const struct event *
file_gap(struct file_source *self)
{
	self->source.event = (struct event){
		.kind = EVENT_GAP, .time = self->time, .stage = GAP_SOURCE, .lost = 1,
	};
	return &self->source.event;
}

/* Another file's record at this offset has another name. */
static uint64_t
file_place(const struct file_source *self)
{
	const struct file_kept *kept = self->source.kept;

	return kept->offset ^ kept->inode << 40 ^ kept->device << 52;
}

static const struct event *
file_record(struct file_source *self)
{
	const struct file_read *read = file_data(self);
	struct event *event = &self->source.event;
	struct frame frame = { .value = &event->value };

	if (!source_enter(&self->source, file_place(self))) {
		file_consume(self, framing_skip(&self->framing, read->buffer + self->at,
		    self->whole - self->at));
		return file_gap(self);
	}
	framing_next(&self->framing, read->buffer + self->at, self->whole - self->at, &frame);
	file_consume(self, frame.size);
	if (frame.kind == FRAME_TOO_LONG)
		return file_gap(self);
	if (frame.kind == FRAME_INVALID)
		source_reject(&self->source, "invalid JSON: byte %zu of a line: %s",
		    frame.fault_at + 1, json_fault_message(frame.fault));
	if (frame.kind != FRAME_VALUE)
		return NULL;
	event->kind = EVENT_VALUE;
	event->time = self->time;
	event->position = (struct position){ .consumed = 0 };
	event->member_count = 0;
	return event;
}

/* Skips the rest of a line that was given up; false: its end is still to come. */
static bool
file_skip(struct file_source *self)
{
	struct file_kept *kept = self->source.kept;
	const struct file_read *read = file_data(self);
	const char *from = read->buffer + self->at;
	const char *lf = memchr(from, '\n', read->length - self->at);

	file_consume(self, lf != NULL ? (size_t)(lf - from) + 1 : read->length - self->at);
	kept->gives_up = lf == NULL;
	return lf != NULL;
}

/* The next event of the batch, NULL: none. */
static const struct event *
file_next(struct file_source *self)
{
	struct file_kept *kept = self->source.kept;
	const struct file_read *read = file_data(self);
	const struct event *event = NULL;

	if (kept->gives_up != 0 && !file_skip(self))
		return NULL;
	while (event == NULL && self->at < self->whole)
		event = file_record(self);
	if (event != NULL || self->framing.kind == FRAMING_CHUNKS
	    || read->length - self->at <= self->framing.max)
		return event;
	kept->gives_up = 1;
	file_consume(self, read->length - self->at);
	return file_gap(self);
}

/* ------------------------------------------------------------------------- body */

static enum step
file_body(struct coroutine *co, void *frame)
{
	static const struct position nowhere;
	struct file_source *self = frame;

	BEGIN(co);
	self->error = file_begin(self);
	if (self->error < 0)
		THROW(self->error);
	AWAIT(blocking_run(self->reader, file_open_call));
	file_opened(self);
	YIELD(source_up(&self->source));
	while (!self->over) {
		AWAIT(blocking_run(self->reader, file_read_call));
		file_took(self, co->value.number);
		while (file_next(self) != NULL)
			YIELD(&self->source.event);
		file_done(self);
		source_settle(&self->source, &nowhere);
		AWAIT(next_turn_await(&self->next_turn));
	}
	FINALLY;
	next_turn_close(&self->next_turn);
	blocking_close(self->reader);
	END;
}

static const struct option file_option_rows[] = {
	{ "path", OPTION_PATH(struct file_options, path), .required = true,
	    .help = "The file.  While there is none, the stream is down and it is looked for "
		    "again." },
	{ "framing", OPTION_ENUM(struct file_options, framing, framing_names), .value = "lines",
	    .help = "What becomes an event: \"lines\", each a string; \"ndjson\", lines that are "
		    "JSON values, handed on as they are (others are counted, and logged at a "
		    "limited rate); \"chunks\", as many bytes as \"chunk\" says, in base64.  Empty "
		    "lines are left out.  What stands behind the last LF counts." },
	{ "chunk", OPTION_SIZE(struct file_options, chunk), .value = "4KiB", .min = "1",
	    .max = "1MiB",
	    .help = "Bytes of a chunk.  In base64 it has to fit the stream's \"max_line\"." },
	{ 0 },
};

const struct source_ops file_source = {
	.name = "file",
	.help = "Reads a file in parts, of which each is an event, to its end; then the stream has "
		"ended.  A restart goes on where it was; a file that shrinks ends early.",
	.options = file_option_rows,
	.options_size = sizeof(struct file_options),
	.size = sizeof(struct file_source),
	.kept_size = sizeof(struct file_kept),
	.limited = true,
	.run = file_body,
};

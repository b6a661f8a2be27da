#define SD_JOURNAL_SUPPRESS_LOCATION
#include "daemon/journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "async/loop.h"
#include "async/rejection.h"
#include "base/clock.h"
#include "daemon/rate.h"
#include "streams/stream.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define FIELDS_MAX 8
#define LINE_MAX_LENGTH 2000

static bool structured;

bool
journal_is_structured(void)
{
	return structured;
}

/* ------------------------------------------------------------ to the journal */

struct fields {
	struct iovec iov[FIELDS_MAX];
	char bytes[LINE_MAX_LENGTH + 600];
	int count;
	size_t length;
};

static void __attribute__((format(printf, 2, 3)))
fields_add(struct fields *fields, const char *format, ...)
{
	char *at = fields->bytes + fields->length;
	size_t room = sizeof fields->bytes - fields->length;
	va_list arguments;
	int length;

	if (fields->count == FIELDS_MAX || room < 2)
		return;
	va_start(arguments, format);
	length = vsnprintf(at, room, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	fields->iov[fields->count].iov_base = at;
	fields->iov[fields->count].iov_len = (size_t)length < room ? (size_t)length : room - 1;
	fields->length += fields->iov[fields->count++].iov_len + 1;
}

static int
journal_send(const struct journal_entry *entry)
{
	struct fields fields;

	fields.count = 0;
	fields.length = 0;
	fields_add(&fields, "MESSAGE=%.*s", LINE_MAX_LENGTH, entry->message);
	fields_add(&fields, "PRIORITY=%d", entry->level);
	fields_add(&fields, "SYSLOG_IDENTIFIER=awaitd");
	if (entry->stream != NULL)
		fields_add(&fields, "AWAITD_STREAM=%s", entry->stream);
	if (entry->sink != NULL)
		fields_add(&fields, "AWAITD_SINK=%s", entry->sink);
	if (entry->file != NULL) {
		fields_add(&fields, "CODE_FILE=%s", entry->file);
		fields_add(&fields, "CODE_LINE=%d", entry->line);
	}
	if (entry->function != NULL)
		fields_add(&fields, "CODE_FUNC=%s", entry->function);
	return sd_journal_sendv(fields.iov, fields.count);
}

/* --------------------------------------------------------- to standard error */

static const char *
level_name(int level)
{
	static const char *const names[] = {
		"emergency", "alert", "critical", "error", "warning", "notice", "info",
	};

	return names[level];
}

static void
journal_print(const struct journal_entry *entry)
{
	char line[LINE_MAX_LENGTH + 200];
	const char *kind = entry->stream != NULL ? "stream " : entry->sink != NULL ? "sink " : "";
	const char *name = entry->stream != NULL ? entry->stream : entry->sink;
	int length = snprintf(line, sizeof line, "awaitd: %s: %s%s%s%.*s\n",
	    level_name(entry->level), kind, name != NULL ? name : "", name != NULL ? ": " : "",
	    LINE_MAX_LENGTH, entry->message);

	if (length < 0)
		return;
	if ((size_t)length >= sizeof line)
		length = sizeof line - 1;
	line[length - 1] = '\n';
	/* One write, so that lines of several processes do not mix.  Nobody to tell if it fails. */
	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		return;
}

void
journal_write(const struct journal_entry *entry)
{
	if (entry->level < LOG_EMERG || entry->level > LOG_INFO)
		return;
	if (structured && journal_send(entry) >= 0)
		return;
	journal_print(entry);
}

/* ------------------------------------------------------------------ who says */

void
journal_say(int level, const char *format, ...)
{
	char text[LINE_MAX_LENGTH + 1];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	journal_write(&(struct journal_entry){ .level = level, .message = text });
}

void
journal_text(int level, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		int shown = (int)(length < LINE_MAX_LENGTH ? length : LINE_MAX_LENGTH);

		journal_say(level, "%.*s", shown, text);
		text += length;
		text += *text == '\n';
	}
}

void
journal_of_stream(int level, const char *stream, const char *message)
{
	if (level > LOG_INFO || !rate_allows(stream, clock_mono_ns()))
		return;
	journal_write(&(struct journal_entry){
		.level = level, .stream = stream, .message = message });
}

void
journal_of_sink(void *context, int level, const char *sink, const char *message)
{
	char key[80];

	(void)context;
	snprintf(key, sizeof key, "sink %s", sink);
	if (level > LOG_INFO || !rate_allows(key, clock_mono_ns()))
		return;
	journal_write(&(struct journal_entry){ .level = level, .sink = sink, .message = message });
}

static void
suppressed_say(const char *name, uint64_t suppressed, void *context)
{
	(void)context;
	journal_say(LOG_NOTICE, "%" PRIu64 " more lines about %s were not shown", suppressed, name);
}

void
journal_tell_suppressed(void)
{
	rate_each_over(clock_mono_ns(), suppressed_say, NULL);
}

/* A mistake in the code, never of a user: it has to name its place. */
static void
rejection_say(const struct rejection *rejection, void *context)
{
	char message[300];
	int length = snprintf(message, sizeof message, "unhandled rejection: %s",
	    strerror((int)-rejection->reason.number));

	(void)context;
	if (rejection->generator != NULL)
		snprintf(message + length, sizeof message - (size_t)length, " in %s at %s:%d",
		    rejection->generator, rejection->file != NULL ? rejection->file : "?",
		    rejection->line);
	journal_write(&(struct journal_entry){ .level = LOG_ERR, .message = message,
		.file = rejection->file, .line = rejection->line,
		.function = rejection->generator });
}

static void
loop_say(const char *line)
{
	journal_say(LOG_WARNING, "event loop: %s", line);
}

/* ------------------------------------------------------------------- opening */

/* JOURNAL_STREAM is the device and inode of what systemd connected us to (systemd.exec(5)); it is
 * inherited, so that a redirected standard error has to be told from it.  Where the journal's
 * socket is not to be seen (RootDirectory=), libsystemd would send nothing and say that it did. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat stat;

	return stream != NULL && access(JOURNAL_SOCKET, W_OK) == 0
	    && sscanf(stream, "%ju:%ju", &device, &inode) == 2
	    && fstat(STDERR_FILENO, &stat) == 0
	    && stat.st_dev == (dev_t)device && stat.st_ino == (ino_t)inode;
}

void
journal_open(void)
{
	structured = stderr_is_journal();
	rejection_set_hook(rejection_say, NULL);
	loop_set_log(loop_say);
	streams_set_log(journal_of_stream);
}

/* journal.h - what the daemon says to its administrator: entries with fields where standard error
 * is the journal (systemd.journal-fields(7), JOURNAL_STREAM), else lines on standard error:
 *
 *	awaitd: warning: stream door: cannot open /dev/gpiochip0: No such file or directory
 *
 * What streams and sinks say is limited in rate, each by its name; what the daemon itself says is
 * not.  Nothing here fails visibly. */
#ifndef DAEMON_JOURNAL_H
#define DAEMON_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

struct journal_entry {
	int level;                   /* of syslog(3); what is above LOG_INFO is dropped */
	const char *message;         /* a line without its end */
	const char *stream, *sink;   /* whom it is about; or NULL */
	const char *file, *function; /* where in the code, for who debugs; or NULL */
	int line;
};

/* Looks where standard error goes, and hears of unhandled rejections, of the loop and of streams
 * from now on. */
void journal_open(void);

/* Is standard error the journal? */
bool journal_is_structured(void);

void journal_write(const struct journal_entry *entry);

/* About the daemon itself.  Text of several lines becomes several entries. */
void journal_say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void journal_text(int level, const char *text);

/* As struct sink_control has it. */
void journal_of_sink(void *context, int level, const char *sink, const char *message);
void journal_of_stream(int level, const char *stream, const char *message);

/* Tells what was not shown; to be called every few seconds. */
void journal_tell_suppressed(void);

#endif

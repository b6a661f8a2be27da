/* crashing - what awaitd would be with a bug in each part of a stream's chain: the rooms as they ship,
 * of which a few functions are wrapped by the linker (--wrap) and die of what they are given:
 *
 *	"abort"		abort(), as by an assertion
 *	"fault"		a SIGSEGV
 *	"loop"		an endless loop, until the watchdog comes
 *	"kill"		a SIGKILL, which is no bug, five times; counted in the file $CRASHING_KILLS
 *
 * In the words of its input: of a record where it is framed, of one that has "map" in it too in the
 * operator, or "log" in the encoder; of a request.  A timer's value 777 is "abort", in the encoder. */
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/command_line.h"
#include "daemon/process.h"
#include "daemon/supervisor.h"
#include "sinks/unix_request.h"
#include "sources/attr_parse.h"
#include "sources/framing.h"
#include "streams/encode.h"
#include "streams/json_value.h"

static bool
has(const char *text, size_t length, const char *word)
{
	return memmem(text, length, word, strlen(word)) != NULL;
}

static void
fault(void)
{
	volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[0] = 1;
}

static void
kill_five_times(void)
{
	int fd = open(getenv("CRASHING_KILLS"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size < 5 && write(fd, "x", 1) == 1)
		(void)raise(SIGKILL);
	close(fd);
}

static void
crash(const char *text, size_t length)
{
	if (has(text, length, "abort"))
		abort();
	if (has(text, length, "fault"))
		fault();
	while (has(text, length, "loop"))
		continue;
	if (has(text, length, "kill"))
		kill_five_times();
}

void __real_framing_next(const struct framing *framing, const char *data, size_t length,
    struct frame *ret);
void __wrap_framing_next(const struct framing *framing, const char *data, size_t length,
    struct frame *ret);

void
__wrap_framing_next(const struct framing *framing, const char *data, size_t length,
    struct frame *ret)
{
	const char *end = memchr(data, '\n', length);
	size_t record = end != NULL ? (size_t)(end - data) : length;

	if (!has(data, record, "map") && !has(data, record, "log"))
		crash(data, record);
	__real_framing_next(framing, data, length, ret);
}

bool __real_json_value_member(const struct json_value *value, const char *path,
    struct json_value *ret);
bool __wrap_json_value_member(const struct json_value *value, const char *path,
    struct json_value *ret);

bool
__wrap_json_value_member(const struct json_value *value, const char *path,
    struct json_value *ret)
{
	if (value->kind == JSON_KIND_TEXT && has(value->text.data, value->text.length, "map"))
		crash(value->text.data, value->text.length);
	return __real_json_value_member(value, path, ret);
}

size_t __real_encoder_line(struct encoder *encoder, const struct event *event, uint64_t seq,
    char *out, size_t room);
size_t __wrap_encoder_line(struct encoder *encoder, const struct event *event, uint64_t seq,
    char *out, size_t room);

size_t
__wrap_encoder_line(struct encoder *encoder, const struct event *event, uint64_t seq, char *out,
    size_t room)
{
	const struct json_value *value = &event->value;

	if (event->kind == EVENT_VALUE && value->kind == JSON_KIND_INTEGER && value->integer == 777)
		abort();
	if (event->kind == EVENT_VALUE && value->kind == JSON_KIND_TEXT
	    && has(value->text.data, value->text.length, "log"))
		crash(value->text.data, value->text.length);
	return __real_encoder_line(encoder, event, seq, out, room);
}

int __real_attr_parse(const struct attr_options *options, const regex_t *regex, const char *text,
    size_t length, struct json_value *ret);
int __wrap_attr_parse(const struct attr_options *options, const regex_t *regex, const char *text,
    size_t length, struct json_value *ret);

int
__wrap_attr_parse(const struct attr_options *options, const regex_t *regex, const char *text,
    size_t length, struct json_value *ret)
{
	crash(text, length);
	return __real_attr_parse(options, regex, text, length, ret);
}

int __real_unix_request_parse(struct unix_connection *connection, struct json_span line,
    struct unix_request *ret);
int __wrap_unix_request_parse(struct unix_connection *connection, struct json_span line,
    struct unix_request *ret);

int
__wrap_unix_request_parse(struct unix_connection *connection, struct json_span line,
    struct unix_request *ret)
{
	crash(line.text, line.length);
	return __real_unix_request_parse(connection, line, ret);
}

/* As daemon/main.c: -c FILE. */
int
main(int argc, char **argv)
{
	if (argc != 3)
		return EXIT_USAGE;
	(void)signal(SIGSEGV, SIG_DFL);         /* a sanitizer would make an exit of it */
	process_block_signals();
	process_prepare();
	return supervisor_run(argv[2]);
}

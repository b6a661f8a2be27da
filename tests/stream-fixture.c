#include "stream-fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "daemon/stream_config.h"
#include "daemon/tables.h"

struct arena *fixture_arena;
char fixture_reports[4000];

/* --------------------------------------------------------------------- configs */

/* All that a stream is made of is freed only at the end, or when it is changed: then at once, so
 * that the sanitizer sees who still looks at it. */
struct made {
	struct made *next;
	struct stream *stream;           /* NULL: gone */
	struct config *config;
	struct stream_operator *operators;
	struct stream_options options;   /* fixture_options()'s */
};

static struct made *made;

static int
load(const char *name, const char *json, struct config **ret, struct config_errors **errors)
{
	struct config_tables tables = daemon_tables;
	char *text = NULL;
	int r = asprintf(&text, "{\"streams\":{\"%s\":%s}}", name, json);

	assert_true(r > 0);
	tables.check = NULL;             /* lines may be longer than a sink takes: there is none */
	r = config_load_text(&tables, "test", text, strlen(text), ret, errors);
	free(text);
	return r;
}

static struct config *
load_right(const char *name, const char *json)
{
	struct config_errors *errors = NULL;
	struct config *config = NULL;

	if (load(name, json, &config, &errors) < 0) {
		config_errors_write(errors, stderr);
		fail();
	}
	return config;
}

char *
fixture_mistake(const char *json)
{
	struct config_errors *errors = NULL;
	struct config *config = NULL;
	char *text = NULL;

	assert_true(load("s", json, &config, &errors) < 0);
	assert_true(errors->count > 0);
	assert_true(asprintf(&text, "%s: %s", errors->items[0].pointer,
	    errors->items[0].message) > 0);
	config_errors_free(errors);
	return text;
}

static struct stream_options
options_of(struct made *one)
{
	const struct config_stream *config = one->config->streams[0];

	one->operators = stream_config_operators(config);
	assert_non_null(one->operators);
	return stream_config_options(config, one->operators);
}

struct stream *
fixture_stream(const char *name, const char *json)
{
	struct made *one = calloc(1, sizeof *one);
	struct stream_options options;

	assert_non_null(one);
	one->config = load_right(name, json);
	options = options_of(one);
	assert_int_equal(stream_new(fixture_arena, &options, &one->stream), 0);
	one->next = made;
	made = one;
	return one->stream;
}

const struct stream_options *
fixture_options(const char *name, const char *json)
{
	struct made *one = calloc(1, sizeof *one);

	assert_non_null(one);
	one->config = load_right(name, json);
	one->options = options_of(one);
	one->next = made;
	made = one;
	return &one->options;
}

size_t
fixture_operators(const char *json, const struct stream_operator **ret)
{
	struct made *one = calloc(1, sizeof *one);
	struct stream_options options;
	char *text = NULL;

	assert_non_null(one);
	assert_true(asprintf(&text, "{\"source\":{\"type\":\"timer\"},\"operators\":%s}",
	    json) > 0);
	one->config = load_right("s", text);
	free(text);
	options = options_of(one);
	one->next = made;
	made = one;
	*ret = options.operators;
	return options.operator_count;
}

static struct made *
made_of(struct stream *stream)
{
	struct made *one = made;

	while (one->stream != stream)
		one = one->next;
	return one;
}

static void
made_clear(struct made *one)
{
	config_free(one->config);
	free(one->operators);
}

void
fixture_change(struct stream *stream, const char *json)
{
	struct made *one = made_of(stream), old = *one;
	struct stream_options options;

	one->config = load_right(stream_name(stream), json);
	options = options_of(one);
	assert_int_equal(stream_change(stream, &options), 0);
	made_clear(&old);
}

/* ------------------------------------------------------------------------ ends */

static void
stopped(struct stream *stream, void *context)
{
	(void)stream;
	*(bool *)context = true;
}

void
fixture_stop(struct stream *stream, bool handing_over)
{
	struct made *one = made_of(stream);
	bool done = false;

	stream_stop(stream, handing_over, stopped, &done);
	fixture_until(done);
	one->stream = NULL;
}

static void
free_all(void)
{
	struct made *one;

	while ((one = made) != NULL) {
		if (one->stream != NULL)
			fixture_stop(one->stream, true);
		made = one->next;
		made_clear(one);
		free(one);
	}
}

void
fixture_restart(void)
{
	int fd;

	free_all();
	fd = dup(arena_fd(fixture_arena));
	arena_free(fixture_arena);
	fixture_arena = NULL;
	assert_int_equal(arena_adopt(fd, &fixture_arena), 0);
}

static void
report(int level, const char *stream, const char *message)
{
	size_t length = strlen(fixture_reports);

	(void)level;
	snprintf(fixture_reports + length, sizeof fixture_reports - length, "%s: %s\n", stream,
	    message);
}

static int
open_on(const struct loop_backend *backend)
{
	fixture_reports[0] = '\0';
	streams_set_log(report);
	if (loop_open(backend) < 0)
		return -1;
	return arena_create(&fixture_arena);
}

int
fixture_manual(void **state)
{
	int r = open_on(&loop_manual);

	(void)state;
	loop_manual_poll(true);
	return r;
}

int
fixture_libevent(void **state)
{
	(void)state;
	return open_on(&loop_libevent);
}

/* What a test made by itself and left behind because it failed. */
static void
stop_rest(void)
{
	while (streams_first() != NULL) {
		bool done = false;

		stream_stop(streams_first(), true, stopped, &done);
		fixture_until(done);
	}
}

int
fixture_close(void **state)
{
	(void)state;
	free_all();
	stop_rest();
	arena_free(fixture_arena);
	fixture_arena = NULL;
	loop_close();
	return 0;
}

/* ---------------------------------------------------------------------- a folder */

char fixture_folder[] = "/tmp/awaitd-test-XXXXXX";
char fixture_path[sizeof fixture_folder + sizeof "/in"];

int
fixture_make_folder(void **state)
{
	(void)state;
	if (mkdtemp(fixture_folder) == NULL)
		return -1;
	snprintf(fixture_path, sizeof fixture_path, "%s/in", fixture_folder);
	return 0;
}

int
fixture_remove_folder(void **state)
{
	(void)state;
	return rmdir(fixture_folder);
}

int
fixture_clear_folder(void **state)
{
	unlink(fixture_path);
	return fixture_remove_folder(state);
}

/* ------------------------------------------------------------------- what is said */

static bool
member(const struct span *line, const char *name, struct json_span *ret)
{
	return json_member(line->data, line->length, name, ret);
}

static void
print(FILE *to, const char *before, struct json_span span, const char *after)
{
	fprintf(to, "%s%.*s%s", before, (int)span.length, span.text, after);
}

static struct json_span
unquoted(struct json_span span)
{
	return (struct json_span){ span.text + 1, span.length - 2 };
}

static void
say(FILE *to, const struct span *line)
{
	struct json_span value, lost, is, cause;

	if (member(line, "value", &value))
		print(to, " ", value, "");
	else if (member(line, "lost", &lost) && lost.text[0] == 'n')
		fprintf(to, " gap(?)");
	else if (member(line, "lost", &lost))
		print(to, " gap(", lost, ")");
	else if (member(line, "is", &is)) {
		print(to, " ", unquoted(is), "");
		if (member(line, "cause", &cause))
			print(to, "(", unquoted(cause), ")");
	}
}

static void
check_line(const struct span *line, uint64_t seq)
{
	struct json_checked checked;
	struct json_span span;
	int64_t number;

	assert_int_equal(json_check_line(line->data, line->length, &checked), JSON_FAULT_NONE);
	assert_int_equal(checked.stop + 1, line->length);
	assert_true(member(line, "seq", &span));
	assert_int_equal(json_span_int64(span, &number), 0);
	assert_int_equal(number, seq);
}

const char *
fixture_says(struct stream *stream, uint64_t seq)
{
	static char *text;
	const struct log *log = stream_log(stream);
	struct span span;
	size_t size;
	FILE *to;

	free(text);
	to = open_memstream(&text, &size);
	assert_non_null(to);
	for (; log_span(log, seq, 1, &span); seq = span.next) {
		check_line(&span, seq);
		say(to, &span);
	}
	fclose(to);
	return text;
}

/* ----------------------------------------------------------------------- waiting */

void
fixture_turn(void)
{
	static struct timer tick;

	if (!timer_is_set(&tick))
		(void)timer_after(&tick, 20 * MILLISECOND);
	assert_true(loop_turn() >= 0);
}

void
fixture_await(struct stream *stream, uint64_t entries)
{
	fixture_until(log_next_seq(stream_log(stream)) > entries);
}

void
fixture_await_says(struct stream *stream, const char *text)
{
	uint64_t end = clock_mono_ns() + 20 * SECOND;

	while (strcmp(fixture_says(stream, 1), text) != 0 && clock_mono_ns() < end)
		fixture_turn();
	assert_says(stream, text);
}

/* trace-tool.c - runs the programs of tests/oracle/FORMAT.md on async/ and prints their traces.
 *
 *	trace-tool PROGRAM.json                the trace
 *	trace-tool --check PROGRAM.json...     beside PROGRAM.trace: what differs; exit status 1 if any
 *	trace-tool --first PROGRAM.json...     the same, until one differs
 *	trace-tool --tap PROGRAM.json...       all of them, as TAP
 *	trace-tool --stream                    programs on standard input, one a line; each trace is
 *	                                       followed by an empty line
 *
 * Before these: --callbacks, for_await() in place of a loop in a body wherever that can be. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tests/trace/keep.h"
#include "tests/trace/run.h"

struct text {
	char *bytes;
	size_t length;
};

static struct text
read_file(const char *path)
{
	struct text text = { .bytes = NULL };
	FILE *file = fopen(path, "r");
	size_t size = 0;
	ssize_t length;

	if (file == NULL)
		die("%s: %s", path, strerror(errno));
	length = getdelim(&text.bytes, &size, '\0', file);
	fclose(file);
	if (length < 0)
		die("%s: empty", path);
	text.length = (size_t)length;
	return text;
}

static struct text
run_text(struct text program)
{
	struct text trace = { .bytes = NULL };
	FILE *out = open_memstream(&trace.bytes, &trace.length);
	const char *unsupported;

	if (out == NULL)
		die("no memory");
	unsupported = program_run(program.bytes, program.length, out);
	if (unsupported != NULL) {
		rewind(out);
		fprintf(out, "unsupported: %s\n", unsupported);
	}
	fclose(out);
	return trace;
}

static struct text
run_file(const char *path)
{
	struct text program = read_file(path);
	struct text trace = run_text(program);

	free(program.bytes);
	return trace;
}

/* ------------------------------------------------------------------- comparing */

/* PROGRAM.json -> PROGRAM.trace */
static struct text
read_trace_of(const char *program)
{
	size_t stem = strlen(program) - strlen(".json");
	struct text trace;
	char *path = malloc(stem + sizeof ".trace");

	if (path == NULL)
		die("no memory");
	memcpy(path, program, stem);
	strcpy(path + stem, ".trace");
	trace = read_file(path);
	free(path);
	return trace;
}

static size_t
line_length(const char *line)
{
	return strcspn(line, "\n");
}

static void
print_difference(const char *wanted, const char *got, const char *before)
{
	unsigned line = 1;

	while (line_length(wanted) == line_length(got)
	    && strncmp(wanted, got, line_length(got)) == 0 && *got != '\0' && *wanted != '\0') {
		got += line_length(got) + (got[line_length(got)] == '\n');
		wanted += line_length(wanted) + (wanted[line_length(wanted)] == '\n');
		line++;
	}
	printf("%sline %u\n%s  wanted: %.*s\n%s  got:    %.*s\n", before, line,
	    before, (int)line_length(wanted), wanted, before, (int)line_length(got), got);
}

static bool
check_file(const char *path, const char *before)
{
	struct text wanted = read_trace_of(path), got = run_file(path);
	bool same = wanted.length == got.length
	    && memcmp(wanted.bytes, got.bytes, got.length) == 0;

	if (!same)
		print_difference(wanted.bytes, got.bytes, before);
	free(wanted.bytes);
	free(got.bytes);
	return same;
}

static int
check_files(char *const *paths, int count, int bad_max)
{
	int bad = 0;

	for (int i = 0; i < count && bad < bad_max; i++)
		if (!check_file(paths[i], "  ")) {
			printf("%s differs\n", paths[i]);
			bad++;
		}
	if (bad == bad_max)
		return 1;
	printf("%d programs, %d differ\n", count, bad);
	return bad > 0;
}

static int
check_tap(char *const *paths, int count)
{
	int bad = 0;

	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		const char *name = strrchr(paths[i], '/');
		bool same = check_file(paths[i], "# ");

		name = name != NULL ? name + 1 : paths[i];
		printf("%sok %d - %.*s\n", same ? "" : "not ", i + 1,
		    (int)(strlen(name) - strlen(".json")), name);
		fflush(stdout);
		bad += !same;
	}
	if (run.callbacks)
		printf("# %zu loops were for_await()'s\n", run.callback_loops);
	return bad > 0;
}

/* ------------------------------------------------------------------------ main */

static int
print_stream(void)
{
	struct text line = { .bytes = NULL };
	size_t size = 0;
	ssize_t length;

	while ((length = getline(&line.bytes, &size, stdin)) > 0) {
		struct text trace;

		line.length = (size_t)length;
		trace = run_text(line);
		printf("%s\n", trace.bytes);
		fflush(stdout);
		free(trace.bytes);
	}
	free(line.bytes);
	return 0;
}

static int
print_trace(const char *path)
{
	struct text trace = run_file(path);

	fputs(trace.bytes, stdout);
	free(trace.bytes);
	return run.unsupported != NULL;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--callbacks") == 0) {
		run.callbacks = true;
		argc--;
		argv++;
	}
	if (argc > 2 && strcmp(argv[1], "--check") == 0)
		return check_files(argv + 2, argc - 2, INT_MAX);
	if (argc > 2 && strcmp(argv[1], "--first") == 0)
		return check_files(argv + 2, argc - 2, 1);
	if (argc > 2 && strcmp(argv[1], "--tap") == 0)
		return check_tap(argv + 2, argc - 2);
	if (argc == 2 && strcmp(argv[1], "--stream") == 0)
		return print_stream();
	if (argc == 2 && argv[1][0] != '-')
		return print_trace(argv[1]);
	fputs("usage: trace-tool [--callbacks] PROGRAM.json | --stream | "
	    "(--check | --first | --tap) PROGRAM.json...\n", stderr);
	return 2;
}

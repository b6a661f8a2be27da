/* The folders of tests/config: input.json (and input.json.d) give either `output`, the merged
 * document, or `error`, the messages.  A new case is a new folder; CONFIG_CASES_WRITE=1 writes
 * what came out where nothing was expected yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config-fixture.h"

static char folder[4000];

static char *
path_of(const char *name, const char *file)
{
	static char path[5000];

	snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
	return path;
}

/* NULL: there is no such file. */
static char *
file_text(const char *path)
{
	char *text = calloc(1, 100000);
	FILE *file = fopen(path, "r");

	assert_non_null(text);
	if (file == NULL) {
		free(text);
		return NULL;
	}
	(void)!fread(text, 1, 99999, file);
	fclose(file);
	return text;
}

static void
write_expected(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
compare(const char *name, const char *file, const char *text)
{
	char *expected = file_text(path_of(name, file));

	if (expected == NULL && getenv("CONFIG_CASES_WRITE") != NULL)
		write_expected(path_of(name, file), text);
	else if (expected == NULL)
		fail_msg("%s: no %s is expected, but came:\n%s", name, file, text);
	else if (strcmp(expected, text) != 0)
		fail_msg("%s: expected:\n%s\nbut came:\n%s", name, expected, text);
	free(expected);
}

/* The document that was merged is right again, and the same. */
static void
load_again(const struct config *config)
{
	struct config *again = NULL;
	struct config_errors *errors = NULL;

	assert_int_equal(config_load_text(&fixture_tables, "again", config->text, config->length,
	    &again,
	                     &errors), 0);
	assert_string_equal(again->text, config->text);
	assert_int_equal(again->stream_count, config->stream_count);
	for (size_t i = 0; i < config->stream_count; i++)
		assert_int_equal(config_stream_differs(config->streams[i], again->streams[i]), 0);
	config_free(again);
}

static void
folder_gives_what_it_says(void **state)
{
	const char *name = *state;
	struct config *config = NULL;
	struct config_errors *errors = NULL;
	char *text = NULL, line[100000];
	int r;

	assert_int_equal(chdir(path_of(name, ".")), 0);
	r = config_load(&fixture_tables, "input.json", &config, &errors);
	if (r == 0) {
		snprintf(line, sizeof line, "%s\n", config->text);
		compare(name, "output", line);
		load_again(config);
	} else {
		assert_non_null(errors);
		text = config_errors_text(errors);
		compare(name, "error", text);
	}
	free(text);
	config_free(config);
	config_errors_free(errors);
}

static int
is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(void)
{
	const char *top = getenv("top_srcdir");
	struct dirent **cases;
	struct CMUnitTest *tests;
	int count, r;

	snprintf(folder, sizeof folder, "%s/tests/config", top == NULL ? "." : top);
	if (top == NULL && realpath("tests/config", folder) == NULL)
		return 99;
	count = scandir(folder, &cases, is_case, alphasort);
	if (count <= 0)
		return 99;
	tests = calloc((size_t)count, sizeof *tests);
	for (int i = 0; tests != NULL && i < count; i++)
		tests[i] = (struct CMUnitTest){ cases[i]->d_name, folder_gives_what_it_says, NULL,
		    NULL,
			cases[i]->d_name };
	r = tests == NULL ? 99 : _cmocka_run_group_tests("config-cases", tests, (size_t)count,
	    NULL, NULL);
	for (int i = 0; i < count; i++)
		free(cases[i]);
	free(cases);
	free(tests);
	return r;
}

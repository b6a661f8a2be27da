/* Files and folders of a config, what a reload has to change, and what is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "config-fixture.h"

#define A_STREAM "{\"streams\":{\"a\":{\"source\":{\"type\":\"timer\"}}}}"

/* Each test runs in a fresh folder. */
static int
enter_folder(void **state)
{
	char *folder = strdup("/tmp/awaitd-test-XXXXXX");

	if (folder == NULL || mkdtemp(folder) == NULL || chdir(folder) < 0)
		return -1;
	*state = folder;
	return 0;
}

static int
leave_folder(void **state)
{
	char command[100];
	int r;

	if (chdir("/") < 0)
		return -1;
	snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", (char *)*state,
	    (char *)*state);
	r = system(command);
	free(*state);
	return r;
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* What loading says; *ret_text is to be freed. */
static int
load(char **ret_text)
{
	struct config *config = NULL;
	struct config_errors *errors = NULL;
	int r = config_load(&fixture_tables, "c.json", &config, &errors);

	*ret_text = NULL;
	if (r < 0) {
		assert_null(config);
		assert_non_null(errors);
		*ret_text = config_errors_text(errors);
	}
	config_free(config);
	config_errors_free(errors);
	return r;
}

static void
fails(int expected, const char *message)
{
	char *text;

	assert_int_equal(load(&text), expected);
	assert_string_equal(text, message);
	free(text);
}

static void
succeeds(void)
{
	char *text;

	if (load(&text) < 0)
		fail_msg("%s", text);
}

static void
a_missing_file_is_told(void **state)
{
	(void)state;
	fails(-ENOENT, "c.json: cannot be read: No such file or directory\n");
}

static void
a_folder_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkdir("c.json", 0700), 0);
	fails(-EISDIR, "c.json: is a folder, but must be a file\n");
}

static void
a_fifo_does_not_hang(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("c.json", 0600), 0);
	fails(-EINVAL, "c.json: is no regular file\n");
}

static void
an_unreadable_file_is_told(void **state)
{
	(void)state;
	write_file("c.json", "{}");
	assert_int_equal(chmod("c.json", 0), 0);
	assert_int_equal(chmod(".", 0755), 0);
	if (geteuid() == 0)   /* root reads every file */
		assert_int_equal(seteuid(65534), 0);
	fails(-EACCES, "c.json: cannot be read: Permission denied\n");
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void
a_link_that_goes_round_is_told(void **state)
{
	(void)state;
	assert_int_equal(symlink("c.json", "c.json"), 0);
	fails(-ELOOP, "c.json: cannot be read: Too many levels of symbolic links\n");
}

static void
a_huge_file_is_refused_unread(void **state)
{
	(void)state;
	write_file("c.json", "{}");
	assert_int_equal(truncate("c.json", CONFIG_FILE_MAX + 1), 0);
	fails(-EFBIG, "c.json: is too large: a config file has at most 8 MiB\n");
	assert_int_equal(truncate("c.json", 2), 0);
	succeeds();
}

static void
a_large_file_is_loaded(void **state)
{
	FILE *file = fopen("c.json", "w");
	struct config *config = NULL;
	struct config_errors *errors = NULL;

	(void)state;
	assert_non_null(file);
	fputs("{\"streams\":{", file);
	for (int i = 0; i < 2000; i++)
		fprintf(file, "%s\"s%d\":{\"source\":{\"type\":\"timer\",\"from\":%d}}\n", i == 0
		    ? "" : ",", i, i);
	fputs("}}", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(config_load(&fixture_tables, "c.json", &config, &errors), 0);
	assert_int_equal(config->stream_count, 2000);
	assert_string_equal(config_stream_find(config, "s1999")->name, "s1999");
	assert_null(config_stream_find(config, "s2000"));
	config_free(config);
}

static void
drop_ins_need_no_folder(void **state)
{
	(void)state;
	write_file("c.json", A_STREAM);
	succeeds();
	assert_int_equal(mkdir("c.json.d", 0700), 0);
	succeeds();
}

static void
a_folder_of_drop_ins_that_is_a_file_is_told(void **state)
{
	(void)state;
	write_file("c.json", A_STREAM);
	write_file("c.json.d", "{}");
	fails(-ENOTDIR, "c.json.d: the folder cannot be read: Not a directory\n");
}

static void
a_drop_in_that_is_a_folder_is_told(void **state)
{
	(void)state;
	write_file("c.json", A_STREAM);
	assert_int_equal(mkdir("c.json.d", 0700), 0);
	assert_int_equal(mkdir("c.json.d/10.json", 0700), 0);
	fails(-EISDIR, "c.json.d/10.json: is a folder, but must be a file\n");
}

static void
drop_ins_alone_are_no_config(void **state)
{
	(void)state;
	assert_int_equal(mkdir("c.json.d", 0700), 0);
	write_file("c.json.d/10.json", A_STREAM);
	fails(-ENOENT, "c.json: cannot be read: No such file or directory\n");
}

static void
errors_of_all_files_come_in_their_order(void **state)
{
	(void)state;
	assert_int_equal(mkdir("c.json.d", 0700), 0);
	write_file("c.json", "{");
	write_file("c.json.d/2.json", "[]");
	write_file("c.json.d/10.json", "");
	assert_int_equal(symlink("nowhere", "c.json.d/3.json"), 0);
	fails(-EINVAL,
	    "c.json:1:2: ends too early: a string, array or object is not closed, or a value is "
	    "missing\n"
	    "c.json.d/10.json:1:1: is empty, a JSON value expected\n"
	    "c.json.d/2.json:1:1: must be an object: {\"streams\": {...}, \"sinks\": {...}}\n"
	    "c.json.d/3.json: cannot be read: No such file or directory\n");
}

static void
a_thousand_errors_are_enough(void **state)
{
	FILE *file = fopen("c.json", "w");
	struct config *config = NULL;
	struct config_errors *errors = NULL;
	char *text;

	(void)state;
	assert_non_null(file);
	fputs("{\"streams\":{\"a\":{\"source\":{\"type\":\"timer\"}", file);
	for (int i = 0; i < 1500; i++)
		fprintf(file, ",\n\"unknown member %d\":1", i);
	fputs("}}}", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(config_load(&fixture_tables, "c.json", &config, &errors), -EINVAL);
	assert_int_equal(errors->count, 1000);
	assert_int_equal(errors->more, 500);
	assert_int_equal(errors->items[999].line, 1001);
	text = config_errors_text(errors);
	assert_non_null(strstr(text, "\nand 500 more errors\n"));
	free(text);
	config_errors_free(errors);
}

/* --------------------------------------------------------------- reload */

/* A stream's object beside the same without its changes. */
static unsigned int
differs(const char *one, const char *other)
{
	char text[2][1000];
	struct config *a, *b;
	unsigned int parts;

	snprintf(text[0], sizeof text[0], "{\"streams\":{\"a\":%s}}", one);
	snprintf(text[1], sizeof text[1], "{\"streams\":{\"a\":%s}}", other);
	a = fixture_load(text[0]);
	b = fixture_load(text[1]);
	assert_true(a != NULL && b != NULL);
	parts = config_stream_differs(a->streams[0], b->streams[0]);
	assert_int_equal(config_stream_differs(b->streams[0], a->streams[0]), parts);
	assert_int_equal((parts & (CONFIG_PART_SOURCE | CONFIG_PART_OPERATORS)) == 0,
	    a->streams[0]->chain == b->streams[0]->chain);
	config_free(a);
	config_free(b);
	return parts;
}

#define TIMER "\"source\":{\"type\":\"timer\",\"interval\":\"1s\"}"

static void
what_means_the_same_does_not_differ(void **state)
{
	(void)state;
	assert_int_equal(differs("{" TIMER "}",
	    "{\"source\":{\"interval\":\"1000ms\",\"type\":\"timer\"}}"), 0);
	assert_int_equal(differs("{" TIMER "}", "{\"source\":{\"type\":\"timer\",\"from\":1}}"), 0);
	assert_int_equal(differs("{" TIMER ",\"history\":\"1MiB\"}",
	    "{" TIMER ",\"history\":{\"size\":1048576}}"), 0);
	assert_int_equal(differs("{" TIMER ",\"open\":\"always\",\"max_line\":65536}",
	    "{" TIMER "}"), 0);
	assert_int_equal(differs("{\"source\":{\"type\":\"every\",\"json\":{\"a\":1,\"b\":2}}}",
	                     "{\"source\":{\"type\":\"every\",\"json\":{\"b\":2,\"a\":1}}}"), 0);
	assert_int_equal(differs("{\"source\":{\"type\":\"every\",\"nested\":5}}",
	                     "{\"source\":{\"type\":\"every\",\"nested\":{\"depth\":5}}}"), 0);
	assert_int_equal(differs("{" TIMER ",\"operators\":[]}", "{" TIMER "}"), 0);
}

static void
each_part_differs_by_itself(void **state)
{
	(void)state;
	assert_int_equal(differs("{" TIMER "}",
	    "{\"source\":{\"type\":\"timer\",\"interval\":\"2s\"}}"),
	    CONFIG_PART_SOURCE);
	assert_int_equal(differs("{" TIMER "}",
	    "{\"source\":{\"type\":\"timer\",\"to\":0,\"from\":0}}"),
	    CONFIG_PART_SOURCE);
	assert_int_equal(differs("{" TIMER "}", "{" TIMER ",\"operators\":[{\"op\":\"count\"}]}"),
	    CONFIG_PART_OPERATORS);
	assert_int_equal(differs("{" TIMER ",\"operators\":[{\"op\":\"count\"},"
	    "{\"op\":\"deadband\",\"by\":1}]}",
	                     "{" TIMER ",\"operators\":[{\"op\":\"deadband\",\"by\":1},"
	                     "{\"op\":\"count\"}]}"),
	    CONFIG_PART_OPERATORS);
	assert_int_equal(differs("{" TIMER ",\"unit\":\"s\"}", "{" TIMER "}"), CONFIG_PART_UNIT);
	assert_int_equal(differs("{" TIMER ",\"unit\":\"s\"}", "{" TIMER ",\"unit\":\"m\"}"),
	    CONFIG_PART_UNIT);
	assert_int_equal(differs("{" TIMER ",\"description\":\"x\"}", "{" TIMER "}"),
	    CONFIG_PART_DESCRIPTION);
	assert_int_equal(differs("{" TIMER ",\"history\":\"2MiB\"}", "{" TIMER "}"),
	    CONFIG_PART_HISTORY);
	assert_int_equal(differs("{" TIMER ",\"history\":{\"path\":\"/x\"}}", "{" TIMER "}"),
	    CONFIG_PART_HISTORY);
	assert_int_equal(differs("{" TIMER ",\"max_line\":\"32KiB\"}", "{" TIMER "}"),
	    CONFIG_PART_HISTORY);
	assert_int_equal(differs("{" TIMER ",\"allow\":{}}", "{" TIMER "}"), CONFIG_PART_ALLOW);
	assert_int_equal(differs("{" TIMER ",\"allow\":{\"users\":[0]}}",
	    "{" TIMER ",\"allow\":{\"users\":[1]}}"),
	    CONFIG_PART_ALLOW);
	assert_int_equal(differs("{" TIMER ",\"open\":\"on-demand\"}", "{" TIMER "}"),
	    CONFIG_PART_OPEN);
	assert_int_equal(differs("{" TIMER ",\"expect\":\"1m\"}", "{" TIMER "}"),
	    CONFIG_PART_EXPECT);
}

static void
options_of_every_kind_are_compared(void **state)
{
	static const char *const members[] = { "\"flag\":false", "\"integer\":8", "\"number\":0.5",
	    "\"size\":2048",
		"\"duration\":\"2s\"", "\"string\":\"other\"", "\"blank\":\"\"", "\"path\":\"/x\"",
		"\"name\":\"n\"",
		"\"word\":\"none\"", "\"mode\":\"0600\"", "\"user\":0", "\"either\":5",
		"\"either\":\"4\"",
		"\"json\":1", "\"strings\":[\"a\"]", "\"users\":[0]", "\"nested\":4",
		"\"nested\":{\"text\":\"a\"}",
		"\"points\":[{\"x\":1}]", "\"points\":[{\"x\":1},{\"x\":1}]" };
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		snprintf(text, sizeof text, "{\"source\":{\"type\":\"every\",%s}}", members[i]);
		assert_int_equal(differs(text, "{\"source\":{\"type\":\"every\"}}"),
		    CONFIG_PART_SOURCE);
		assert_int_equal(differs(text, text), 0);
	}
}

static void
sinks_are_equal_if_they_mean_the_same(void **state)
{
	struct config *a = fixture_load("{\"sinks\":{\"l\":{\"type\":\"unix\"}}}");
	struct config *b = fixture_load("{\"sinks\":{\"l\":{\"type\":\"unix\",\"mode\":\"660\"}}}");
	struct config *c = fixture_load("{\"sinks\":{\"l\":{\"type\":\"unix\","
	    "\"mode\":\"0666\"}}}");

	(void)state;
	assert_true(config_sink_equal(a->sinks[0], b->sinks[0]));
	assert_false(config_sink_equal(a->sinks[0], c->sinks[0]));
	assert_ptr_equal(config_sink_find(a, "l"), a->sinks[0]);
	assert_null(config_sink_find(a, "m"));
	config_free(a);
	config_free(b);
	config_free(c);
}

static void
a_stream_outlives_its_config(void **state)
{
	struct config *config = fixture_load(A_STREAM);
	const struct config_stream *stream = config_stream_ref(config_stream_find(config, "a"));
	const struct timer_options *options = stream->source.options;

	(void)state;
	config_free(config);
	assert_string_equal(stream->name, "a");
	assert_int_equal(options->interval, 1000000000);
	config_stream_unref(stream);
	config_stream_unref(NULL);
	config_sink_unref(NULL);
	config_free(NULL);
	config_errors_free(NULL);
}

static void
streams_and_sinks_come_in_the_order_of_their_names(void **state)
{
	struct config *config = fixture_load("{\"streams\":{\"b\":{" TIMER "},\"B\":{" TIMER "},"
	    "\"a\":{" TIMER
	                                     "}},\"sinks\":{\"y\":{\"type\":\"unix\"},"
	                                     "\"x\":{\"type\":\"unix\"}}}");

	(void)state;
	assert_int_equal(config->stream_count, 3);
	assert_string_equal(config->streams[0]->name, "B");
	assert_string_equal(config->streams[1]->name, "a");
	assert_string_equal(config->streams[2]->name, "b");
	assert_string_equal(config->sinks[0]->name, "x");
	config_free(config);
}

static void
a_stream_holds_all_that_was_said(void **state)
{
	struct config *config = fixture_load("{\"streams\":{\"a\":{" TIMER ",\"unit\":\"Cel\","
	    "\"description\":\"d\","
	    "\"history\":{\"size\":\"2MiB\",\"count\":7,\"age\":\"1h\",\"path\":\"/h\"},"
	    "\"max_line\":\"2KiB\","
	    "\"allow\":{\"users\":[\"root\"],\"groups\":[5,6]},\"open\":\"on-demand\","
	    "\"linger\":\"3s\","
	    "\"expect\":\"1m\",\"operators\":[{\"op\":\"deadband\",\"by\":2},"
	    "{\"op\":\"count\"}]}}}");
	const struct config_stream *a = config->streams[0];
	const struct deadband_options *deadband = a->operators.items[0].options;

	(void)state;
	assert_string_equal(a->source.name, "timer");
	assert_non_null(a->source.ops);
	assert_string_equal(a->unit, "Cel");
	assert_string_equal(a->description, "d");
	assert_int_equal(a->history.size, 2 << 20);
	assert_int_equal(a->history.count, 7);
	assert_true(a->history.age == INT64_C(3600000000000));
	assert_string_equal(a->history.path, "/h");
	assert_int_equal(a->max_line, 2048);
	assert_true(a->allow.given && a->allow.users.count == 1 && a->allow.groups.items[1] == 6);
	assert_int_equal(a->open, CONFIG_OPEN_ON_DEMAND);
	assert_true(a->linger == INT64_C(3000000000) && a->expect == INT64_C(60000000000));
	assert_int_equal(a->operators.count, 2);
	assert_true(deadband->by == 2);
	assert_string_equal(a->operators.items[1].name, "count");
	config_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_missing_file_is_told, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_folder_is_no_file, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_fifo_does_not_hang, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(an_unreadable_file_is_told, enter_folder,
		    leave_folder),
		cmocka_unit_test_setup_teardown(a_link_that_goes_round_is_told, enter_folder,
		    leave_folder),
		cmocka_unit_test_setup_teardown(a_huge_file_is_refused_unread, enter_folder,
		    leave_folder),
		cmocka_unit_test_setup_teardown(a_large_file_is_loaded, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(drop_ins_need_no_folder, enter_folder,
		    leave_folder),
		cmocka_unit_test_setup_teardown(a_folder_of_drop_ins_that_is_a_file_is_told,
		    enter_folder,
		    leave_folder),
		cmocka_unit_test_setup_teardown(a_drop_in_that_is_a_folder_is_told, enter_folder,
		    leave_folder),
		cmocka_unit_test_setup_teardown(drop_ins_alone_are_no_config, enter_folder,
		    leave_folder),
		cmocka_unit_test_setup_teardown(errors_of_all_files_come_in_their_order,
		    enter_folder,
		    leave_folder),
		cmocka_unit_test_setup_teardown(a_thousand_errors_are_enough, enter_folder,
		    leave_folder),
		cmocka_unit_test(what_means_the_same_does_not_differ),
		cmocka_unit_test(each_part_differs_by_itself),
		cmocka_unit_test(options_of_every_kind_are_compared),
		cmocka_unit_test(sinks_are_equal_if_they_mean_the_same),
		cmocka_unit_test(a_stream_outlives_its_config),
		cmocka_unit_test(streams_and_sinks_come_in_the_order_of_their_names),
		cmocka_unit_test(a_stream_holds_all_that_was_said),
	};

	return cmocka_run_group_tests_name("config-load", tests, NULL, NULL);
}

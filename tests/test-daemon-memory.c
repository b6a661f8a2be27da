/* What the daemon remembers of its config, also of one that it was changing to when it was killed. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "async/loop.h"
#include "async/loop_manual.h"
#include "base/fdstore.h"
#include "daemon/graph.h"
#include "daemon/load.h"
#include "daemon/memory.h"
#include "daemon/problems.h"
#include "daemon/reload.h"
#include "daemon/tables.h"
#include "streams/log.h"
#include "streams/stream.h"

/* ---------------------------------------------------------------- kept config */

static void
keep(struct arena *arena, const char *text)
{
	assert_int_equal(memory_keep_config(arena, text, strlen(text)), 0);
}

static void
the_config_that_was_kept_last_is_found(void **state)
{
	struct arena *arena;
	char *text;
	size_t length;

	(void)state;
	assert_int_equal(arena_create(&arena), 0);
	assert_null(memory_kept_config(arena, &length));
	keep(arena, "{\"a\":1}");
	keep(arena, "{\"b\":22}");
	text = memory_kept_config(arena, &length);
	assert_string_equal(text, "{\"b\":22}");
	assert_int_equal(length, 8);
	free(text);
	keep(arena, "{}");
	text = memory_kept_config(arena, &length);
	assert_string_equal(text, "{}");
	free(text);
	arena_free(arena);
}

static void
a_config_that_is_too_long_leaves_the_former(void **state)
{
	struct arena *arena;
	char *text;
	size_t length;

	(void)state;
	assert_int_equal(arena_create(&arena), 0);
	keep(arena, "{}");
	assert_int_equal(memory_keep_config(arena, "", CONFIG_TEXT_MAX + 1), -EFBIG);
	text = memory_kept_config(arena, &length);
	assert_string_equal(text, "{}");
	free(text);
	arena_free(arena);
}

static void
a_damaged_kept_config_is_none(void **state)
{
	struct arena *arena;
	struct extent *extent;
	size_t length;
	char *at;

	(void)state;
	assert_int_equal(arena_create(&arena), 0);
	keep(arena, "{\"kept\":1}");
	assert_int_equal(arena_take(arena, EXTENT_CONFIG, "config", 1, false, &extent), 0);
	at = memmem(extent->memory, extent->size, "{\"kept\":1}", 10);
	assert_non_null(at);
	at[3] ^= 1;
	extent_release(arena, extent);
	assert_null(memory_kept_config(arena, &length));
	arena_free(arena);
}

/* ------------------------------------------------------- killed within a reload */

/* A config of one stream, whose history lies in `folder`/`file`. */
static void
history_config(const char *folder, const char *file, char text[400])
{
	snprintf(text, 400, "{\"streams\":{\"t\":{\"source\":{\"type\":\"timer\"},\"history\":"
	    "{\"size\":\"256KiB\",\"path\":\"%s/%s\"}}},\"sinks\":{}}", folder, file);
}

static struct config *
config_of(const char *text)
{
	struct config *config = NULL;
	struct config_errors *errors = NULL;

	if (config_load_text(&daemon_tables, "test", text, strlen(text), &config, &errors) < 0)
		_exit(2);
	return config;
}

/* The life of a process that is killed when its history has moved, but its config is not kept. */
static void
moves_and_dies(struct arena *arena, const char *folder)
{
	const struct sink_control control = { .context = NULL };
	struct problems problems = { .count = 0 };
	struct graph *graph = graph_new(arena, &control);
	struct reload reload = { .arena = arena, .graph = graph };
	char text[400];

	history_config(folder, "one", text);
	graph_start(graph, config_of(text), NULL, &problems);
	reload_keep(&reload, config_of(text));
	history_config(folder, "two", text);
	graph_change(graph, config_of(text), &problems);
	printf("%s %zu\n", log_epoch(stream_log(stream_find("t", 1))), problems.count);
	fflush(stdout);
	raise(SIGKILL);
}

static void
epoch_before(struct arena *arena, const char *folder, char epoch[EPOCH_LENGTH + 8])
{
	int status, pipes[2];
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		moves_and_dies(arena, folder);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	memset(epoch, 0, EPOCH_LENGTH + 8);
	assert_int_equal(read(pipes[0], epoch, EPOCH_LENGTH + 8), EPOCH_LENGTH + 3);
	assert_string_equal(epoch + EPOCH_LENGTH, " 0\n");
	epoch[EPOCH_LENGTH] = '\0';
	close(pipes[0]);
	close(pipes[1]);
}

static void
write_config(const char *folder, const char *text, char path[80])
{
	FILE *file;

	snprintf(path, 80, "%s/awaitd.json", folder);
	file = fopen(path, "w");
	if (file == NULL || fputs(text, file) < 0)
		_exit(3);
	fclose(file);
}

/* A successor with this file as the history's, that is killed before its own start is over. */
static void
starts_and_dies(int arena_fd, const char *folder, const char *file)
{
	const struct sink_control control = { .context = NULL };
	struct problems problems = { .count = 0 };
	struct loaded loaded;
	struct arena *arena = NULL;
	char text[400], path[80];

	history_config(folder, file, text);
	write_config(folder, text, path);
	if (arena_adopt(arena_fd, &arena) < 0 || load_at_start(path, arena, &loaded) < 0)
		_exit(4);
	graph_start(graph_new(arena, &control), loaded.config, loaded.former, &problems);
	raise(SIGKILL);
}

static void
too_many_operators(const char *folder, const char *file, char text[4000])
{
	int length = snprintf(text, 4000, "{\"streams\":{\"t\":{\"source\":{\"type\":\"timer\"},"
	    "\"history\":{\"size\":\"256KiB\",\"path\":\"%s/%s\"},\"operators\":[", folder, file);

	for (int i = 0; i < 40; i++)
		length += snprintf(text + length, 4000 - (size_t)length,
		    "%s{\"op\":\"deadband\",\"by\":1}", i > 0 ? "," : "");
	snprintf(text + length, 4000 - (size_t)length, "]}},\"sinks\":{}}");
}

/* A successor that is killed when a reload has been refused by the stream, and its config kept. */
static void
starts_changes_and_dies(int arena_fd, const char *folder, const char *file, const char *next)
{
	const struct sink_control control = { .context = NULL };
	struct problems problems = { .count = 0 };
	struct arena *arena = NULL;
	struct graph *graph;
	struct reload reload = { .arena = NULL };
	char text[400];

	history_config(folder, file, text);
	if (arena_adopt(arena_fd, &arena) < 0)
		_exit(4);
	graph = graph_new(arena, &control);
	reload.arena = arena;
	graph_start(graph, config_of(text), NULL, &problems);
	graph_change(graph, config_of(next), &problems);
	if (problems.count != 1)
		_exit(5);
	reload_keep(&reload, config_of(next));
	raise(SIGKILL);
}

static void
successor_dies(const struct arena *arena, const char *folder, const char *file)
{
	int status, fd = dup(arena_fd(arena));
	pid_t child = fork();

	if (child == 0)
		starts_and_dies(fd, folder, file);
	close(fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Until what was begun is over. */
static void
graph_end(struct graph *graph)
{
	graph_stop(graph, true, 0, NULL, NULL);
	for (int i = 0; i < 10; i++)
		assert_int_equal(loop_manual_advance(0), 0);
	graph_free(graph);
}

/* The successor finds `text` as its file. */
static void
succeeds(struct arena *arena, const char *folder, const char *text, const char *epoch)
{
	const struct sink_control control = { .context = NULL };
	struct problems problems = { .count = 0 };
	struct graph *graph = graph_new(arena, &control);
	struct loaded loaded;
	char path[80];

	write_config(folder, text, path);
	assert_int_equal(load_at_start(path, arena, &loaded), 0);
	graph_start(graph, loaded.config, loaded.former, &problems);
	assert_int_equal(problems.count, 0);
	assert_string_equal(log_epoch(stream_log(stream_find("t", 1))), epoch);
	graph_end(graph);
	config_free(loaded.config);
	config_free(loaded.former);
	unlink(path);
}

static void
ends_in(const char *folder, const char *file)
{
	char path[80];

	snprintf(path, sizeof path, "%s/%s", folder, file);
	assert_int_equal(unlink(path), 0);
}

static void
a_history_that_moved_before_its_config_was_kept_is_found(void **state)
{
	const char *files[] = { "", "one", "two", "three" };
	const char *folder = *state;
	char epoch[EPOCH_LENGTH + 8], text[400];

	for (size_t i = 0; i < 4; i++) {
		struct arena *arena, *adopted;

		assert_int_equal(arena_create(&arena), 0);
		epoch_before(arena, folder, epoch);
		assert_int_equal(arena_adopt(dup(arena_fd(arena)), &adopted), 0);
		history_config(folder, files[i], text);
		succeeds(adopted, folder, i == 0 ? "{" : text, epoch);
		ends_in(folder, i == 0 ? "one" : files[i]);
		arena_free(adopted);
		arena_free(arena);
	}
}

static void
starts_that_were_all_cut_short_lose_no_history(void **state)
{
	const char *files[] = { "three", "four", "five", "one", "two" };
	const char *folder = *state;
	char epoch[EPOCH_LENGTH + 8], text[400];

	for (size_t count = 1; count <= 5; count++) {
		struct arena *arena, *adopted;

		assert_int_equal(arena_create(&arena), 0);
		epoch_before(arena, folder, epoch);
		for (size_t i = 0; i < count; i++)
			successor_dies(arena, folder, files[i]);
		assert_int_equal(arena_adopt(dup(arena_fd(arena)), &adopted), 0);
		history_config(folder, "last", text);
		succeeds(adopted, folder, text, epoch);
		ends_in(folder, "last");
		arena_free(adopted);
		arena_free(arena);
	}
}

/* A cold start finds it where the config says; from then on the arena knows. */
static void
starts_that_were_all_cut_short_behind_a_cold_one_lose_no_history(void **state)
{
	const char *files[] = { "two", "three", "four", "two" };
	const char *folder = *state;
	char epoch[EPOCH_LENGTH + 8], text[400];
	struct arena *arena, *adopted;

	assert_int_equal(arena_create(&arena), 0);
	epoch_before(arena, folder, epoch);
	arena_free(arena);
	assert_int_equal(arena_create(&arena), 0);
	for (size_t i = 0; i < 4; i++)
		successor_dies(arena, folder, files[i]);
	assert_int_equal(arena_adopt(dup(arena_fd(arena)), &adopted), 0);
	history_config(folder, "last", text);
	succeeds(adopted, folder, text, epoch);
	ends_in(folder, "last");
	arena_free(adopted);
	arena_free(arena);
}

/* Its operators are too many for it to begin: it stays in the file of a config that is no more. */
static void
a_history_whose_stream_a_config_could_not_change_is_found(void **state)
{
	const char *folder = *state;
	char epoch[EPOCH_LENGTH + 8], many[4000], text[400];
	struct arena *arena, *adopted;
	int status;
	pid_t child;

	assert_int_equal(arena_create(&arena), 0);
	epoch_before(arena, folder, epoch);
	too_many_operators(folder, "three", many);
	child = fork();
	if (child == 0)
		starts_changes_and_dies(dup(arena_fd(arena)), folder, "two", many);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(arena_adopt(dup(arena_fd(arena)), &adopted), 0);
	history_config(folder, "three", text);
	succeeds(adopted, folder, text, epoch);
	ends_in(folder, "three");
	arena_free(adopted);
	arena_free(arena);
}

static int
folder_setup(void **state)
{
	static char folder[64];

	strcpy(folder, "/tmp/awaitd-memory-XXXXXX");
	*state = folder;
	return mkdtemp(folder) != NULL && fdstore_open() == 0 && loop_open(&loop_manual) == 0 ? 0 : -1;
}

static int
folder_teardown(void **state)
{
	loop_close();
	fdstore_close();
	return rmdir(*state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_config_that_was_kept_last_is_found),
		cmocka_unit_test(a_config_that_is_too_long_leaves_the_former),
		cmocka_unit_test(a_damaged_kept_config_is_none),
		cmocka_unit_test_setup_teardown(
		    a_history_that_moved_before_its_config_was_kept_is_found,
		    folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(starts_that_were_all_cut_short_lose_no_history,
		    folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(
		    starts_that_were_all_cut_short_behind_a_cold_one_lose_no_history,
		    folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(
		    a_history_whose_stream_a_config_could_not_change_is_found,
		    folder_setup, folder_teardown),
	};

	return cmocka_run_group_tests_name("daemon's memory", tests, NULL, NULL);
}

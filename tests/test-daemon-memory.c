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
	assert_int_equal(memory_intend_config(arena, text, strlen(text)), 0);
	assert_int_equal(memory_keep_config(arena), 0);
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
an_intended_config_is_told_until_it_is_kept(void **state)
{
	struct arena *arena;
	char *text;
	size_t length;

	(void)state;
	assert_int_equal(arena_create(&arena), 0);
	assert_null(memory_intended_config(arena, &length));
	keep(arena, "{\"a\":1}");
	assert_int_equal(memory_intend_config(arena, "{\"a\":1}", 7), 0);
	assert_null(memory_intended_config(arena, &length));
	assert_int_equal(memory_intend_config(arena, "{}", 2), 0);
	text = memory_kept_config(arena, &length);
	assert_string_equal(text, "{\"a\":1}");
	free(text);
	text = memory_intended_config(arena, &length);
	assert_string_equal(text, "{}");
	free(text);
	assert_int_equal(memory_keep_config(arena), 0);
	assert_null(memory_intended_config(arena, &length));
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
	assert_int_equal(memory_intend_config(arena, "", CONFIG_TEXT_MAX + 1), -EFBIG);
	assert_null(memory_intended_config(arena, &length));
	assert_int_equal(memory_keep_config(arena), 0);
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
	const struct graph_past nothing = { .former = NULL };
	const struct sink_control control = { .context = NULL };
	struct problems problems = { .count = 0 };
	struct graph *graph = graph_new(arena, &control);
	struct reload reload = { .arena = arena, .graph = graph };
	char text[400];

	history_config(folder, "one", text);
	reload_intend(&reload, config_of(text));
	graph_start(graph, config_of(text), &nothing, &problems);
	reload_keep(&reload);
	history_config(folder, "two", text);
	reload_intend(&reload, config_of(text));
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
	struct graph_past past;
	char path[80];
	FILE *file;

	snprintf(path, sizeof path, "%s/awaitd.json", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(load_at_start(path, arena, &loaded), 0);
	past = (struct graph_past){ loaded.former, loaded.intended };
	graph_start(graph, loaded.config, &past, &problems);
	assert_int_equal(problems.count, 0);
	assert_string_equal(log_epoch(stream_log(stream_find("t", 1))), epoch);
	graph_end(graph);
	config_free(loaded.config);
	config_free(loaded.former);
	config_free(loaded.intended);
	unlink(path);
}

static void
a_history_that_moved_before_its_config_was_kept_is_found(void **state)
{
	const char *files[] = { "", "one", "two", "three" };
	const char *folder = *state;
	char epoch[EPOCH_LENGTH + 8], text[400], path[80];

	for (size_t i = 0; i < 4; i++) {
		struct arena *arena, *adopted;

		assert_int_equal(arena_create(&arena), 0);
		epoch_before(arena, folder, epoch);
		assert_int_equal(arena_adopt(dup(arena_fd(arena)), &adopted), 0);
		history_config(folder, files[i], text);
		succeeds(adopted, folder, i == 0 ? "{" : text, epoch);
		snprintf(path, sizeof path, "%s/%s", folder, i == 0 ? "one" : files[i]);
		assert_int_equal(unlink(path), 0);
		arena_free(adopted);
		arena_free(arena);
	}
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
		cmocka_unit_test(an_intended_config_is_told_until_it_is_kept),
		cmocka_unit_test(a_config_that_is_too_long_leaves_the_former),
		cmocka_unit_test(a_damaged_kept_config_is_none),
		cmocka_unit_test_setup_teardown(
		    a_history_that_moved_before_its_config_was_kept_is_found,
		    folder_setup, folder_teardown),
	};

	return cmocka_run_group_tests_name("daemon's memory", tests, NULL, NULL);
}

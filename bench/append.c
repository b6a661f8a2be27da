/* append - ns for one event through log_append(): encoded into the ring, committed, what is in the
 * way dropped.  An argument: so many calls of each and nothing else, for callgrind. */
#include <stdlib.h>

#include "bench/measure.h"
#include "streams/log.h"

struct load {
	struct log *log;
	struct event event;
};

static void
load_append(void *context, unsigned long calls)
{
	struct load *load = context;

	for (unsigned long i = 0; i < calls; i++) {
		load->event.position.consumed++;
		(void)log_append(load->log, &load->event);
	}
}

static void
load_commit(void *context, unsigned long calls)
{
	struct load *load = context;

	for (unsigned long i = 0; i < calls; i++) {
		load->event.position.consumed++;
		log_commit(load->log, &load->event.position);
	}
}

static void
run(const char *what, measured run_, struct load *load, unsigned long calls)
{
	if (calls == 0)
		measure_print(what, run_, load, 200000);
	else
		run_(load, calls);
}

static void
run_all(struct arena *arena, unsigned long calls)
{
	const struct log_options options = { .size = 1024 * 1024, .max_line = 65536 };
	const struct log_options counted = { .size = 1024 * 1024, .max_line = 65536, .count = 1000 };
	struct load load = { .event = { .kind = EVENT_VALUE, .time = moment_now() } };
	struct cursor cursor = { .log = NULL };

	if (log_open(arena, "temperature", &options, &load.log) < 0)
		exit(1);
	load.event.value = (struct json_value){ .kind = JSON_KIND_DOUBLE, .number = 21.375 };
	run("append, kept 256 bytes", load_append, &load, calls);
	log_set_kept_size(load.log, 32);
	run("append, kept 32 bytes", load_append, &load, calls);
	run("commit without a line, kept 32 bytes", load_commit, &load, calls);
	cursor_open(&cursor, load.log, log_next_seq(load.log), LAG_SKIP);
	run("append, an open cursor", load_append, &load, calls);
	cursor_close(&cursor);
	(void)log_change(load.log, &counted);
	run("append, at most 1000 kept", load_append, &load, calls);
	log_drop(load.log);
}

int
main(int argc, char **argv)
{
	struct arena *arena;

	if (arena_create(&arena) < 0)
		return 1;
	run_all(arena, argc > 1 ? strtoul(argv[1], NULL, 10) : 0);
	arena_free(arena);
	return 0;
}

#include "tests/trace/run.h"

#include <stdarg.h>
#include <stdlib.h>

#include "async/loop.h"
#include "async/loop_manual.h"
#include "async/rejection.h"
#include "async/timer.h"
#include "tests/trace/activation.h"
#include "tests/trace/instance.h"
#include "tests/trace/keep.h"

struct run run;

/* As the oracle's: no program of ours writes so many. */
#define MAX_LINES 200000

void
trace_line(const char *format, ...)
{
	va_list arguments;

	if (run.stopping)
		return;
	if (++run.lines > MAX_LINES)
		die("too many lines");
	fprintf(run.out, "t=%llu ", (unsigned long long)(loop_now() / MILLISECOND));
	va_start(arguments, format);
	vfprintf(run.out, format, arguments);
	va_end(arguments);
	fputc('\n', run.out);
}

static void
ignore_rejection(const struct rejection *rejection, void *context)
{
	(void)rejection;
	(void)context;
}

static void
program_start(struct program *program)
{
	for (size_t i = 0; i < program->instance_count; i++) {
		struct declared *declared = &program->instances[i];

		declared->instance = instance_new(declared->generator, declared->name);
	}
	for (size_t i = 0; i < program->consumer_count; i++) {
		const struct consumer *consumer = &program->consumers[i];

		consumer_resume(activation_new(consumer->name, IN_CONSUMER, &consumer->body));
	}
}

static void
count_generator(const struct async_generator_info *info, void *context)
{
	(void)info;
	++*(size_t *)context;
}

/* What waits for ever is cancelled; then nothing may be left. */
static void
program_stop(void)
{
	size_t left = 0;

	run.stopping = true;
	consumers_cancel();
	instances_cancel();
	instances_close();
	rejections_report();
	loop_close();
	keep_release_all();
	async_generators_each(count_generator, &left);
	if (left > 0 || jobs_waiting())
		die("%zu generators are left", left);
}

const char *
program_run(const char *text, size_t length, FILE *out)
{
	run = (struct run){
		.out = out,
		.callbacks = run.callbacks,
		.callback_loops = run.callback_loops,
	};
	rejection_set_hook(ignore_rejection, NULL);
	if (loop_open(&loop_manual) < 0)
		die("no loop");
	program_start(program_parse(text, length));
	if (loop_run() < 0)
		die("the loop failed");
	trace_line("idle");
	program_stop();
	return run.unsupported;
}

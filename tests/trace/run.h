/* run.h - the run of one program. */
#ifndef TRACE_RUN_H
#define TRACE_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/trace/program.h"

struct derived;

struct run {
	FILE *out;
	size_t lines;
	bool callbacks;          /* for_await() in place of the loop in a body, where it can be */
	size_t callback_loops;   /* how many were */
	bool stopping;           /* the trace has ended: bodies end at their next resumption */
	const char *unsupported;   /* what the program does that this tool cannot */
	const struct derived *derived;
};

extern struct run run;

/* One line, unless the run is stopping. */
void trace_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs the program of `text` and writes its trace; then ends everything that still waits and gives
 * all memory back.  NULL, or what the program does that this tool cannot. */
const char *program_run(const char *text, size_t length, FILE *out);

#endif

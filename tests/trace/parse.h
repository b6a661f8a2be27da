/* parse.h - the parts of program_parse(). */
#ifndef TRACE_PARSE_H
#define TRACE_PARSE_H

#include <jansson.h>

#include "tests/trace/program.h"

const char *parse_text(const json_t *json);
struct expr parse_expr(const json_t *json);
struct block parse_block(const struct program *program, const json_t *json);
struct generator *find_generator(const struct program *program, const char *name);

#endif

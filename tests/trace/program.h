/* program.h - a program of tests/oracle/FORMAT.md, parsed. */
#ifndef TRACE_PROGRAM_H
#define TRACE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "async/value.h"

enum reg {
	REG_SENT,
	REG_LAST,
	REG_ITEM,
	REG_CAUGHT,
	REG_INDEX,
	REG_COUNT,
};

enum expr_kind {
	EXPR_LITERAL,
	EXPR_REGISTER,
	EXPR_RESOLVED,
	EXPR_REJECTED,
	EXPR_THENABLE,
	EXPR_ADOPTED,
	EXPR_SLEEP,
	EXPR_SLEEP_ERROR,
};

struct expr {
	enum expr_kind kind;
	enum reg reg;
	long long ms;
	union value literal;
	const struct expr *inner;   /* NULL: undefined */
};

enum method {
	METHOD_NEXT,
	METHOD_RETURN,
	METHOD_THROW,
	METHOD_COUNT,
};

extern const char *const method_names[METHOD_COUNT];

enum generator_kind {
	KIND_ASYNC,
	KIND_SYNC,
	KIND_ARRAY,
	KIND_MANUAL,
	KIND_MANUAL_SYNC,
};

struct statement;

struct block {
	const struct statement *statements;
	size_t count;
};

enum step_kind {
	MANUAL_RESULT,
	MANUAL_THROWS,
	MANUAL_REJECTS,
	MANUAL_JUNK,
};

struct manual_step {
	enum step_kind kind;
	struct expr value;
	bool done;
	bool later;              /* after `ms` */
	long long ms;
};

struct manual_method {
	bool present;
	const struct manual_step *steps;
	size_t count;
};

struct generator {
	const char *name;
	enum generator_kind kind;
	struct block body;
	const struct expr *items;
	size_t item_count;
	struct manual_method methods[METHOD_COUNT];
};

static inline bool
generator_is_async(const struct generator *generator)
{
	return generator->kind == KIND_ASYNC || generator->kind == KIND_MANUAL;
}

struct instance;

struct declared {
	const char *name;
	const struct generator *generator;
	struct instance *instance;   /* once the run has made it */
};

struct source {
	const struct generator *generator;   /* a fresh one; or */
	struct declared *declared;
};

enum statement_kind {
	DO_LOG,
	DO_AWAIT,
	DO_SLEEP,
	DO_TICKS,
	DO_YIELD,
	DO_YIELD_STAR,
	DO_RETURN,
	DO_RETURN_BARE,
	DO_THROW,
	DO_TRY,
	DO_LOOP,
	DO_BREAK,
	DO_CONTINUE,
	DO_IF,
	DO_FOR_AWAIT,
	DO_SPREAD,
	DO_CALL,
	DO_AWAIT_CALL,
	DO_TICKER,
	DO_COUNT,
};

struct statement {
	enum statement_kind kind;
	struct expr value, other;        /* `other`: what an if compares with */
	long long count;                 /* ms, ticks, rounds, or max: 0 is none */
	struct source source;
	struct block body, catch_, finally;   /* body: also try, then; catch_: also else */
	bool has_catch, has_finally, has_arg;
	enum method method;
	const char *label;               /* NULL: METHOD#K */
};

struct consumer {
	const char *name;
	struct block body;
};

struct program {
	struct generator *generators;
	struct declared *instances;
	const struct consumer *consumers;
	size_t generator_count, instance_count, consumer_count;
};

/* From a file's text; lives until the end of the run.  Not a program: the tool ends with a
 * message. */
struct program *program_parse(const char *text, size_t length);

#endif

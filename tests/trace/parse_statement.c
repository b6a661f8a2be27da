#include <string.h>

#include "tests/trace/keep.h"
#include "tests/trace/parse.h"

const char *const method_names[METHOD_COUNT] = { "next", "return", "throw" };

struct generator *
find_generator(const struct program *program, const char *name)
{
	for (size_t i = 0; i < program->generator_count; i++)
		if (strcmp(program->generators[i].name, name) == 0)
			return &program->generators[i];
	die("no generator %s", name);
}

static struct declared *
find_instance(const struct program *program, const char *name)
{
	for (size_t i = 0; i < program->instance_count; i++)
		if (strcmp(program->instances[i].name, name) == 0)
			return &program->instances[i];
	die("no instance %s", name);
}

static struct source
parse_source(const struct program *program, const json_t *json)
{
	struct source source = { .generator = NULL };

	if (json_is_string(json))
		source.generator = find_generator(program, json_string_value(json));
	else
		source.declared = find_instance(program,
		    parse_text(json_object_get(json, "instance")));
	return source;
}

static const char *const keys[DO_COUNT] = {
	[DO_LOG] = "log",
	[DO_AWAIT] = "await",
	[DO_SLEEP] = "sleep",
	[DO_TICKS] = "ticks",
	[DO_YIELD] = "yield",
	[DO_YIELD_STAR] = "yield*",
	[DO_RETURN] = "return",
	[DO_RETURN_BARE] = "return-bare",
	[DO_THROW] = "throw",
	[DO_TRY] = "try",
	[DO_LOOP] = "loop",
	[DO_BREAK] = "break",
	[DO_CONTINUE] = "continue",
	[DO_IF] = "if",
	[DO_FOR_AWAIT] = "for-await",
	[DO_SPREAD] = "spread",
	[DO_CALL] = "call",
	[DO_AWAIT_CALL] = "await-call",
	[DO_TICKER] = "ticker",
};

static const json_t *
parse_kind(const json_t *json, enum statement_kind *ret_kind)
{
	for (unsigned i = 0; i < DO_COUNT; i++) {
		const json_t *operand = json_object_get(json, keys[i]);

		if (operand != NULL) {
			*ret_kind = (enum statement_kind)i;
			return operand;
		}
	}
	die("a statement is needed");
}

static void
parse_call(const struct program *program, struct statement *statement, const json_t *json,
    const json_t *operand)
{
	const json_t *arg = json_object_get(json, "arg"), *as = json_object_get(json, "as");

	while (strcmp(method_names[statement->method], json_string_value(operand)) != 0)
		if (++statement->method == METHOD_COUNT)
			die("a method is needed");
	statement->source.declared = find_instance(program, parse_text(json_object_get(json, "on")));
	statement->has_arg = arg != NULL;
	if (arg != NULL)
		statement->value = parse_expr(arg);
	if (as != NULL)
		statement->label = parse_text(as);
}

static void
parse_blocks(const struct program *program, struct statement *statement, const json_t *json)
{
	const char *body = statement->kind == DO_TRY ? "try" : statement->kind == DO_IF ? "then" : "body";
	const char *catch_ = statement->kind == DO_IF ? "else" : "catch";

	statement->has_catch = json_object_get(json, catch_) != NULL;
	statement->has_finally = json_object_get(json, "finally") != NULL;
	statement->body = parse_block(program, json_object_get(json, body));
	statement->catch_ = parse_block(program, json_object_get(json, catch_));
	statement->finally = parse_block(program, json_object_get(json, "finally"));
}

static void
parse_operand(const struct program *program, struct statement *statement, const json_t *operand)
{
	switch (statement->kind) {
	case DO_LOG:
	case DO_AWAIT:
	case DO_YIELD:
	case DO_RETURN:
	case DO_THROW:
		statement->value = parse_expr(operand);
		break;
	case DO_SLEEP:
	case DO_TICKS:
	case DO_LOOP:
	case DO_TICKER:
		statement->count = json_integer_value(operand);
		break;
	case DO_YIELD_STAR:
	case DO_FOR_AWAIT:
	case DO_SPREAD:
		statement->source = parse_source(program, operand);
		break;
	case DO_IF:
		statement->value = parse_expr(json_array_get(operand, 0));
		statement->other = parse_expr(json_array_get(operand, 1));
		break;
	default:
		break;
	}
}

static struct statement
parse_statement(const struct program *program, const json_t *json)
{
	struct statement statement = { .kind = DO_COUNT };
	const json_t *operand = parse_kind(json, &statement.kind);

	parse_operand(program, &statement, operand);
	parse_blocks(program, &statement, json);
	if (statement.kind == DO_FOR_AWAIT)
		statement.count = json_integer_value(json_object_get(json, "max"));
	if (statement.kind == DO_CALL || statement.kind == DO_AWAIT_CALL)
		parse_call(program, &statement, json, operand);
	return statement;
}

struct block
parse_block(const struct program *program, const json_t *json)
{
	size_t count = json_array_size(json);
	struct statement *statements = keep_alloc(count * sizeof *statements);

	for (size_t i = 0; i < count; i++)
		statements[i] = parse_statement(program, json_array_get(json, i));
	return (struct block){ .statements = statements, .count = count };
}

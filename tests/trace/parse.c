#include "tests/trace/parse.h"

#include <string.h>

#include "tests/trace/keep.h"

static enum generator_kind
parse_generator_kind(const json_t *json)
{
	static const char *const names[] = { "async", "sync", "array", "manual", "manual-sync" };
	const char *kind = json_string_value(json_object_get(json, "kind"));

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (kind != NULL && strcmp(kind, names[i]) == 0)
			return (enum generator_kind)i;
	die("a kind of generator is needed");
}

static struct manual_step
parse_step(const json_t *json)
{
	static const char *const names[] = { "value", "throws", "rejects", "junk" };
	struct manual_step step = { .kind = MANUAL_RESULT };
	const json_t *after = json_object_get(json, "after");

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		const json_t *value = json_object_get(json, names[i]);

		if (value == NULL)
			continue;
		step.kind = (enum step_kind)i;
		step.value = parse_expr(value);
	}
	step.done = json_is_true(json_object_get(json, "done"));
	step.later = after != NULL;
	step.ms = json_integer_value(after);
	return step;
}

static struct manual_method
parse_method(const json_t *json)
{
	size_t count = json_array_size(json);
	struct manual_step *steps = keep_alloc(count * sizeof *steps);

	for (size_t i = 0; i < count; i++)
		steps[i] = parse_step(json_array_get(json, i));
	return (struct manual_method){ .present = json != NULL, .steps = steps, .count = count };
}

static void
parse_generator(const struct program *program, struct generator *generator, const json_t *json)
{
	const json_t *items = json_object_get(json, "items");
	struct expr *parsed;

	for (unsigned i = 0; i < METHOD_COUNT; i++)
		generator->methods[i] = parse_method(json_object_get(json, method_names[i]));
	generator->item_count = json_array_size(items);
	generator->items = parsed = keep_alloc(generator->item_count * sizeof *parsed);
	for (size_t i = 0; i < generator->item_count; i++)
		parsed[i] = parse_expr(json_array_get(items, i));
	generator->body = parse_block(program, json_object_get(json, "body"));
}

/* Names and kinds first: bodies refer to what is declared behind them. */
static void
parse_generators(struct program *program, json_t *json)
{
	struct generator *generators = keep_alloc(json_object_size(json) * sizeof *generators);
	const char *name;
	json_t *definition;
	size_t i = 0;

	program->generators = generators;
	program->generator_count = json_object_size(json);
	json_object_foreach(json, name, definition) {
		char *copy = keep_alloc(strlen(name) + 1);

		generators[i].name = strcpy(copy, name);
		generators[i++].kind = parse_generator_kind(definition);
	}
}

static void
parse_instances(struct program *program, json_t *json)
{
	const char *name;
	json_t *generator;

	program->instances = keep_alloc(json_object_size(json) * sizeof *program->instances);
	json_object_foreach(json, name, generator) {
		char *copy = keep_alloc(strlen(name) + 1);

		program->instances[program->instance_count++] = (struct declared){
			.name = strcpy(copy, name),
			.generator = find_generator(program, json_string_value(generator)),
		};
	}
}

static void
parse_consumers(struct program *program, const json_t *json)
{
	size_t count = json_array_size(json);
	struct consumer *consumers = keep_alloc(count * sizeof *consumers);

	for (size_t i = 0; i < count; i++) {
		const json_t *consumer = json_array_get(json, i);

		consumers[i].name = parse_text(json_object_get(consumer, "name"));
		consumers[i].body = parse_block(program, json_object_get(consumer, "do"));
	}
	program->consumers = consumers;
	program->consumer_count = count;
}

struct program *
program_parse(const char *text, size_t length)
{
	struct program *program = keep_alloc(sizeof *program);
	json_error_t error;
	json_t *json = json_loadb(text, length, 0, &error), *generators;
	size_t i = 0;
	const char *name;
	json_t *definition;

	if (json == NULL)
		die("line %d: %s", error.line, error.text);
	generators = json_object_get(json, "generators");
	parse_generators(program, generators);
	parse_instances(program, json_object_get(json, "instances"));
	json_object_foreach(generators, name, definition)
		parse_generator(program, &program->generators[i++], definition);
	parse_consumers(program, json_object_get(json, "consumers"));
	json_decref(json);
	return program;
}

#include <string.h>

#include "tests/trace/keep.h"
#include "tests/trace/parse.h"
#include "tests/trace/value.h"

const char *
parse_text(const json_t *json)
{
	const char *text = json_string_value(json);
	char *copy;

	if (text == NULL)
		die("a string is needed");
	copy = keep_alloc(strlen(text) + 1);
	strcpy(copy, text);
	return copy;
}

static union value
parse_literal(const json_t *json)
{
	if (json_is_integer(json))
		return value_integer(json_integer_value(json));
	if (json_is_string(json))
		return value_string(parse_text(json));
	if (!json_is_null(json))
		die("a literal is needed");
	return value_undefined();
}

static const struct expr *
parse_inner(const json_t *json)
{
	struct expr *expr;

	if (json == NULL)
		return NULL;
	expr = keep_alloc(sizeof *expr);
	*expr = parse_expr(json);
	return expr;
}

static struct expr
parse_sleep(const json_t *json)
{
	const json_t *error = json_object_get(json, "error");
	struct expr expr = { .kind = error != NULL ? EXPR_SLEEP_ERROR : EXPR_SLEEP };

	expr.ms = json_integer_value(json_object_get(json, "sleep"));
	expr.inner = parse_inner(error != NULL ? error : json_object_get(json, "value"));
	return expr;
}

static bool
parse_register(const json_t *json, struct expr *ret)
{
	static const char *const names[REG_COUNT] = { "sent", "last", "item", "caught", "index" };

	for (unsigned i = 0; i < REG_COUNT; i++)
		if (json_object_get(json, names[i]) != NULL) {
			*ret = (struct expr){ .kind = EXPR_REGISTER, .reg = (enum reg)i };
			return true;
		}
	return false;
}

struct expr
parse_expr(const json_t *json)
{
	static const struct {
		const char *key;
		enum expr_kind kind;
	} wraps[] = {
		{ "resolved", EXPR_RESOLVED },
		{ "rejected", EXPR_REJECTED },
		{ "thenable", EXPR_THENABLE },
		{ "adopted", EXPR_ADOPTED },
	};
	struct expr expr = { .kind = EXPR_LITERAL };

	if (!json_is_object(json)) {
		expr.literal = parse_literal(json);
		return expr;
	}
	if (json_object_get(json, "sleep") != NULL)
		return parse_sleep(json);
	for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++) {
		const json_t *inner = json_object_get(json, wraps[i].key);

		if (inner != NULL)
			return (struct expr){ .kind = wraps[i].kind, .inner = parse_inner(inner) };
	}
	if (!parse_register(json, &expr))
		die("an expression is needed");
	return expr;
}

#include "clients/view.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static const char *
skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at;
}

/* Where a value that is known to be well-formed ends. */
static const char *
skip_value(const char *at, const char *end)
{
	size_t depth = 0;
	bool quoted = false;

	for (; at < end; at++) {
		if (quoted) {
			if (*at == '\\')
				at++;
			else if (*at == '"')
				quoted = false;
			if (quoted || depth > 0)
				continue;
			return at + 1;
		}
		if (*at == '"') {
			quoted = true;
		} else if (*at == '{' || *at == '[') {
			depth++;
		} else if (*at == '}' || *at == ']') {
			if (depth == 0)
				return at;
			if (--depth == 0)
				return at + 1;
		} else if (depth == 0 && (*at == ',' || isspace((unsigned char)*at))) {
			return at;
		}
	}
	return end;
}

enum view_type
view_type(struct view view)
{
	if (view.length == 0)
		return VIEW_ABSENT;
	switch (view.text[0]) {
	case '{':
		return VIEW_OBJECT;
	case '[':
		return VIEW_ARRAY;
	case '"':
		return VIEW_STRING;
	case 't':
	case 'f':
		return VIEW_BOOL;
	case 'n':
		return VIEW_NULL;
	default:
		return VIEW_NUMBER;
	}
}

struct view_walk
view_walk(struct view container)
{
	enum view_type type = view_type(container);
	struct view_walk walk = { NULL, NULL, type == VIEW_OBJECT };

	if (type == VIEW_OBJECT || type == VIEW_ARRAY) {
		walk.at = container.text + 1;
		walk.end = container.text + container.length - 1;
	}
	return walk;
}

static struct view
take_value(struct view_walk *walk)
{
	const char *start = skip_space(walk->at, walk->end);

	walk->at = skip_value(start, walk->end);
	return (struct view) { start, (size_t)(walk->at - start) };
}

bool
view_next(struct view_walk *walk, struct view *ret_name, struct view *ret_value)
{
	struct view name = { NULL, 0 };

	walk->at = skip_space(walk->at, walk->end);
	if (walk->at == walk->end)
		return false;
	if (walk->named) {
		/* A name ends with its quote, so the colon behind it is not part of it. */
		name = take_value(walk);
		walk->at = skip_space(walk->at, walk->end) + 1;
	}
	*ret_value = take_value(walk);
	if (ret_name != NULL)
		*ret_name = name;
	walk->at = skip_space(walk->at, walk->end);
	if (walk->at < walk->end)
		walk->at++;
	return true;
}

struct view
view_inside(struct view view)
{
	if (view_type(view) != VIEW_STRING)
		return view;
	return (struct view) { view.text + 1, view.length - 2 };
}

bool
view_is(struct view view, const char *text)
{
	struct view inside = view_inside(view);

	return inside.length == strlen(text) && memcmp(inside.text, text, inside.length) == 0;
}

struct view
view_member(struct view object, const char *name)
{
	struct view_walk walk = view_walk(object);
	struct view key, value;

	if (!walk.named)
		return (struct view) { NULL, 0 };
	while (view_next(&walk, &key, &value))
		if (view_is(key, name))
			return value;
	return (struct view) { NULL, 0 };
}

bool
view_u64(struct view view, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (view_type(view) != VIEW_NUMBER)
		return false;
	for (size_t i = 0; i < view.length; i++) {
		unsigned digit = (unsigned)(view.text[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(number, 10, &number)
		    || __builtin_add_overflow(number, digit, &number))
			return false;
	}
	*ret_number = number;
	return true;
}

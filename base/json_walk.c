/* json_walk.c - a pull tokenizer over checked text.  What it meets in unchecked text ends it, or
 * gives a token of the wrong length; it never leaves the text. */
#include <string.h>

#include "base/json.h"

void
json_walk_begin(struct json_walk *walk, const char *text, size_t length)
{
	/* Nothing at all may be given as NULL, to which C17 lets nobody add even 0. */
	*walk = (struct json_walk){ .at = text, .end = text != NULL ? text + length : NULL };
}

static struct json_token
token(struct json_walk *walk, enum json_token_kind kind, const char *end)
{
	struct json_token ret = { kind, { walk->at, (size_t)(end - walk->at) } };

	walk->at = end;
	return ret;
}

static struct json_token
token_end(struct json_walk *walk)
{
	walk->at = walk->end;
	return token(walk, JSON_TOKEN_END, walk->end);
}

static struct json_token
token_open(struct json_walk *walk)
{
	bool object = *walk->at == '{';

	if (walk->depth == JSON_DEPTH_MAX)
		return token_end(walk);
	walk->depth++;
	walk->objects = walk->objects << 1 | object;
	walk->key_next = object;
	return token(walk, object ? JSON_TOKEN_OBJECT : JSON_TOKEN_ARRAY, walk->at + 1);
}

static struct json_token
token_close(struct json_walk *walk)
{
	bool object = *walk->at == '}';

	if (walk->depth == 0)
		return token_end(walk);
	walk->depth--;
	walk->objects >>= 1;
	walk->key_next = walk->objects & 1;
	return token(walk, object ? JSON_TOKEN_OBJECT_END : JSON_TOKEN_ARRAY_END, walk->at + 1);
}

static struct json_token
token_string(struct json_walk *walk)
{
	const char *p = walk->at + 1;
	bool key = walk->key_next;

	while (p < walk->end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	if (p >= walk->end)
		return token_end(walk);
	walk->key_next = !key && (walk->objects & 1);
	return token(walk, key ? JSON_TOKEN_KEY : JSON_TOKEN_STRING, p + 1);
}

static bool
ends_scalar(char c)
{
	return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\n' || c == '\r' ||
	    c == '\t' || c == ':' || c == '"' || c == '{' || c == '[';
}

/* A number or a word: all up to the next character of structure. */
static struct json_token
token_scalar(struct json_walk *walk)
{
	static const enum json_token_kind words[] = {
		['t' - 'f'] = JSON_TOKEN_TRUE,
		['f' - 'f'] = JSON_TOKEN_FALSE,
		['n' - 'f'] = JSON_TOKEN_NULL,
	};
	const char *p = walk->at;
	enum json_token_kind kind = JSON_TOKEN_NUMBER;

	if (*p >= 'f' && *p <= 't')
		kind = words[*p - 'f'];
	while (p < walk->end && !ends_scalar(*p))
		p++;
	walk->key_next = walk->objects & 1;
	return token(walk, kind, p);
}

struct json_token
json_walk_next(struct json_walk *walk)
{
	while (walk->at < walk->end && strchr(" \t\r\n,:", *walk->at) != NULL && *walk->at != '\0')
		walk->at++;
	if (walk->at == walk->end)
		return token_end(walk);
	switch (*walk->at) {
	case '{': case '[':
		return token_open(walk);
	case '}': case ']':
		return token_close(walk);
	case '"':
		return token_string(walk);
	case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7':
	case '8': case '9': case 't': case 'f': case 'n':
		return token_scalar(walk);
	default:
		return token_end(walk);
	}
}

struct json_span
json_walk_skip(struct json_walk *walk, struct json_token begin)
{
	const char *text = begin.span.text;
	unsigned int depth = walk->depth;
	struct json_token next = begin;

	if (begin.kind == JSON_TOKEN_OBJECT || begin.kind == JSON_TOKEN_ARRAY) {
		while (walk->depth >= depth && next.kind != JSON_TOKEN_END)
			next = json_walk_next(walk);
	}
	return (struct json_span){ text, (size_t)(next.span.text + next.span.length - text) };
}

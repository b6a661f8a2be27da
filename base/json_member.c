/* json_member.c - finds a value by its path: a JSON pointer (RFC 6901), or names with dots
 * between. */
#include <string.h>

#include "base/json.h"

#define SEGMENT_MAX 255

struct path {
	const char *at;              /* in front of the next segment; NULL: behind the last */
	bool pointer;
	const char *name;            /* the segment */
	size_t length;
	char buffer[SEGMENT_MAX];    /* of one with ~ in it */
};

static struct path
path_begin(const char *text)
{
	bool pointer = text[0] == '/';

	return (struct path){ .at = text[0] == '\0' ? NULL : text + pointer, .pointer = pointer };
}

/* ~1 is a slash, ~0 a tilde. */
static bool
path_unescape(struct path *path)
{
	size_t used = 0;

	for (size_t i = 0; i < path->length; i++) {
		char c = path->name[i];

		if (c == '~' && ++i < path->length)
			c = path->name[i] == '1' ? '/' : '~';
		if (used == sizeof path->buffer)
			return false;
		path->buffer[used++] = c;
	}
	path->name = path->buffer;
	path->length = used;
	return true;
}

/* False: a segment that no text has. */
static bool
path_next(struct path *path)
{
	path->name = path->at;
	path->length = strcspn(path->at, path->pointer ? "/" : ".");
	path->at += path->length;
	path->at = *path->at == '\0' ? NULL : path->at + 1;
	if (path->pointer && memchr(path->name, '~', path->length) != NULL)
		return path_unescape(path);
	return true;
}

static bool
find_key(struct json_walk *walk, const struct path *path, struct json_token *ret)
{
	for (;;) {
		struct json_token key = json_walk_next(walk);

		if (key.kind != JSON_TOKEN_KEY)
			return false;
		*ret = json_walk_next(walk);
		if (json_string_equal(key.span, path->name, path->length))
			return true;
		json_walk_skip(walk, *ret);
	}
}

static bool
path_index(const struct path *path, size_t *ret)
{
	size_t index = 0;

	if (path->length == 0 || path->length > 9 || (path->name[0] == '0' && path->length > 1))
		return false;
	for (size_t i = 0; i < path->length; i++) {
		if (path->name[i] < '0' || path->name[i] > '9')
			return false;
		index = index * 10 + (size_t)(path->name[i] - '0');
	}
	*ret = index;
	return true;
}

static bool
find_index(struct json_walk *walk, const struct path *path, struct json_token *ret)
{
	size_t index;

	if (!path_index(path, &index))
		return false;
	for (;;) {
		*ret = json_walk_next(walk);
		if (ret->kind == JSON_TOKEN_ARRAY_END || ret->kind == JSON_TOKEN_END)
			return false;
		if (index-- == 0)
			return true;
		json_walk_skip(walk, *ret);
	}
}

bool
json_member(const char *text, size_t length, const char *path_text, struct json_span *ret)
{
	struct path path = path_begin(path_text);
	struct json_walk walk;
	struct json_token at;

	json_walk_begin(&walk, text, length);
	at = json_walk_next(&walk);
	while (path.at != NULL) {
		if (!path_next(&path))
			return false;
		if (at.kind == JSON_TOKEN_OBJECT ? !find_key(&walk, &path, &at)
		    : at.kind != JSON_TOKEN_ARRAY || !find_index(&walk, &path, &at))
			return false;
	}
	if (at.kind == JSON_TOKEN_END)
		return false;
	*ret = json_walk_skip(&walk, at);
	return true;
}

static const char *
pointer_invalid(const char *path)
{
	for (const char *p = path; (p = strchr(p, '~')) != NULL; p++) {
		if (p[1] != '0' && p[1] != '1')
			return "has a ~ that is not ~0 (a tilde) or ~1 (a slash)";
	}
	return NULL;
}

const char *
json_path_invalid(const char *path_text)
{
	struct path path = path_begin(path_text);

	while (path.at != NULL) {
		size_t length = strcspn(path.at, path.pointer ? "/" : ".");

		if (length == 0 && !path.pointer)
			return "has an empty name between dots";
		if (length > SEGMENT_MAX)
			return "has a name of more than 255 bytes";
		path_next(&path);
	}
	return path.pointer ? pointer_invalid(path_text) : NULL;
}

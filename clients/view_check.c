/* The check behind view_parse(): one pass, no recursion, one bit for each open bracket. */
#include "clients/view.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DEPTH_MAX 65536u

struct check {
	const char *at, *end;
	size_t depth;
	uint64_t objects[DEPTH_MAX / 64]; /* bit n: the bracket at depth n is an object's */
};

static void
check_space(struct check *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\n'))
		c->at++;
}

static bool
check_byte(struct check *c, char byte)
{
	if (c->at == c->end || *c->at != byte)
		return false;
	c->at++;
	return true;
}

static bool
check_word(struct check *c, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
		return false;
	c->at += length;
	return true;
}

static bool
check_digits(struct check *c)
{
	const char *start = c->at;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return c->at > start;
}

static bool
check_number(struct check *c)
{
	check_byte(c, '-');
	if (!check_byte(c, '0') && !check_digits(c))
		return false;
	if (check_byte(c, '.') && !check_digits(c))
		return false;
	if (check_byte(c, 'e') || check_byte(c, 'E')) {
		if (!check_byte(c, '+'))
			check_byte(c, '-');
		return check_digits(c);
	}
	return true;
}

static bool
check_escape(struct check *c)
{
	if (c->at == c->end)
		return false;
	if (*c->at != 'u')
		return memchr("\"\\/bfnrt", *c->at++, 8) != NULL;
	c->at++;
	for (int i = 0; i < 4; i++, c->at++)
		if (c->at == c->end || !isxdigit((unsigned char)*c->at))
			return false;
	return true;
}

static bool
check_string(struct check *c)
{
	if (!check_byte(c, '"'))
		return false;
	while (c->at < c->end && *c->at != '"') {
		unsigned char byte = (unsigned char)*c->at++;

		if (byte < ' ' || (byte == '\\' && !check_escape(c)))
			return false;
	}
	return check_byte(c, '"');
}

static bool
check_open(struct check *c, bool object)
{
	uint64_t bit = UINT64_C(1) << (c->depth % 64);

	if (c->depth == DEPTH_MAX)
		return false;
	if (object)
		c->objects[c->depth / 64] |= bit;
	else
		c->objects[c->depth / 64] &= ~bit;
	c->depth++;
	return true;
}

static bool
in_object(const struct check *c)
{
	return (c->objects[(c->depth - 1) / 64] >> ((c->depth - 1) % 64) & 1) != 0;
}

static bool
check_name(struct check *c)
{
	check_space(c);
	if (!check_string(c))
		return false;
	check_space(c);
	return check_byte(c, ':');
}

/* What begins at `at`: a scalar as a whole, of a container the bracket and, unless it is closed
 * at once, the first name.  `*ret_whole`: a value has ended here. */
static bool
check_value(struct check *c, bool *ret_whole)
{
	char first;

	check_space(c);
	if (c->at == c->end)
		return false;
	first = *c->at;
	*ret_whole = true;
	if (first == '"')
		return check_string(c);
	if (first == 't')
		return check_word(c, "true");
	if (first == 'f')
		return check_word(c, "false");
	if (first == 'n')
		return check_word(c, "null");
	if (first != '{' && first != '[')
		return check_number(c);

	c->at++;
	check_space(c);
	if (check_byte(c, first == '{' ? '}' : ']'))
		return true;
	*ret_whole = false;
	return check_open(c, first == '{') && (first == '[' || check_name(c));
}

/* Behind a value: closes what ends here; true and *ret_more if a comma asks for another. */
static bool
check_after(struct check *c, bool *ret_more)
{
	*ret_more = false;
	while (c->depth > 0) {
		check_space(c);
		if (check_byte(c, ',')) {
			*ret_more = true;
			return !in_object(c) || check_name(c);
		}
		if (!check_byte(c, in_object(c) ? '}' : ']'))
			return false;
		c->depth--;
	}
	return true;
}

int
view_parse(struct view *ret_view, const char *text, size_t length)
{
	struct check c;
	bool whole, more = true;
	const char *start, *stop;

	/* The bits are written before they are read: 8 KiB need no zeroing for each line. */
	c.at = text;
	c.end = text + length;
	c.depth = 0;
	check_space(&c);
	start = c.at;
	while (more) {
		if (!check_value(&c, &whole) || (whole && !check_after(&c, &more)))
			return -EBADMSG;
	}
	stop = c.at;
	check_space(&c);
	if (c.at != c.end)
		return -EBADMSG;
	*ret_view = (struct view) { start, (size_t)(stop - start) };
	return 0;
}

#include "sources/attr_parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "streams/json_value.h"

const char *const attr_result_names[] = { "auto", "number", "text", NULL };

struct part {
	const char *text;
	size_t length;
};

static bool
is_blank(char c)
{
	return isspace((unsigned char)c) != 0 || c == '\0';
}

/* --------------------------------------------------------------------- selecting */

/* The next word of *rest, which begins behind it then; false: there is none. */
static bool
word_next(struct part *rest, struct part *ret)
{
	size_t i = 0, begin;

	while (i < rest->length && is_blank(rest->text[i]))
		i++;
	begin = i;
	while (i < rest->length && !is_blank(rest->text[i]))
		i++;
	*ret = (struct part){ rest->text + begin, i - begin };
	*rest = (struct part){ rest->text + i, rest->length - i };
	return ret->length > 0;
}

static bool
select_number(struct part text, int64_t number, struct part *ret)
{
	while (word_next(&text, ret))
		if (--number == 0)
			return true;
	return false;
}

/* "name=value": the value is in the word itself. */
static bool
word_assigns(const struct part *word, const char *name, size_t length, struct part *ret)
{
	if (word->length <= length || strncmp(word->text, name, length) != 0
	    || word->text[length] != '=')
		return false;
	*ret = (struct part){ word->text + length + 1, word->length - length - 1 };
	return true;
}

/* "name: value" and "name value", with or without the colon in `name`. */
static bool
word_names(const struct part *word, const char *name, size_t length)
{
	if (word->length < length || strncmp(word->text, name, length) != 0)
		return false;
	return word->length == length || (word->length == length + 1 && word->text[length] == ':');
}

static bool
select_name(struct part text, const char *name, struct part *ret)
{
	size_t length = strlen(name);
	struct part word;

	if (name[length - 1] == '=')
		length--;
	while (word_next(&text, &word)) {
		if (word_assigns(&word, name, length, ret))
			return true;
		if (word_names(&word, name, length))
			return word_next(&text, ret);
	}
	return false;
}

static bool
select_match(struct part text, const regex_t *regex, struct part *ret)
{
	regmatch_t matches[2] = { { .rm_so = 0, .rm_eo = (regoff_t)text.length } };

	if (regexec(regex, text.text, 2, matches, REG_STARTEND) != 0 || matches[1].rm_so < 0)
		return false;
	*ret = (struct part){ text.text + matches[1].rm_so,
		(size_t)(matches[1].rm_eo - matches[1].rm_so) };
	return true;
}

static struct part
trimmed(struct part text)
{
	while (text.length > 0 && is_blank(text.text[text.length - 1]))
		text.length--;
	while (text.length > 0 && is_blank(text.text[0])) {
		text.text++;
		text.length--;
	}
	return text;
}

/* ---------------------------------------------------------------------- numbers */

/* A decimal number and nothing else: what strtod() takes beyond that (hexadecimal, "nan", "inf")
 * is text. */
static bool
looks_decimal(const char *text)
{
	return text[strspn(text, "+-.0123456789eE")] == '\0' && strpbrk(text, "0123456789") != NULL;
}

static bool
read_number(struct part part, struct json_value *ret)
{
	char text[64], *end;

	if (part.length == 0 || part.length >= sizeof text)
		return false;
	memcpy(text, part.text, part.length);
	text[part.length] = '\0';
	if (!looks_decimal(text))
		return false;
	errno = 0;
	*ret = (struct json_value){ .kind = JSON_KIND_INTEGER, .integer = strtoll(text, &end, 10) };
	if (*end == '\0' && errno == 0)
		return true;
	*ret = (struct json_value){ .kind = JSON_KIND_DOUBLE, .number = strtod(text, &end) };
	return *end == '\0' && isfinite(ret->number);
}

static void
scale_number(const struct attr_options *options, struct json_value *value)
{
	double number = 0;

	if (!options->has_scale && !options->has_offset)
		return;
	(void)json_value_number(value, &number);
	if (options->has_scale)
		number = json_number_scale(number, options->scale);
	*value = (struct json_value){ .kind = JSON_KIND_DOUBLE, .number = number + options->offset };
}

/* ------------------------------------------------------------------------- parse */

static bool
select_part(const struct attr_options *options, const regex_t *regex, struct part text,
    struct part *ret)
{
	if (regex != NULL)
		return select_match(text, regex, ret);
	if (options->field.name != NULL)
		return select_name(text, options->field.name, ret);
	if (options->field.number > 0)
		return select_number(text, options->field.number, ret);
	*ret = trimmed(text);
	return true;
}

int
attr_parse(const struct attr_options *options, const regex_t *regex, const char *text,
    size_t length, struct json_value *ret)
{
	struct part part;
	bool has_to = options->result == ATTR_NUMBER || options->has_scale || options->has_offset;

	if (!select_part(options, regex, (struct part){ text, length }, &part))
		return -ENODATA;
	if (options->result != ATTR_TEXT && read_number(part, ret)) {
		scale_number(options, ret);
		return 0;
	}
	if (has_to)
		return -EBADMSG;
	*ret = (struct json_value){ .kind = JSON_KIND_STRING, .text = { part.text, part.length } };
	return 0;
}

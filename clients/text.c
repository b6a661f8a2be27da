#include "clients/text.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* The next character (UTF-8, RFC 3629) and its bytes; what is none is one byte, U+FFFD. */
static size_t
take_character(const char *text, size_t length, uint32_t *ret_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text[0];
	size_t count = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	uint32_t code = count == 1 ? first : first & (0x7fu >> count);

	*ret_code = 0xfffd;
	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || count > length)
		return 1;
	for (size_t i = 1; i < count; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (code < least[count] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 1;
	*ret_code = code;
	return count;
}

static void
append_character(struct buffer *buffer, uint32_t code)
{
	if (code < 0x80)
		buffer_format(buffer, "%c", (int)code);
	else if (code < 0x800)
		buffer_format(buffer, "%c%c", (int)(0xc0 | code >> 6), (int)(0x80 | (code & 0x3f)));
	else if (code < 0x10000)
		buffer_format(buffer, "%c%c%c", (int)(0xe0 | code >> 12),
			(int)(0x80 | (code >> 6 & 0x3f)), (int)(0x80 | (code & 0x3f)));
	else
		buffer_format(buffer, "%c%c%c%c", (int)(0xf0 | code >> 18),
			(int)(0x80 | (code >> 12 & 0x3f)), (int)(0x80 | (code >> 6 & 0x3f)),
			(int)(0x80 | (code & 0x3f)));
}

static bool
is_steering(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f
		|| (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
		|| (code >= 0xd800 && code <= 0xdfff) || code == 0xfeff;
}

static void
show_character(struct buffer *buffer, uint32_t code, bool lines)
{
	if (is_steering(code) && !(lines && code == '\n'))
		buffer_format(buffer, "\\u%04x", code);
	else
		append_character(buffer, code);
}

static uint32_t
take_hex(const char *text)
{
	char digits[5] = { text[0], text[1], text[2], text[3], '\0' };

	return (uint32_t)strtoul(digits, NULL, 16);
}

/* What stands behind a backslash; the string is known to be well-formed. */
static size_t
take_escape(const char *text, size_t length, uint32_t *ret_code)
{
	static const char letters[] = "bfnrt", codes[] = "\b\f\n\r\t";
	const char *letter = memchr(letters, text[0], sizeof letters - 1);
	uint32_t low;

	*ret_code = letter != NULL ? (uint32_t)codes[letter - letters] : (uint32_t)text[0];
	if (text[0] != 'u')
		return 1;
	*ret_code = take_hex(text + 1);
	if (*ret_code < 0xd800 || *ret_code > 0xdbff || length < 11 || text[5] != '\\' || text[6] != 'u')
		return 5;
	low = take_hex(text + 7);
	if (low < 0xdc00 || low > 0xdfff)
		return 5;
	*ret_code = 0x10000 + ((*ret_code - 0xd800) << 10) + (low - 0xdc00);
	return 11;
}

static void
show_value(struct buffer *buffer, struct view value, bool lines)
{
	bool string = view_type(value) == VIEW_STRING;
	struct view rest = view_inside(value);
	uint32_t code;

	while (rest.length > 0) {
		size_t taken = take_character(rest.text, rest.length, &code);

		if (string && code == '\\')
			taken += take_escape(rest.text + 1, rest.length - 1, &code);
		show_character(buffer, code, lines);
		rest.text += taken;
		rest.length -= taken;
	}
}

void
text_show(struct buffer *buffer, struct view value)
{
	show_value(buffer, value, false);
}

void
text_show_lines(struct buffer *buffer, struct view value)
{
	show_value(buffer, value, true);
}

static size_t
skip_colour(const char *text, size_t length)
{
	const char *end;

	if (length < 2 || text[0] != '\033' || text[1] != '[')
		return 0;
	end = memchr(text, 'm', length);
	return end == NULL ? 0 : (size_t)(end + 1 - text);
}

static size_t
character_columns(uint32_t code)
{
	static locale_t utf8;
	int columns;

	if (code < 0x80)
		return 1;
	/* wcwidth() knows wide characters only in a UTF-8 locale, and many a server has none set. */
	if (utf8 == NULL)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (utf8 != NULL)
		uselocale(utf8);
	columns = wcwidth((wchar_t)code);
	return columns < 0 ? 1 : (size_t)columns;
}

size_t
text_columns(const char *text, size_t length)
{
	size_t columns = 0;
	uint32_t code;

	for (size_t at = 0; at < length;) {
		size_t colour = skip_colour(text + at, length - at);

		at += colour;
		if (colour > 0)
			continue;
		at += take_character(text + at, length - at, &code);
		columns += character_columns(code);
	}
	return columns;
}

/* The longest start of the text that takes at most `columns`. */
static size_t
fitting_length(const char *text, size_t length, size_t columns)
{
	size_t at = 0, used = 0;
	uint32_t code;

	while (at < length) {
		size_t step = skip_colour(text + at, length - at);

		if (step == 0) {
			step = take_character(text + at, length - at, &code);
			used += character_columns(code);
		}
		if (used > columns)
			break;
		at += step;
	}
	return at;
}

static void
append_line(struct buffer *buffer, const char *line, size_t length, size_t columns)
{
	if (text_columns(line, length) <= columns) {
		buffer_append(buffer, line, length);
	} else {
		buffer_append(buffer, line, fitting_length(line, length, columns - 1));
		if (memchr(line, '\033', length) != NULL)
			buffer_text(buffer, "\033[0m");
		buffer_text(buffer, "\u2026");
	}
	buffer_text(buffer, "\n");
}

void
text_append_fitting(struct buffer *buffer, const struct buffer *lines, size_t columns)
{
	size_t at = 0;

	while (at < lines->length) {
		const char *line = lines->data + at, *end = memchr(line, '\n', lines->length - at);

		append_line(buffer, line, (size_t)(end - line), columns);
		at += (size_t)(end - line) + 1;
	}
}

/* json_fault.c - what is wrong with a text, and where, for people. */
#include "base/json.h"
#include "base/utf8.h"

static const char *const messages[JSON_FAULT_COUNT_] = {
	[JSON_FAULT_NONE] = "nothing is wrong",
	[JSON_FAULT_EMPTY] = "is empty, a JSON value expected",
	[JSON_FAULT_END] = "ends too early: a string, array or object is not closed, or a value is "
	    "missing",
	[JSON_FAULT_VALUE] = "unexpected character, a JSON value expected",
	[JSON_FAULT_WORD] = "unknown word; strings stand in double quotes, the other words are "
	    "true, false and null",
	[JSON_FAULT_NUMBER] = "wrong number; right is -1.5e3 with a digit on each side of the "
	    "point",
	[JSON_FAULT_NUMBER_ZERO] = "wrong number; no zero may stand in front of another digit",
	[JSON_FAULT_MEMBER] = "unexpected character, the name of a member in double quotes "
	    "expected",
	[JSON_FAULT_COLON] = "unexpected character, ':' expected behind the name of a member",
	[JSON_FAULT_COMMA] = "unexpected character, ',' or the closing bracket expected",
	[JSON_FAULT_TRAILING_COMMA] = "a comma in front of a closing bracket; remove it",
	[JSON_FAULT_BRACKET] = "wrong closing bracket; } closes {, and ] closes [",
	[JSON_FAULT_BEHIND] = "unexpected character behind the end of the value",
	[JSON_FAULT_COMMENT] = "JSON has no comments; use a member named \"$comment\"",
	[JSON_FAULT_QUOTE] = "single quotes; use double quotes",
	[JSON_FAULT_BOM] = "begins with a byte order mark; save it as UTF-8 without one",
	[JSON_FAULT_CONTROL] = "a control character in a string; write it as an escape such as \\n "
	    "or \\u0007",
	[JSON_FAULT_ESCAPE] = "wrong escape; right are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u "
	    "with four hexadecimal digits",
	[JSON_FAULT_SURROGATE] = "half a surrogate pair; write both halves or the character itself",
	[JSON_FAULT_UTF8] = "invalid UTF-8",
	[JSON_FAULT_DEPTH] = "more than 64 arrays and objects within each other",
};

_Static_assert(JSON_DEPTH_MAX == 64, "the message says 64");

const char *
json_fault_message(enum json_fault fault)
{
	return messages[fault];
}

size_t
utf8_valid_length(const char *text, size_t length)
{
	const unsigned char *begin = (const unsigned char *)text, *p = begin, *end = begin + length;

	while (p < end) {
		size_t sequence = *p < 0x80 ? 1 : utf8_sequence(p, end);

		if (sequence == 0)
			break;
		p += sequence;
	}
	return (size_t)(p - begin);
}

void
json_line_column(const char *text, size_t offset, unsigned int *ret_line, unsigned int *ret_column)
{
	unsigned int line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (!utf8_continues((unsigned char)text[i])) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

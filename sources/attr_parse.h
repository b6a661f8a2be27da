/* attr_parse.h - from the text of a sysfs or procfs file to a value. */
#ifndef SOURCES_ATTR_PARSE_H
#define SOURCES_ATTR_PARSE_H

#include <regex.h>

#include "config/option.h"
#include "streams/event.h"

/* For OPTION_ENUM. */
enum attr_result { ATTR_AUTO, ATTR_NUMBER, ATTR_TEXT };
extern const char *const attr_result_names[];

struct attr_options {
	const char *path;
	struct option_either field;      /* number 0 and no name: not given */
	const char *match;
	int result;
	double scale, offset;
	bool has_scale, has_offset;
	int64_t interval, timeout;
};

/* What the text says by the options; the value points into the text.  regex: of `match`, or NULL.
 * 0; -ENODATA: there is no such field or match; -EBADMSG: it is no number, and has to be one. */
int attr_parse(const struct attr_options *options, const regex_t *regex, const char *text,
    size_t length, struct json_value *ret);

#endif

/* config-fixture.h - tables for the tests of config/: a source "every" with an option of each
 * kind, and small ones named as awaitd's own, so that these tests do not change when the real
 * ones do. */
#ifndef TESTS_CONFIG_FIXTURE_H
#define TESTS_CONFIG_FIXTURE_H

#include "config/config.h"

struct every_point {
	double x, y;
};

struct every_nested {
	int64_t depth;
	const char *text;
	bool has_depth;
};

struct every_options {
	bool flag;
	int64_t integer, duration, patience;
	double number, positive;
	uint64_t size;
	const char *string, *blank, *path, *name, *regex, *unit, *field;
	int word;
	uint32_t mode, user, group;
	struct option_either either;
	struct option_json json;
	struct option_strings strings;
	struct option_ids users, groups;
	struct every_nested nested;
	struct option_objects points;
	bool has_integer;
};

struct timer_options {
	int64_t from, to, interval;
	bool has_to;
};

struct gpio_options {
	const char *chip;
	struct option_either line;
	int edge;
	int64_t debounce;
};

struct deadband_options {
	double by;
	int64_t max_interval;
};

struct unix_options {
	const char *path;
	uint32_t mode, group;
	bool block;
};

extern const struct config_tables fixture_tables;

/* Loads {"streams":{"s":{"source":SOURCE}}}; NULL, and the errors' text in *ret_text, if it is
 * wrong (each to be freed). */
struct config *fixture_load_source(const char *source, char **ret_text);

/* Loads a whole config text that has to be right. */
struct config *fixture_load(const char *text);

/* The errors of a config text that has to be wrong, to be freed. */
char *fixture_errors(const char *text);

#endif

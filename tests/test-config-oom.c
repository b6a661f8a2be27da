/* Every allocation fails once: config/'s own by the linker's --wrap, jansson's by its own hook.
 * What the C library allocates within itself (stdio, regcomp, getpwnam) is not reached.  Leaks
 * are for the sanitizer to tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "config-fixture.h"
#include "refused.h"

static size_t until_failure = SIZE_MAX;   /* how many allocations still succeed */

bool
refused(void)
{
	if (until_failure == SIZE_MAX)
		return false;
	return until_failure == 0 || until_failure-- == 0;
}

static const char right[] =
    "{\"streams\":{\"a\":{\"source\":{\"type\":\"every\",\"string\":\"abc\",\"word\":\"none\","
    "\"json\":{\"x\":[1,2.5,\"\\u00e9\"]},\"strings\":[\"a\",\"b\"],\"users\":[0],"
    "\"nested\":{\"text\":\"t\"},"
    "\"points\":[{\"x\":1}],\"either\":\"DOOR\",\"regex\":\"a+\",\"size\":\"1MiB\"},"
    "\"unit\":\"Cel\","
    "\"operators\":[{\"op\":\"deadband\",\"by\":0.5},{\"op\":\"count\"}],\"history\":\"1MiB\","
    "\"allow\":{\"users\":[\"root\"]},\"$comment\":[{}]},"
    "\"b\\u0062\":{\"source\":{\"type\":\"timer\",\"to\":5}}},"
    "\"sinks\":{\"local\":{\"type\":\"unix\"}}}";

static const char wrong[] =
    "{\"streams\":{\"a\":{\"source\":{\"type\":\"every\",\"string\":1,\"word\":\"nun\",\"flag\":2,"
    "\"strings\":[1],\"nested\":true,\"points\":[{}],\"unknown\":1,\"xyzxyz\":2,\"regex\":\"(\","
    "\"user\":\"nobody such\",\"field\":\"a..b\"},\"unit\":\"cel\",\"history\":\"1KiB\","
    "\"operators\":[{\"op\":\"dead\"},{\"op\":\"xyzxyz\"},{}]},"
    "\"a\":{\"source\":{\"type\":\"timr\"}},"
    "\"c d\":{\"source\":{\"type\":\"timer\",\"from\":5,\"to\":1}}},"
    "\"sinks\":{\"local\":{\"mode\":1}},\"x\":1}";

/* Fails the n-th allocation of a load, for n from 0 until it goes through; how it ends then. */
static int
load_with_failures(const char *text, size_t *ret_failures)
{
	struct config *config = NULL;
	struct config_errors *errors = NULL;
	int r = -ENOMEM;
	size_t n;

	for (n = 0; r == -ENOMEM; n++) {
		until_failure = n;
		r = config_load_text(&fixture_tables, "f", text, strlen(text), &config, &errors);
		until_failure = SIZE_MAX;
		if (r == -ENOMEM) {
			assert_null(config);
			assert_null(errors);
		}
		config_free(config);
		config_errors_free(errors);
		config = NULL;
		errors = NULL;
	}
	*ret_failures = n;
	return r;
}

static void
a_right_config_loads_or_there_is_no_memory(void **state)
{
	size_t failures;

	(void)state;
	assert_int_equal(load_with_failures(right, &failures), 0);
	assert_true(failures > 100);
}

/* And then all that is wrong is told, not less. */
static void
tells_all_or_nothing(const char *text)
{
	struct config *config = NULL;
	struct config_errors *errors = NULL, *again = NULL;
	size_t failures;

	assert_int_equal(config_load_text(&fixture_tables, "f", text, strlen(text), &config,
	    &errors), -EINVAL);
	assert_int_equal(load_with_failures(text, &failures), -EINVAL);
	until_failure = failures - 1;
	assert_int_equal(config_load_text(&fixture_tables, "f", text, strlen(text), &config,
	    &again), -EINVAL);
	until_failure = SIZE_MAX;
	assert_int_equal(again->count, errors->count);
	for (size_t i = 0; i < errors->count; i++)
		assert_string_equal(again->items[i].message, errors->items[i].message);
	config_errors_free(errors);
	config_errors_free(again);
}

static void
a_wrong_config_is_told_or_there_is_no_memory(void **state)
{
	(void)state;
	tells_all_or_nothing(wrong);
}

static void
wrong_syntax_is_told_or_there_is_no_memory(void **state)
{
	(void)state;
	tells_all_or_nothing("{\"a\":");
	tells_all_or_nothing("{\"a\":1e999}");
	tells_all_or_nothing("{\"a\":\"\\u0000\"}");
}

static void
a_schema_is_whole_or_not_at_all(void **state)
{
	int r = -ENOMEM;
	FILE *to = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(to);
	for (size_t n = 0; r == -ENOMEM; n++) {
		until_failure = n;
		r = config_schema_write(&fixture_tables, to);
		until_failure = SIZE_MAX;
	}
	fclose(to);
	assert_int_equal(r, 0);
}

static void
a_file_loads_or_there_is_no_memory(void **state)
{
	struct config *config = NULL;
	struct config_errors *errors = NULL;
	const char *top = getenv("top_srcdir");
	char path[4000];
	int r = -ENOMEM;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/config/merge/input.json", top == NULL ? "." : top);
	for (size_t n = 0; r == -ENOMEM; n++) {
		until_failure = n;
		r = config_load(&fixture_tables, path, &config, &errors);
		until_failure = SIZE_MAX;
		assert_true(r == 0 || (r == -ENOMEM && config == NULL && errors == NULL));
	}
	config_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_config_loads_or_there_is_no_memory),
		cmocka_unit_test(a_wrong_config_is_told_or_there_is_no_memory),
		cmocka_unit_test(wrong_syntax_is_told_or_there_is_no_memory),
		cmocka_unit_test(a_schema_is_whole_or_not_at_all),
		cmocka_unit_test(a_file_loads_or_there_is_no_memory),
	};

	json_set_alloc_funcs(malloc, free);   /* the wrapped one */
	return cmocka_run_group_tests_name("config-oom", tests, NULL, NULL);
}

/* The tables that awaitd itself has: what is wrong in a source's options is found here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon/tables.h"

#ifdef HAVE_GPIO
static const bool have_gpio = true;
#else
static const bool have_gpio = false;
#endif

static void
no_option_of_awaitd_is_mistaken(void **state)
{
	char *mistake = config_tables_mistake(&daemon_tables);

	(void)state;
	if (mistake != NULL)
		fail_msg("%s", mistake);
}

static char *
errors_of(const char *text)
{
	struct config *config = NULL;
	struct config_errors *errors = NULL;
	char *message = NULL;

	if (config_load_text(&daemon_tables, "f", text, strlen(text), &config, &errors) < 0)
		message = config_errors_text(errors);
	config_free(config);
	config_errors_free(errors);
	return message;
}

/* DESIGN.md's own, without the group, which need not be on this machine. */
static void
the_worked_example_of_the_design_is_right(void **state)
{
	char *errors;

	(void)state;
	if (!have_gpio)
		skip();   /* it has a gpio source */
	errors = errors_of(
	    "{\"streams\":{"
	    "\"door\":{\"source\":{\"type\":\"gpio\",\"chip\":\"gpiochip0\",\"line\":\"DOOR\","
	    "\"edge\":\"both\","
	    "\"bias\":\"pull-up\",\"debounce\":\"5ms\"},\"description\":\"front door contact\"},"
	    "\"board\":{\"source\":{\"type\":\"attr\","
	    "\"path\":\"/sys/class/thermal/thermal_zone0/temp\","
	    "\"scale\":0.001,\"interval\":\"1s\"},\"unit\":\"Cel\","
	    "\"operators\":[{\"op\":\"deadband\",\"by\":0.5,\"max_interval\":\"1m\"}],"
	    "\"history\":\"256KiB\"},"
	    "\"app\":{\"source\":{\"type\":\"socket\",\"listen\":\"unix:/run/awaitd/ingest.sock\","
	    "\"framing\":\"ndjson\"}},"
	    "\"count\":{\"source\":{\"type\":\"timer\",\"from\":1,\"to\":5,\"interval\":\"1s\"}}},"
	    "\"sinks\":{\"local\":{\"type\":\"unix\",\"path\":\"/run/awaitd/awaitd.sock\","
	    "\"mode\":\"0660\"}}}");
	if (errors != NULL)
		fail_msg("%s", errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_option_of_awaitd_is_mistaken),
		cmocka_unit_test(the_worked_example_of_the_design_is_right),
	};

	return cmocka_run_group_tests_name("config-tables", tests, NULL, NULL);
}

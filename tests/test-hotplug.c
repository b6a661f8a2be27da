/* hotplug by the names in a folder that stands for /dev; udev's side is in tests/vm. */
#include "loop-backends.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/hotplug.h"

static char folder[] = "/tmp/awaitd-hotplug-XXXXXX", told[200];

static void
on_came(const char *subsystem, void *context)
{
	strcat(strcat(context, " "), subsystem[0] != '\0' ? subsystem : "any");
}

static enum hotplug_teller
open_on(const char *dev)
{
	struct hotplug_options options = {
		.came = on_came, .context = told, .udev = "/nowhere/udev", .dev = dev,
	};

	return hotplug_open(&options);
}

static int
setup(void **state)
{
	strcpy(folder, "/tmp/awaitd-hotplug-XXXXXX");
	told[0] = '\0';
	return mkdtemp(folder) != NULL ? open_manual_real(state) : -1;
}

static int
teardown(void **state)
{
	hotplug_close();
	rmdir(folder);
	return close_loop(state);
}

static void
put(const char *name)
{
	char path[100];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static void
take_away(const char *name)
{
	char path[100];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	unlink(path);
}

static void
the_first_is_told_at_once_and_others_behind_a_pause(void **state)
{
	(void)state;
	assert_int_equal(open_on(folder), HOTPLUG_DEV);
	put("gpiochip7");
	loop_manual_settle();
	assert_string_equal(told, " gpio");
	for (int i = 0; i < 50; i++)
		put("gpiochip8"), take_away("gpiochip8");
	loop_manual_settle();
	assert_string_equal(told, " gpio");
	loop_manual_advance(HOTPLUG_PAUSE_NS);
	assert_string_equal(told, " gpio gpio");
	put("gpiochip9");
	put("ttyUSB0");
	loop_manual_settle();
	loop_manual_advance(HOTPLUG_PAUSE_NS);
	assert_string_equal(told, " gpio gpio any");
	loop_manual_advance(10 * HOTPLUG_PAUSE_NS);
	assert_string_equal(told, " gpio gpio any");
	take_away("gpiochip7"), take_away("gpiochip9"), take_away("ttyUSB0");
}

static void
who_waits_is_told_of_its_own_subsystem(void **state)
{
	static struct hotplug_wait gpio, iio, any;
	const struct promise *waited[] = {
		hotplug_gone(&gpio, "gpio"), hotplug_gone(&iio, "iio"), hotplug_gone(&any, ""),
	};

	(void)state;
	assert_int_equal(open_on(folder), HOTPLUG_DEV);
	put("gpiochip0");
	loop_manual_settle();
	assert_int_equal(waited[0]->state, PROMISE_PENDING);
	take_away("gpiochip0");
	loop_manual_settle();
	assert_int_equal(waited[0]->state, PROMISE_FULFILLED);
	assert_int_equal(waited[1]->state, PROMISE_PENDING);
	assert_int_equal(waited[2]->state, PROMISE_FULFILLED);
	waited[0] = hotplug_gone(&gpio, "gpio");
	assert_int_equal(waited[0]->state, PROMISE_PENDING);
	hotplug_wait_fini(&gpio);
	hotplug_wait_fini(&iio);
	hotplug_wait_fini(&any);
	hotplug_wait_fini(&any);
}

static void
a_place_that_cannot_be_watched_has_nobody_to_tell(void **state)
{
	(void)state;
	assert_int_equal(open_on("/nowhere/dev"), HOTPLUG_NOBODY);
	hotplug_close();
	assert_int_equal(open_on(folder), HOTPLUG_DEV);
}

#define TEST(test) { #test, test, setup, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_is_told_at_once_and_others_behind_a_pause),
		TEST(who_waits_is_told_of_its_own_subsystem),
		TEST(a_place_that_cannot_be_watched_has_nobody_to_tell),
	};

	return cmocka_run_group_tests_name("hotplug", tests, NULL, NULL);
}

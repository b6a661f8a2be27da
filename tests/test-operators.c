/* The operators, over a list of events, made from their configs. */
#include "stream-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "async/async_generator.h"
#include "async/for_await.h"
#include "streams/operators.h"

/* --------------------------------------------------------------------- the events */

#define I(n) { .kind = EVENT_VALUE, .value = { .kind = JSON_KIND_INTEGER, .integer = (n) } }
#define D(x) { .kind = EVENT_VALUE, .value = { .kind = JSON_KIND_DOUBLE, .number = (x) } }
#define T(text_) { .kind = EVENT_VALUE, \
	.value = { .kind = JSON_KIND_TEXT, .text = { (text_), sizeof (text_) - 1 } } }
#define S(text_) { .kind = EVENT_VALUE, \
	.value = { .kind = JSON_KIND_STRING, .text = { (text_), sizeof (text_) - 1 } } }
#define BOOL(bool_) { .kind = EVENT_VALUE, .value = { .kind = JSON_KIND_BOOL, .boolean = (bool_) } }
#define NOTHING { .kind = EVENT_VALUE, .value = { .kind = JSON_KIND_NULL } }
#define AT(n, seconds) { .kind = EVENT_VALUE, .time = { .mono_ns = (seconds) * SECOND }, \
	.value = { .kind = JSON_KIND_INTEGER, .integer = (n) } }
#define GAP { .kind = EVENT_GAP, .lost = 3 }
#define DOWN { .kind = EVENT_STATE, .is = STATE_DOWN }
#define OVER { .kind = EVENT_STATE, .is = STATE_STARTING }
#define LIST(...) ((const struct event[]){ __VA_ARGS__, OVER })

static struct {
	const struct event *next;
	struct event now;
	bool closed, stays;
	char says[2000];
	_Alignas(8) unsigned char kept[KEPT_MAX];
	int ended;
	struct iterator *chain;
	struct for_await *loop;
} world;

struct list {
	struct timer timer;
};

static bool
list_is_over(void)
{
	return world.next->kind == EVENT_STATE && world.next->is == STATE_STARTING;
}

/* Each at the same address, as a source's: who holds on to one is seen. */
static const struct event *
list_next(void)
{
	world.now = *world.next++;
	return &world.now;
}

static enum step
list_body(struct coroutine *co, void *frame)
{
	struct list *self = frame;

	BEGIN(co);
	while (!list_is_over())
		YIELD(list_next());
	if (world.stays)
		AWAIT(timer_after(&self->timer, UINT64_MAX));
	FINALLY;
	timer_close(&self->timer);
	world.closed = true;
	END;
}

/* ----------------------------------------------------------------------- the loop */

static void
say(const char *format, ...)
{
	size_t length = strlen(world.says);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(world.says + length, sizeof world.says - length, format, arguments);
	va_end(arguments);
}

static void
say_value(const struct json_value *value)
{
	switch (value->kind) {
	case JSON_KIND_NULL:
		say(" null");
		break;
	case JSON_KIND_BOOL:
		say(value->boolean ? " true" : " false");
		break;
	case JSON_KIND_INTEGER:
		say(" %d", (int)value->integer);
		break;
	case JSON_KIND_UNSIGNED:
		say(" %llu", (unsigned long long)value->unsigned_integer);
		break;
	case JSON_KIND_DOUBLE:
		say(" %.15g", value->number);
		break;
	case JSON_KIND_STRING:
	case JSON_KIND_BASE64:
	case JSON_KIND_TEXT:
		say(" %.*s", (int)value->text.length, value->text.data);
		break;
	}
}

static struct promise *
on_value(void *context, union value value)
{
	const struct event *event = value.constant;

	(void)context;
	if (event->kind == EVENT_VALUE)
		say_value(&event->value);
	else
		say(event->kind == EVENT_GAP ? " gap" : " down");
	return NULL;
}

static void
on_end(void *context, int error)
{
	(void)context;
	world.ended = error;
	iterator_free(world.chain);
}

/* What the operators make of the events; the kept block is the last call's. */
static const char *
go_on(const char *json, const struct event *events)
{
	const struct stream_operator *operators;
	size_t count = fixture_operators(json, &operators);
	unsigned char *kept = world.kept;

	world.next = events;
	world.closed = false;
	world.says[0] = '\0';
	world.ended = 1;
	world.chain = async_generator_new("list", list_body, sizeof(struct list));
	for (size_t i = 0; i < count; i++) {
		world.chain = operator_new(operators[i].ops, operators[i].options, kept,
		    world.chain);
		assert_non_null(world.chain);
		kept += (operators[i].ops->kept_size + 7) / 8 * 8;
	}
	world.loop = for_await(world.chain, on_value, on_end, NULL);
	loop_manual_settle();
	if (world.stays && world.ended == 1) {
		for_await_cancel(world.loop);
		loop_manual_settle();
	}
	assert_true(world.ended == 0 || world.ended == -ECANCELED);
	assert_true(world.closed);
	return world.says;
}

static const char *
what(const char *json, const struct event *events)
{
	memset(world.kept, 0, sizeof world.kept);
	return go_on(json, events);
}

static const char *
with(const char *one, const struct event *events)
{
	char json[400];

	snprintf(json, sizeof json, "[%s]", one);
	return what(json, events);
}

static void
mistake(const char *operator, const char *text)
{
	char json[400], *said;

	snprintf(json, sizeof json, "{\"source\":{\"type\":\"timer\"},\"operators\":[%s]}",
	    operator);
	said = fixture_mistake(json);
	if (strstr(said, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, said);
	free(said);
}

/* --------------------------------------------------------------------------- tests */

static void
gaps_and_states_pass_every_operator_uncounted(void **state)
{
	static const char *const all[] = {
		"{\"op\":\"map\",\"field\":\"x\"}", "{\"op\":\"filter\",\"above\":5}",
		"{\"op\":\"scale\",\"factor\":2}", "{\"op\":\"deadband\",\"by\":1}",
		"{\"op\":\"take\",\"count\":1}", "{\"op\":\"drop\",\"count\":1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		assert_string_equal(with(all[i], LIST(GAP, DOWN, GAP)), " gap down gap");
	for (size_t i = 0; operator_table[i] != NULL; i++)
		assert_true(i < sizeof all / sizeof all[0]);
	assert_string_equal(with("{\"op\":\"take\",\"count\":2}",
	    LIST(GAP, I(1), GAP, DOWN, I(2), I(3))), " gap 1 gap down 2");
	assert_string_equal(with("{\"op\":\"drop\",\"count\":2}",
	    LIST(GAP, I(1), GAP, DOWN, I(2), I(3))), " gap gap down 3");
}

static void
map_takes_a_member(void **state)
{
	(void)state;
	assert_string_equal(with("{\"op\":\"map\",\"field\":\"accel.x\"}",
	    LIST(T("{\"accel\":{\"y\":0,\"x\": -1.50 }}"), T("{\"accel\":{\"x\":[1, 2]}}"))),
	    " -1.50 [1, 2]");
	assert_string_equal(with("{\"op\":\"map\",\"field\":\"/a/1/b\"}",
	    LIST(T("{\"a\":[0,{\"b\":\"c\"}]}"))), " \"c\"");
	assert_string_equal(with("{\"op\":\"map\",\"field\":\"a\"}",
	    LIST(T("{}"), I(4), S("{\"a\":1}"), T("{\"a\":null}"), GAP)), " null gap");
	assert_string_equal(with("{\"op\":\"map\",\"field\":\"a\",\"missing\":\"null\"}",
	    LIST(T("{}"), I(4), T("{\"a\":1}"))), " null null 1");
	mistake("{\"op\":\"map\"}", "field");
}

static void
filter_compares_numbers(void **state)
{
	const struct event *numbers = LIST(I(1), D(2.5), T("3"), I(4), S("5"), T("[9]"), NOTHING);

	(void)state;
	assert_string_equal(with("{\"op\":\"filter\",\"above\":2.5}", numbers), " 3 4");
	assert_string_equal(with("{\"op\":\"filter\",\"below\":2.5}", numbers), " 1");
	assert_string_equal(with("{\"op\":\"filter\",\"min\":2.5,\"max\":3}", numbers), " 2.5 3");
	assert_string_equal(with("{\"op\":\"filter\",\"min\":1,\"not\":3,\"below\":4}", numbers),
	    " 1 2.5");
	assert_string_equal(with("{\"op\":\"filter\",\"equals\":3.0}", numbers), " 3");
	assert_string_equal(with("{\"op\":\"filter\",\"not\":3e0}", numbers),
	    " 1 2.5 4 5 [9] null");
	mistake("{\"op\":\"filter\",\"min\":3,\"max\":2}", "is less than \"min\" (3)");
	mistake("{\"op\":\"filter\",\"above\":3,\"below\":3}", "nothing would pass");
	mistake("{\"op\":\"filter\"}", "has no condition");
	mistake("{\"op\":\"filter\",\"field\":\"a\"}", "has no condition");
}

static void
filter_compares_any_value(void **state)
{
	const struct event *values = LIST(S("on"), T("\"o\\u006e\""), T("\"off\""), BOOL(true),
	    T("true"), T("false"), NOTHING, T("null"), T("{\"a\": [1.0, \"x\"]}"),
	    T("{\"a\":[1]}"));

	(void)state;
	assert_string_equal(with("{\"op\":\"filter\",\"equals\":\"on\"}", values),
	    " on \"o\\u006e\"");
	assert_string_equal(with("{\"op\":\"filter\",\"equals\":true}", values), " true true");
	assert_string_equal(with("{\"op\":\"filter\",\"equals\":false}", values), " false");
	assert_string_equal(with("{\"op\":\"filter\",\"equals\":null}", values), " null null");
	assert_string_equal(with("{\"op\":\"filter\",\"equals\":{\"a\":[1,\"x\"]}}", values),
	    " {\"a\": [1.0, \"x\"]}");
	assert_string_equal(with("{\"op\":\"filter\",\"not\":null,\"matches\":\"f{2}\"}", values),
	    " \"off\"");
}

static void
filter_looks_at_a_member_and_passes_the_whole(void **state)
{
	(void)state;
	assert_string_equal(with("{\"op\":\"filter\",\"field\":\"level\",\"min\":3}",
	    LIST(T("{\"level\":2}"), T("{\"level\":3,\"text\":\"x\"}"), T("{}"), I(9))),
	    " {\"level\":3,\"text\":\"x\"}");
}

static void
filter_matches_strings_by_regular_expression(void **state)
{
	const struct event *lines = LIST(S("error: x"), S("an error"), T("\"\\u0065rror\""),
	    T("12"), I(3), T("\"fine\""), T("\"error: a\\tb\""));

	(void)state;
	assert_string_equal(with("{\"op\":\"filter\",\"matches\":\"^error\"}", lines),
	    " error: x \"\\u0065rror\" \"error: a\\tb\"");
	assert_string_equal(with("{\"op\":\"filter\",\"matches\":\"r$\"}", lines),
	    " an error \"\\u0065rror\"");
}

static void
scale_multiplies_adds_and_rounds(void **state)
{
	(void)state;
	assert_string_equal(with("{\"op\":\"scale\",\"factor\":0.001}",
	    LIST(I(21500), D(1500), T("2e3"))), " 21.5 1.5 2");
	assert_string_equal(with("{\"op\":\"scale\",\"factor\":1.8,\"offset\":32,\"round\":1}",
	    LIST(D(21.77), I(-40))), " 71.2 -40");
	assert_string_equal(with("{\"op\":\"scale\",\"round\":0}",
	    LIST(D(2.5), D(-2.5), D(1e300))), " 3 -3 1e+300");
	assert_string_equal(with("{\"op\":\"scale\",\"factor\":1e300}",
	    LIST(I(1), D(1e300), S("x"), T("{}"), NOTHING, I(2))), " 1e+300 2e+300");
}

static void
deadband_passes_what_has_moved(void **state)
{
	(void)state;
	assert_string_equal(with("{\"op\":\"deadband\",\"by\":0.5}",
	    LIST(D(20), D(20.4), D(20.5), D(20.1), D(19.9), D(20.5), T("21.0"))),
	    " 20 20.5 19.9 20.5 21.0");
	assert_string_equal(with("{\"op\":\"deadband\",\"by\":0}",
	    LIST(I(1), I(1), I(2), I(2), I(1))), " 1 2 1");
	assert_string_equal(with("{\"op\":\"deadband\",\"percent\":10}",
	    LIST(I(100), I(109), I(110), I(99), I(0), I(0), I(1))), " 100 110 99 0 1");
	assert_string_equal(with("{\"op\":\"deadband\",\"by\":50,\"percent\":10}",
	    LIST(I(100), I(110), I(1000), I(1050))), " 100 110 1000 1050");
	mistake("{\"op\":\"deadband\"}", "needs \"by\", \"percent\" or both");
}

static void
deadband_passes_a_sign_of_life_after_max_interval(void **state)
{
	(void)state;
	assert_string_equal(with("{\"op\":\"deadband\",\"by\":1,\"max_interval\":\"10s\"}",
	    LIST(AT(5, 1), AT(5, 10), AT(5, 11), AT(5, 20), AT(7, 20), AT(7, 29), AT(7, 31))),
	    " 5 5 7 7");
}

static void
deadband_passes_what_is_no_number_when_it_is_another(void **state)
{
	(void)state;
	assert_string_equal(with("{\"op\":\"deadband\",\"by\":1}",
	    LIST(S("a"), S("a"), S("b"), T("\"b\""), I(1), BOOL(true), BOOL(true), BOOL(false),
	    NOTHING, NOTHING, I(1))), " a b \"b\" 1 true false null 1");
}

static void
take_ends_and_closes_its_source(void **state)
{
	(void)state;
	world.stays = true;
	assert_string_equal(with("{\"op\":\"take\",\"count\":2}", LIST(I(1), I(2), I(3))), " 1 2");
	assert_int_equal(world.ended, 0);
	assert_string_equal(with("{\"op\":\"take\",\"count\":5}", LIST(I(1), I(2), I(3))),
	    " 1 2 3");
	assert_int_equal(world.ended, -ECANCELED);
	world.stays = false;
	assert_string_equal(with("{\"op\":\"take\",\"count\":5}", LIST(I(1))), " 1");
}

static void
what_is_kept_goes_on_after_a_restart(void **state)
{
	static const char all[] = "[{\"op\":\"drop\",\"count\":3},{\"op\":\"deadband\",\"by\":1},"
	    "{\"op\":\"take\",\"count\":3}]";

	(void)state;
	assert_string_equal(what(all, LIST(I(1), I(2))), "");
	assert_string_equal(go_on(all, LIST(I(3), I(4))), " 4");
	assert_string_equal(go_on(all, LIST(I(4), I(5), I(5), I(6), I(7))), " 5 6");
}

static void
a_chain_is_cancelled_from_within(void **state)
{
	(void)state;
	world.stays = true;
	assert_string_equal(what("[{\"op\":\"filter\",\"matches\":\"a\"},{\"op\":\"map\",\"field\":"
	    "\"a\"},{\"op\":\"scale\"},{\"op\":\"drop\",\"count\":1},"
	    "{\"op\":\"take\",\"count\":9}]",
	    LIST(I(1))), "");
	assert_int_equal(world.ended, -ECANCELED);
}

static int
setup(void **state)
{
	memset(&world, 0, sizeof world);
	return fixture_manual(state);
}

#define TEST(test) { #test, test, setup, fixture_close, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gaps_and_states_pass_every_operator_uncounted),
		TEST(map_takes_a_member),
		TEST(filter_compares_numbers),
		TEST(filter_compares_any_value),
		TEST(filter_looks_at_a_member_and_passes_the_whole),
		TEST(filter_matches_strings_by_regular_expression),
		TEST(scale_multiplies_adds_and_rounds),
		TEST(deadband_passes_what_has_moved),
		TEST(deadband_passes_a_sign_of_life_after_max_interval),
		TEST(deadband_passes_what_is_no_number_when_it_is_another),
		TEST(take_ends_and_closes_its_source),
		TEST(what_is_kept_goes_on_after_a_restart),
		TEST(a_chain_is_cancelled_from_within),
	};

	return cmocka_run_group_tests_name("operators", tests, NULL, NULL);
}

/* What a predecessor left of a connection: each number out of its range is found. */
#include "sinks/unix_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct unix_table *table;
static struct unix_slot *slot;

/* Open, subscribed to "door", with a message of half the outbox and one piece under way. */
static void
slot_fill(void)
{
	struct unix_out out;
	const struct unix_piece piece = { .cursor = 0, .from = 5, .to = 9, .length = 400 };

	unix_slot_init(table, 0);
	slot = unix_table_slot(table, 0);
	slot->cursors = slot->patterns = 1;
	slot->cursor[0] = (struct unix_cursor){ .born = 1, .seq = 5, .name = "door",
		.id = UNIX_IDS };
	slot->pattern[0] = (struct unix_pattern){ .born = 1, .glob = 1, .text = "do*" };
	slot->receive[0].message.msg_len = 100;
	unix_out_begin(&out, table, slot);
	unix_out_text(&out, "{\"hello\":\"awaitd\"}");
	assert_true(unix_out_end(&out));
	unix_draft_fill(table, slot, &piece, 1, NULL, 0, (uint32_t)unix_draft_pending(slot));
	unix_draft(slot)->consumed = 50;
	unix_draft(slot)->message.msg_len = 210;
	unix_draft_commit(slot);
}

static int
setup(void **state)
{
	const struct unix_options options = { .limits = { .connections = 1, .request = 65536,
		.subscriptions = 16, .outbox = 65536 } };
	const struct unix_shape shape = unix_shape_for(&options);

	(void)state;
	assert_int_equal(arena_create(&arena), 0);
	assert_int_equal(unix_table_new(arena, "local", &shape, NULL, &table), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unix_table_close(table, true);
	arena_free(arena);
	return 0;
}

static void
what_is_right_is_believed(void **state)
{
	(void)state;
	slot_fill();
	assert_true(unix_slot_sane(table, slot));
	unix_slot_init(table, 0);
	assert_true(unix_slot_sane(table, unix_table_slot(table, 0)));
}

/* One thing is changed, and only that. */
#define assert_wrong(change) \
	do { \
		slot_fill(); \
		change; \
		assert_false(unix_slot_sane(table, slot)); \
	} while (0)

static void
a_message_out_of_range_is_found(void **state)
{
	struct unix_send *send;

	(void)state;
	slot_fill();
	send = unix_active(slot);
	assert_wrong(send->head = send->tail + 1);
	assert_wrong(send->tail += table->shape.outbox + 1);
	assert_wrong(send->tail--);
	assert_wrong(send->offered = 1000);
	assert_wrong(send->message.msg_len = 100000);
	assert_wrong(send->pieces = UNIX_PIECES_NEAR + 1);
	assert_wrong(send->far = 2);
	assert_wrong(send->flags = 0x80);
	assert_wrong(send->answer.active = 7);
	assert_wrong(memset(send->answer.last, 'x', sizeof send->answer.last));
	assert_wrong(send->piece[0].cursor = 1);
	assert_wrong(send->piece[0].from = 10);
	assert_wrong(send->piece[0].from = 0);
	assert_wrong(send->piece[0].to = 5);
	assert_wrong(send->piece[0].phase = UNIX_ADDED + 1);
	assert_wrong(send->piece[0].lag = LAG_CLOSE + 1);
}

static void
requests_out_of_range_are_found(void **state)
{
	(void)state;
	assert_wrong(unix_active(slot)->consumed = 101);
	assert_wrong(slot->receive[0].start = 101);
	assert_wrong(slot->receive[0].base = UINT64_MAX - 1);
	assert_wrong(slot->receive[0].message.msg_len = (unsigned int)table->shape.receive + 51);
}

static void
records_out_of_range_are_found(void **state)
{
	(void)state;
	assert_wrong(slot->cursors = table->shape.cursors + 1);
	assert_wrong(slot->patterns = table->shape.patterns + 1);
	assert_wrong(slot->cursor[0].phase = 99);
	assert_wrong(slot->cursor[0].lag = 99);
	assert_wrong(slot->cursor[0].id = UNIX_IDS + 1);
	assert_wrong(memset(slot->cursor[0].name, 'x', sizeof slot->cursor[0].name));
	assert_wrong(slot->pattern[0].from = 99);
	assert_wrong(slot->pattern[0].lag = 99);
	assert_wrong(slot->pattern[0].glob = 2);
	assert_wrong(memset(slot->pattern[0].text, 'x', sizeof slot->pattern[0].text));
}

static void
an_id_that_is_no_json_is_found(void **state)
{
	struct unix_id *id;

	(void)state;
	slot_fill();
	slot->cursor[0].id = 3;
	id = unix_slot_id(table, slot, 3);
	*id = (struct unix_id){ .length = 3, .text = "\"x\"" };
	assert_true(unix_slot_sane(table, slot));
	id->text[1] = '\n';
	assert_false(unix_slot_sane(table, slot));
	id->text[1] = '"';
	assert_false(unix_slot_sane(table, slot));
	id->length = UNIX_ID_MAX + 1;
	assert_false(unix_slot_sane(table, slot));
}

/* It may be anything: nobody reads it. */
static void
a_record_that_does_not_count_is_not_looked_at(void **state)
{
	(void)state;
	slot_fill();
	slot->cursor[0].born = 0;
	slot->cursor[0].phase = 99;
	slot->pattern[0].died = 1;
	slot->pattern[0].lag = 99;
	assert_true(unix_slot_sane(table, slot));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_right_is_believed),
		TEST(a_message_out_of_range_is_found),
		TEST(requests_out_of_range_are_found),
		TEST(records_out_of_range_are_found),
		TEST(an_id_that_is_no_json_is_found),
		TEST(a_record_that_does_not_count_is_not_looked_at),
	};

	return cmocka_run_group_tests_name("a stored connection", tests, NULL, NULL);
}

/* The arena: extents that survive. */
#include "arena-fixture.h"

#include <errno.h>

/* ------------------------------------------------------------------ extents */

/* Names in the fd store are made of them, and those of an arena that was lost may still be there. */
static void
ids_of_a_new_arena_are_above_those_of_the_one_before(void **state)
{
	uint64_t last = take(*state, "one", PAGE)->id;
	struct arena *arena;
	struct extent *extent;

	assert_int_equal(arena_create(&arena), 0);
	extent = take(arena, "one", PAGE);
	assert_true(extent->id > last);
	arena_free(arena);
}

static void
a_new_extent_is_of_whole_pages_and_zero(void **state)
{
	const struct extent *extent = take(*state, "a", 5000);

	assert_int_equal(extent->size % PAGE, 0);
	assert_true(extent->size >= 5000);
	assert_false(extent->adopted);
	assert_all(extent, 0);
}

static void
memory_mapped_twice_is_the_same_memory(void **state)
{
	struct extent *extent = NULL;
	char *memory;

	assert_int_equal(arena_take(*state, EXTENT_SOURCE, "a", PAGE, true, &extent), 0);
	memory = extent->memory;
	memcpy(memory + extent->size - 3, "around", 6);
	assert_memory_equal(memory, "und", 3);
	assert_memory_equal(memory + extent->size, "und", 3);
}

static void
the_end_can_be_mapped_once_more(void **state)
{
	struct extent *extent = take(*state, "a", 3 * PAGE);
	char *memory = extent->memory;

	memory[PAGE] = 'x';
	assert_int_equal(extent_mirror(*state, extent, PAGE), 0);
	memory = extent->memory;
	assert_int_equal(memory[PAGE], 'x');
	assert_int_equal(memory[3 * PAGE], 'x');
	memory[5 * PAGE - 1] = 'y';
	assert_int_equal(memory[3 * PAGE - 1], 'y');
}

static void
an_extent_is_taken_once(void **state)
{
	struct extent *extent = take(*state, "a", PAGE), *again = NULL;

	assert_int_equal(arena_take(*state, EXTENT_STATE, "a", PAGE, false, &again), -EBUSY);
	assert_null(again);
	extent_release(*state, extent);
	assert_ptr_equal(take(*state, "a", PAGE), extent);
}

static void
kind_and_name_tell_extents_apart(void **state)
{
	struct extent *one = take(*state, "a", PAGE), *other = NULL;

	assert_int_equal(arena_take(*state, EXTENT_LOG, "a", PAGE, false, &other), 0);
	assert_ptr_not_equal(one, other);
	assert_int_not_equal(one->id, other->id);
}

static void
a_name_too_long_is_refused(void **state)
{
	char name[ARENA_NAME_MAX + 2];
	struct extent *extent = NULL;

	memset(name, 'a', sizeof name);
	name[ARENA_NAME_MAX + 1] = '\0';
	assert_int_equal(arena_take(*state, EXTENT_STATE, name, PAGE, false, &extent), -EINVAL);
	name[ARENA_NAME_MAX] = '\0';
	assert_int_equal(arena_take(*state, EXTENT_STATE, name, PAGE, false, &extent), 0);
}

static void
a_full_directory_is_told(void **state)
{
	struct arena *arena = *state;
	struct extent *extent = NULL;

	arena->header->used = ARENA_ENTRIES;
	assert_int_equal(arena_take(arena, EXTENT_STATE, "a", PAGE, false, &extent), -ENOSPC);
	arena->header->used--;
	assert_int_equal(arena_take(arena, EXTENT_STATE, "a", PAGE, false, &extent), 0);
}

static void
an_extent_costs_what_is_touched_of_it(void **state)
{
	uint64_t before = blocks(*state);
	struct extent *extent = take(*state, "a", 1024 * PAGE);

	*(char *)extent->memory = 1;
	assert_true(blocks(*state) - before <= 3 * PAGE / 512);
}

static void
a_dropped_extent_gives_its_pages_back(void **state)
{
	struct extent *extent = take(*state, "a", 64 * PAGE);
	uint64_t full;

	memset(extent->memory, 1, extent->size);
	full = blocks(*state);
	arena_drop(*state, extent);
	assert_true(blocks(*state) + 63 * PAGE / 512 < full);
}

static void
dropped_space_is_used_again_and_is_zero(void **state)
{
	struct arena *arena = *state;
	struct extent *a = take(arena, "a", 4 * PAGE), *b = take(arena, "b", 4 * PAGE);
	uint64_t end;

	memset(a->memory, 1, a->size);
	memset(b->memory, 1, b->size);
	end = arena->space.end;
	arena_drop(arena, a);
	arena_drop(arena, b);
	a = take(arena, "c", 8 * PAGE);          /* both, joined */
	assert_int_equal(arena->space.end, end);
	assert_all(a, 0);
}

static void
free_space_is_joined_whatever_the_order(void **state)
{
	struct arena *arena = *state;
	struct extent *extent[5];
	static const int orders[][5]
	    = { { 0, 1, 2, 3, 4 }, { 4, 3, 2, 1, 0 }, { 0, 2, 4, 1, 3 }, { 1, 3, 0, 4, 2 } };
	char name[2] = "a";

	for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
		for (int i = 0; i < 5; i++, name[0]++)
			extent[i] = take(arena, name, PAGE);
		for (int i = 0; i < 5; i++)
			arena_drop(arena, extent[orders[o][i]]);
		assert_int_equal(arena->space.count, 1);
		assert_int_equal(arena->space.gaps[0].size, 5 * PAGE);
	}
}

static void
a_discarded_range_reads_as_zero(void **state)
{
	struct extent *extent = take(*state, "a", 4 * PAGE);
	const unsigned char *memory = extent->memory;

	memset(extent->memory, 1, extent->size);
	extent_discard(extent, *state, 1, 3 * PAGE);
	assert_int_equal(memory[PAGE - 1], 1);
	assert_int_equal(memory[PAGE], 0);
	assert_int_equal(memory[3 * PAGE - 1], 0);
	assert_int_equal(memory[3 * PAGE], 1);
}

static void
a_range_can_be_locked(void **state)
{
	struct extent *extent = take(*state, "a", PAGE);
	int r = extent_lock(extent, 0, PAGE);

	assert_true(r == 0 || r == -ENOMEM || r == -EPERM);
}

/* ----------------------------------------------------------------- adoption */

static void
a_successor_finds_the_contents(void **state)
{
	struct extent *extent = take(*state, "a", PAGE);
	uint64_t id = extent->id;

	strcpy(extent->memory, "what was written");
	*state = test_succeed(*state);
	extent = take(*state, "a", 17 * PAGE);
	assert_true(extent->adopted);
	assert_int_equal(extent->size, PAGE);
	assert_int_equal(extent->id, id);
	assert_string_equal(extent->memory, "what was written");
	assert_int_equal(arena_damaged(*state), 0);
}

static void
ids_are_never_used_again(void **state)
{
	uint64_t last = 0;

	for (int i = 0; i < 4; i++) {
		struct extent *extent = take(*state, "a", PAGE);

		assert_true(extent->id > last);
		last = extent->id;
		arena_drop(*state, extent);
		*state = test_succeed(*state);
	}
}

static void
count_untaken(enum extent_kind kind, const char *name, void *context)
{
	assert_int_equal(kind, EXTENT_STATE);
	strcat(context, name);
}

static void
what_nobody_took_is_listed_and_can_be_dropped(void **state)
{
	char names[16] = "";

	(void)take(*state, "a", PAGE);
	(void)take(*state, "b", PAGE);
	*state = test_succeed(*state);
	(void)take(*state, "a", PAGE);
	arena_each_untaken(*state, count_untaken, names);
	assert_string_equal(names, "b");
	arena_drop_untaken(*state, EXTENT_STATE, "b");
	arena_drop_untaken(*state, EXTENT_STATE, "a");   /* taken: it stays */
	*state = test_succeed(*state);
	names[0] = '\0';
	arena_each_untaken(*state, count_untaken, names);
	assert_string_equal(names, "a");
}

static void
many_extents_are_found_again(void **state)
{
	char name[16];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "stream-%d", i);
		*(int *)take(*state, name, PAGE)->memory = i;
	}
	*state = test_succeed(*state);
	for (int i = 299; i >= 0; i--) {
		struct extent *extent;

		snprintf(name, sizeof name, "stream-%d", i);
		extent = take(*state, name, PAGE);
		assert_true(extent->adopted);
		assert_int_equal(*(int *)extent->memory, i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_extent_is_of_whole_pages_and_zero),
		TEST(memory_mapped_twice_is_the_same_memory),
		TEST(the_end_can_be_mapped_once_more),
		TEST(an_extent_is_taken_once),
		TEST(kind_and_name_tell_extents_apart),
		TEST(a_name_too_long_is_refused),
		TEST(a_full_directory_is_told),
		TEST(an_extent_costs_what_is_touched_of_it),
		TEST(a_dropped_extent_gives_its_pages_back),
		TEST(dropped_space_is_used_again_and_is_zero),
		TEST(free_space_is_joined_whatever_the_order),
		TEST(a_discarded_range_reads_as_zero),
		TEST(a_range_can_be_locked),
		TEST(a_successor_finds_the_contents),
		TEST(ids_are_never_used_again),
		TEST(ids_of_a_new_arena_are_above_those_of_the_one_before),
		TEST(what_nobody_took_is_listed_and_can_be_dropped),
		TEST(many_extents_are_found_again),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}

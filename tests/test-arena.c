/* The arena: extents that survive, and what becomes of damage. */
#include "tests/streams-test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "streams/arena_private.h"

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

static int
setup(void **state)
{
	struct arena *arena = NULL;

	assert_int_equal(arena_create(&arena), 0);
	*state = arena;
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static struct extent *
take(struct arena *arena, const char *name, size_t size)
{
	struct extent *extent = NULL;

	assert_int_equal(arena_take(arena, EXTENT_STATE, name, size, false, &extent), 0);
	return extent;
}

static uint64_t
blocks(const struct arena *arena)
{
	struct stat st;

	assert_int_equal(fstat(arena_fd(arena), &st), 0);
	return (uint64_t)st.st_blocks;
}

static void
assert_all(const struct extent *extent, unsigned char byte)
{
	const unsigned char *memory = extent->memory;

	for (size_t i = 0; i < extent->size; i++)
		assert_int_equal(memory[i], byte);
}

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

/* ------------------------------------------------------------ deaths on the way */

static void
an_entry_that_is_not_true_yet_was_never_there(void **state)
{
	struct extent *extent = NULL;

	assert_int_equal(arena_prepare(*state, EXTENT_STATE, "a", PAGE, &extent), 0);
	strcpy(extent->memory, "half");
	*state = test_succeed(*state);
	extent = take(*state, "a", PAGE);
	assert_false(extent->adopted);
	assert_all(extent, 0);
}

static void
of_old_and_prepared_the_old_one_lives(void **state)
{
	struct extent *prepared = NULL;

	strcpy(take(*state, "a", PAGE)->memory, "old");
	assert_int_equal(arena_prepare(*state, EXTENT_STATE, "a", PAGE, &prepared), 0);
	strcpy(prepared->memory, "new");
	*state = test_succeed(*state);
	assert_string_equal(take(*state, "a", PAGE)->memory, "old");
}

static void
of_old_and_true_the_new_one_lives(void **state)
{
	struct arena *arena = *state;
	struct extent *prepared = NULL;

	strcpy(take(arena, "a", PAGE)->memory, "old");
	assert_int_equal(arena_prepare(arena, EXTENT_STATE, "a", PAGE, &prepared), 0);
	strcpy(prepared->memory, "new");
	directory_commit(arena, (struct place *)prepared);   /* and then the death */
	*state = test_succeed(arena);
	assert_string_equal(take(*state, "a", PAGE)->memory, "new");
	assert_int_equal(arena_damaged(*state), 0);
	*state = test_succeed(*state);
	assert_string_equal(take(*state, "a", PAGE)->memory, "new");
}

static void
a_replaced_extent_is_gone(void **state)
{
	struct extent *old = take(*state, "a", PAGE), *prepared = NULL;

	assert_int_equal(arena_prepare(*state, EXTENT_STATE, "a", 2 * PAGE, &prepared), 0);
	arena_replace(*state, old, prepared);
	*state = test_succeed(*state);
	assert_int_equal(take(*state, "a", PAGE)->size, 2 * PAGE);
}

static void
space_of_an_unfinished_drop_is_given_back(void **state)
{
	struct arena *arena = *state;
	struct extent *a = take(arena, "a", 8 * PAGE), *b = take(arena, "b", PAGE);
	uint64_t full;

	memset(a->memory, 1, a->size);
	memset(b->memory, 1, b->size);
	full = blocks(arena);
	directory_drop(arena, a->entry);                      /* and then the death */
	*state = test_succeed(arena);
	assert_true(blocks(*state) < full);
	a = take(*state, "a", 8 * PAGE);
	assert_false(a->adopted);
	assert_all(a, 0);
	assert_all(take(*state, "b", PAGE), 1);
}

/* ------------------------------------------------------------------- damage */

static int
adopt_copy(struct arena *arena)
{
	struct arena *next = NULL;
	int fd = dup(arena_fd(arena)), r = arena_adopt(fd, &next);

	if (r < 0)
		close(fd);
	arena_free(next);
	return r;
}

static void
another_version_is_refused(void **state)
{
	struct arena *arena = *state;

	arena->header->version++;
	assert_int_equal(adopt_copy(arena), -EPROTONOSUPPORT);
	arena->header->version--;
	assert_int_equal(adopt_copy(arena), 0);
}

static void
a_damaged_header_is_refused(void **state)
{
	struct arena *arena = *state;

	arena->header->entries ^= 1;
	assert_int_equal(adopt_copy(arena), -EBADMSG);
	arena->header->entries ^= 1;
	arena->header->magic ^= 1;
	assert_int_equal(adopt_copy(arena), -EBADMSG);
}

static void
what_is_no_arena_is_refused(void **state)
{
	struct arena *arena = NULL;
	int fd = memfd_create("none", MFD_CLOEXEC), pair[2];

	(void)state;
	assert_int_equal(arena_adopt(fd, &arena), -EBADMSG);
	assert_int_equal(ftruncate(fd, 1 << 24), 0);
	assert_int_equal(arena_adopt(fd, &arena), -EBADMSG);
	close(fd);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(arena_adopt(pair[0], &arena), -EBADMSG);
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(arena_adopt(-1, &arena), -EBADF);
	assert_null(arena);
}

static void
a_file_cut_short_is_refused_or_costs_what_was_cut(void **state)
{
	struct arena *arena = *state;
	uint64_t end;

	(void)take(arena, "a", PAGE);
	(void)take(arena, "b", PAGE);
	end = arena->space.end;
	assert_int_equal(ftruncate(arena_fd(arena), (off_t)(end - PAGE)), 0);
	*state = test_succeed(arena);
	assert_int_equal(arena_damaged(*state), 1);
	assert_true(take(*state, "a", PAGE)->adopted);
	assert_false(take(*state, "b", PAGE)->adopted);
	assert_int_equal(ftruncate(arena_fd(*state), (off_t)PAGE), 0);
	assert_int_equal(adopt_copy(*state), -EBADMSG);
	assert_int_equal(ftruncate(arena_fd(*state), (off_t)end), 0);   /* for our own unmapping */
}

static void
each_damaged_byte_of_an_entry_costs_that_entry_alone(void **state)
{
	struct arena *arena = *state;

	for (size_t at = 0; at < sizeof(struct arena_entry); at++) {
		struct extent *a = take(arena, "a", PAGE), *b = take(arena, "b", PAGE);
		unsigned char *entry = (unsigned char *)&arena->entries[a->entry];

		*(int *)b->memory = 42;
		entry[at] ^= 0x10;
		arena = *state = test_succeed(arena);
		assert_int_equal(arena_damaged(arena), 1);
		assert_false(take(arena, "a", PAGE)->adopted);
		b = take(arena, "b", PAGE);
		assert_true(b->adopted);
		assert_int_equal(*(int *)b->memory, 42);
		arena = *state = test_succeed(arena);
	}
}

static void
forge(struct arena *arena, struct extent *extent, uint64_t offset)
{
	struct arena_entry *entry = &arena->entries[extent->entry];
	size_t behind = offsetof(struct arena_entry, offset);

	entry->offset = offset;
	entry->checksum = arena_checksum(arena_checksum(0, &entry->kind, sizeof entry->kind),
	    (char *)entry + behind, sizeof *entry - behind);
}

static void
of_two_that_overlap_one_is_dropped(void **state)
{
	struct arena *arena = *state;
	struct extent *a = take(arena, "a", 2 * PAGE), *b = take(arena, "b", PAGE);

	(void)take(arena, "c", PAGE);
	forge(arena, b, arena->entries[a->entry].offset + PAGE);
	*state = test_succeed(arena);
	assert_int_equal(arena_damaged(*state), 1);
	assert_true(take(*state, "a", PAGE)->adopted);
	assert_false(take(*state, "b", PAGE)->adopted);
	assert_true(take(*state, "c", PAGE)->adopted);
}

static void
an_entry_that_points_elsewhere_is_dropped(void **state)
{
	static const uint64_t wrong[] = { 0, 1, 4096, UINT64_MAX & ~UINT64_C(4095), UINT64_C(1) << 40 };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct extent *a = take(*state, "a", PAGE);

		forge(*state, a, wrong[i]);
		*state = test_succeed(*state);
		assert_int_equal(arena_damaged(*state), 1);
		assert_false(take(*state, "a", PAGE)->adopted);
		*state = test_succeed(*state);
	}
}

/* ----------------------------------------------------------------- checksum */

/* RFC 3720, B.4. */
static void
the_checksum_is_crc32c(void **state)
{
	unsigned char data[32];

	(void)state;
	memset(data, 0, sizeof data);
	assert_int_equal(arena_checksum(0, data, 32), 0x8a9136aa);
	memset(data, 0xff, sizeof data);
	assert_int_equal(arena_checksum(0, data, 32), 0x62a8ab43);
	for (unsigned char i = 0; i < 32; i++)
		data[i] = i;
	assert_int_equal(arena_checksum(0, data, 32), 0x46dd794e);
	for (unsigned char i = 0; i < 32; i++)
		data[i] = (unsigned char)(31 - i);
	assert_int_equal(arena_checksum(0, data, 32), 0x113fdb5c);
}

static void
the_table_says_what_the_processor_says(void **state)
{
	unsigned char data[100];

	(void)state;
	for (unsigned char i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i * 37 + 11);
	for (uint32_t size = 0; size <= sizeof data; size++) {
		uint32_t seed = size * 77;

		assert_int_equal(arena_checksum(seed, data, size),
		    ~checksum_by_table(~seed, data, size));
	}
}

static void
a_checksum_goes_on_where_it_stopped(void **state)
{
	(void)state;
	assert_int_equal(arena_checksum(arena_checksum(0, "1234", 4), "56789", 5), 0xe3069283);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(an_entry_that_is_not_true_yet_was_never_there),
		TEST(of_old_and_prepared_the_old_one_lives),
		TEST(of_old_and_true_the_new_one_lives),
		TEST(a_replaced_extent_is_gone),
		TEST(space_of_an_unfinished_drop_is_given_back),
		TEST(another_version_is_refused),
		TEST(a_damaged_header_is_refused),
		TEST(what_is_no_arena_is_refused),
		TEST(a_file_cut_short_is_refused_or_costs_what_was_cut),
		TEST(each_damaged_byte_of_an_entry_costs_that_entry_alone),
		TEST(of_two_that_overlap_one_is_dropped),
		TEST(an_entry_that_points_elsewhere_is_dropped),
		cmocka_unit_test(the_checksum_is_crc32c),
		cmocka_unit_test(the_table_says_what_the_processor_says),
		cmocka_unit_test(a_checksum_goes_on_where_it_stopped),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}

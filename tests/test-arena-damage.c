/* What becomes of an arena whose process died on the way, or that is damaged. */
#include "arena-fixture.h"

#include <errno.h>
#include <sys/mman.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests_name("arena, damaged", tests, NULL, NULL);
}

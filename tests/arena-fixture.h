/* arena-fixture.h - an arena of the test's own, in *state, and extents of it. */
#ifndef TESTS_ARENA_FIXTURE_H
#define TESTS_ARENA_FIXTURE_H

#include "tests/streams-test.h"

#include <sys/stat.h>

#include "streams/arena_private.h"

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

static inline int
arena_setup(void **state)
{
	struct arena *arena = NULL;

	assert_int_equal(arena_create(&arena), 0);
	*state = arena;
	return 0;
}

static inline int
arena_teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static inline struct extent *
take(struct arena *arena, const char *name, size_t size)
{
	struct extent *extent = NULL;

	assert_int_equal(arena_take(arena, EXTENT_STATE, name, size, false, &extent), 0);
	return extent;
}

static inline uint64_t
blocks(const struct arena *arena)
{
	struct stat st;

	assert_int_equal(fstat(arena_fd(arena), &st), 0);
	return (uint64_t)st.st_blocks;
}

static inline void
assert_all(const struct extent *extent, unsigned char byte)
{
	const unsigned char *memory = extent->memory;

	for (size_t i = 0; i < extent->size; i++)
		assert_int_equal(memory[i], byte);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

#endif

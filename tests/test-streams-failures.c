/* Memory, mappings and files that are refused: each call of these in arena and log fails once, is
 * told, leaves what was there, and the same is asked again with success. */
#include "tests/streams-test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "async/iterator.h"
#include "refused.h"
#include "streams/arena_private.h"

/* The call after so many is refused; -1: none. */
static int fail_after = -1;
static bool failed;

bool
refused(void)
{
	if (fail_after < 0 || fail_after-- > 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *__real_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __real_memfd_create(const char *name, unsigned int flags);
int __wrap_memfd_create(const char *name, unsigned int flags);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

void *
__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	return refused() ? MAP_FAILED : __real_mmap(at, size, prot, flags, fd, offset);
}

int
__wrap_ftruncate(int fd, off_t size)
{
	return refused() ? -1 : __real_ftruncate(fd, size);
}

int
__wrap_memfd_create(const char *name, unsigned int flags)
{
	return refused() ? -1 : __real_memfd_create(name, flags);
}

int
__wrap_rename(const char *from, const char *to)
{
	return refused() ? -1 : __real_rename(from, to);
}

/* Calls `try` until nothing was refused on the way. */
static void
refuse_each(int (*try)(void))
{
	for (int i = 0;; i++) {
		int r;

		failed = false;
		fail_after = i;
		r = try();
		fail_after = -1;
		if (!failed) {
			assert_int_equal(r, 0);
			assert_true(i > 0);
			return;
		}
		assert_true(r <= 0);
	}
}

static const struct log_options small = { .size = 4096, .max_line = 1024 };
static const struct log_options large = { .size = 16384, .max_line = 1024 };
static struct arena *arena;
static struct log *log_;
static char folder[] = "/tmp/awaitd-test-XXXXXX", path[64], epoch[EPOCH_LENGTH + 1];

static int
setup(void **state)
{
	(void)state;
	strcpy(folder + sizeof folder - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/log", folder);
	assert_int_equal(arena_create(&arena), 0);
	log_ = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_close(log_);
	arena_free(arena);
	unlink(path);
	return rmdir(folder);
}

static void
append_integers(int count)
{
	while (count-- > 0) {
		struct event event = test_integer((int64_t)log_next_seq(log_));

		assert_int_equal(log_append(log_, &event), 0);
	}
}

static void
begin(void)
{
	assert_int_equal(log_open(arena, "door", &small, &log_), 0);
	strcpy(epoch, log_epoch(log_));
	append_integers(100);
}

static int
try_create(void)
{
	struct arena *other = NULL;
	int r = arena_create(&other);

	arena_free(other);
	return r;
}

static void
creating_an_arena(void **state)
{
	(void)state;
	refuse_each(try_create);
}

static int
try_adopt(void)
{
	struct arena *other = NULL;
	int fd = dup(arena_fd(arena)), r = arena_adopt(fd, &other);

	if (r < 0) {
		assert_null(other);
		close(fd);                        /* still ours */
	}
	arena_free(other);
	return r;
}

static void
adopting_an_arena(void **state)
{
	struct extent *extent = NULL;
	char name[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "%d", i);
		assert_int_equal(arena_take(arena, EXTENT_STATE, name, 1, false, &extent), 0);
		if (i % 3 == 0)
			arena_drop(arena, extent);
	}
	refuse_each(try_adopt);
}

static int number;

static int
try_take(void)
{
	struct extent *extent = NULL;
	char name[16];
	int r = 0;

	for (int i = 0; i < 80 && r == 0; i++) {
		snprintf(name, sizeof name, "%d", number++);
		r = arena_take(arena, EXTENT_STATE, name, 1, true, &extent);
		if (r == 0 && i % 2 == 0)
			arena_drop(arena, extent);
	}
	return r;
}

static void
taking_and_dropping_extents(void **state)
{
	(void)state;
	number = 0;
	refuse_each(try_take);
	assert_int_equal(try_adopt(), 0);
}

static int
try_open(void)
{
	int r;

	log_close(log_);
	log_ = NULL;
	r = log_open(arena, "door", &small, &log_);
	assert_true(r == 0 || log_ == NULL);
	return r;
}

static void
opening_a_new_log(void **state)
{
	(void)state;
	refuse_each(try_open);
	append_integers(100);
}

static void
adopting_a_log(void **state)
{
	(void)state;
	begin();
	refuse_each(try_open);
	assert_false(log_new_epoch(log_));
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), 101);
}

static int
try_change(void)
{
	uint64_t tail = log_tail_seq(log_);
	int r = log_change(log_, &large);

	if (r < 0)
		assert_int_equal(log_tail_seq(log_), tail);
	append_integers(1);
	return r;
}

static void
changing_the_size(void **state)
{
	uint64_t next;

	(void)state;
	begin();
	refuse_each(try_change);
	next = log_next_seq(log_);
	assert_int_equal(try_open(), 0);
	assert_false(log_new_epoch(log_));
	assert_string_equal(log_epoch(log_), epoch);
	assert_int_equal(log_next_seq(log_), next);
}

static int
try_change_to_file(void)
{
	const struct log_options options = { .size = 4096, .max_line = 1024, .path = path };
	int r = log_change(log_, &options);

	append_integers(1);
	return r < 0 ? r : log_path_error(log_);
}

static void
moving_into_a_file(void **state)
{
	(void)state;
	begin();
	refuse_each(try_change_to_file);
	assert_false(arena_has(arena, EXTENT_LOG, "door"));
	assert_string_equal(log_epoch(log_), epoch);
}

static int
try_open_in_file(void)
{
	const struct log_options options = { .size = 4096, .max_line = 1024, .path = path };
	int r;

	log_close(log_);
	log_ = NULL;
	r = log_open(arena, "door", &options, &log_);
	return r < 0 ? r : log_path_error(log_);
}

static void
opening_a_log_in_a_file(void **state)
{
	(void)state;
	refuse_each(try_open_in_file);
	append_integers(10);
	refuse_each(try_open_in_file);
}

static int
try_iterate(void)
{
	struct iterator *iterator = cursor_iterator(log_, log_tail_seq(log_), LAG_SKIP);
	struct iterator_request request = { .next = NULL };
	int r;

	if (iterator == NULL)
		return -ENOMEM;
	iterator_next(iterator, &request, value_undefined());
	assert_int_not_equal(request.promise.state, PROMISE_PENDING);
	r = request.promise.state == PROMISE_FULFILLED ? 0 : (int)request.promise.value.number;
	request.promise.handled = true;
	iterator_free(iterator);
	return r;
}

static void
iterating(void **state)
{
	(void)state;
	begin();
	refuse_each(try_iterate);
}

static int
try_room(void)
{
	struct cursor cursor = { .log = NULL };
	struct promise *room;

	cursor_open(&cursor, log_, log_next_seq(log_), LAG_BLOCK);
	while ((room = log_room(log_)) == NULL)
		append_integers(1);
	assert_int_equal(room->state, PROMISE_PENDING);
	cursor_close(&cursor);
	assert_int_equal(room->state, PROMISE_FULFILLED);
	promise_unref(room);
	return 0;
}

static void
waiting_for_room(void **state)
{
	(void)state;
	begin();
	refuse_each(try_room);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(creating_an_arena),
		TEST(adopting_an_arena),
		TEST(taking_and_dropping_extents),
		TEST(opening_a_new_log),
		TEST(adopting_a_log),
		TEST(changing_the_size),
		TEST(moving_into_a_file),
		TEST(opening_a_log_in_a_file),
		TEST(iterating),
		TEST(waiting_for_room),
	};

	return cmocka_run_group_tests_name("refused in streams/", tests, NULL, NULL);
}

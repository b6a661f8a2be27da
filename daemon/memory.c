#include "daemon/memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async/timer.h"
#include "base/fdstore.h"
#include "daemon/journal.h"

#define ARENA_FD_NAME "arena"
#define STORE_RETRY_NS (100 * MILLISECOND)

/* ---------------------------------------------------------------- the arena */

static const char *
adopt_problem(int error)
{
	switch (error) {
	case -EPROTONOSUPPORT:
		return "is of another version";
	case -EBADMSG:
		return "is damaged";
	default:
		return strerror(-error);
	}
}

struct arena *
memory_adopt(void)
{
	struct arena *arena;
	int error, fd = fdstore_take(ARENA_FD_NAME);

	if (fd < 0)
		return NULL;
	error = arena_adopt(fd, &arena);
	if (error < 0) {
		journal_say(LOG_WARNING,
		    "what the last process left %s: every stream begins a new epoch",
		    adopt_problem(error));
		fdstore_remove(ARENA_FD_NAME);
		close(fd);
		return NULL;
	}
	if (arena_damaged(arena) > 0)
		journal_say(LOG_WARNING,
		    "%zu parts of what the last process left are damaged and dropped",
		    arena_damaged(arena));
	return arena;
}

static struct {
	struct timer timer;
	const struct arena *arena;
} store_again;

static void
memory_store(struct timer *timer)
{
	int error = fdstore_push(ARENA_FD_NAME, arena_fd(store_again.arena));

	if (error == -EAGAIN)
		timer_call_after(timer, STORE_RETRY_NS, memory_store);
	else if (error < 0)
		journal_say(LOG_WARNING, "cannot hand the arena to the fd store: %s; "
		    "a restart will begin new epochs", strerror(-error));
}

int
memory_create(struct arena **ret)
{
	int error = arena_create(ret);

	if (error < 0)
		return error;
	store_again.arena = *ret;
	memory_store(&store_again.timer);
	return 0;
}

void
memory_close(struct arena *arena)
{
	timer_stop(&store_again.timer);
	arena_free(arena);
}

/* --------------------------------------------------------- the last good config */

/* Two texts, of which the lowest bit of `counter` names the true one; 0: none yet.  What was never
 * written to takes no memory. */
struct kept_config {
	_Atomic uint64_t counter;
	struct kept_text {
		uint32_t length, checksum;   /* of the counter, and the text */
		char bytes[CONFIG_TEXT_MAX];
	} text[2];
};

static int
kept_config_take(struct arena *arena, struct extent **ret)
{
	struct extent *extent;
	int error = arena_take(arena, EXTENT_CONFIG, "config", sizeof(struct kept_config), false,
	    &extent);

	if (error == 0 && extent->size < sizeof(struct kept_config)) {
		arena_drop(arena, extent);
		error = arena_take(arena, EXTENT_CONFIG, "config", sizeof(struct kept_config),
		    false, &extent);
	}
	if (error == 0)
		*ret = extent;
	return error;
}

int
memory_keep_config(struct arena *arena, const char *text, size_t length)
{
	struct extent *extent;
	struct kept_config *kept;
	struct kept_text *idle;
	uint64_t counter;
	int error;

	if (length > CONFIG_TEXT_MAX)
		return -EFBIG;
	error = kept_config_take(arena, &extent);
	if (error < 0)
		return error;
	kept = extent->memory;
	counter = atomic_load_explicit(&kept->counter, memory_order_relaxed);
	idle = &kept->text[(counter + 1) % 2];
	memcpy(idle->bytes, text, length);
	idle->length = (uint32_t)length;
	idle->checksum = arena_checksum((uint32_t)counter + 1, text, length);
	atomic_store_explicit(&kept->counter, counter + 1, memory_order_release);
	extent_release(arena, extent);
	return 0;
}

static char *
kept_text_copy(const struct kept_text *text, uint64_t counter, size_t *ret_length)
{
	char *copy;

	if (text->length > CONFIG_TEXT_MAX
	    || arena_checksum((uint32_t)counter, text->bytes, text->length) != text->checksum)
		return NULL;
	copy = malloc(text->length + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, text->bytes, text->length);
	copy[text->length] = '\0';
	*ret_length = text->length;
	return copy;
}

char *
memory_kept_config(struct arena *arena, size_t *ret_length)
{
	struct extent *extent;
	const struct kept_config *kept;
	uint64_t counter;
	char *copy = NULL;

	if (kept_config_take(arena, &extent) < 0)
		return NULL;
	kept = extent->memory;
	counter = atomic_load_explicit(&kept->counter, memory_order_relaxed);
	if (counter > 0)
		copy = kept_text_copy(&kept->text[counter % 2], counter, ret_length);
	extent_release(arena, extent);
	return copy;
}

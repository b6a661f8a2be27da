/* log.c - a log's life: opened, adopted, closed, dropped. */
#include "streams/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "streams/log_private.h"

#define RING_MIN (UINT64_C(1) << 12)
#define RING_MAX (UINT64_C(1) << 40)

/* -------------------------------------------------------------------- options */

static size_t
max_line_of(const struct log_options *options)
{
	size_t max_line = options->max_line != 0 ? options->max_line : MAX_LINE_DEFAULT;

	return max_line < ENCODER_LINE_MIN ? ENCODER_LINE_MIN : max_line;
}

int
log_ring_size_of(const struct log_options *options, uint64_t *ret)
{
	uint64_t size = options->size, least = max_line_of(options), ring = RING_MIN;

	if (least > RING_MAX / 4 || size > RING_MAX)
		return -EINVAL;
	while (ring < size || ring < least * 4)
		ring *= 2;
	*ret = ring;
	return 0;
}

void
log_take_options(struct log *log, const struct log_options *options)
{
	log->max_line = max_line_of(options);
	log->line_room = log->max_line + ENCODER_SLACK;
	log->count_limit = options->count != 0 ? options->count : UINT64_MAX;
	log->age_ns = options->age_ns;
	log->expiring_seq = 0;
}

/* ----------------------------------------------------------------------- open */

static int
epoch_make(char *epoch)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[EPOCH_LENGTH / 2];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return -errno;
	for (size_t i = 0; i < sizeof random; i++) {
		*epoch++ = digits[random[i] >> 4];
		*epoch++ = digits[random[i] & 15];
	}
	*epoch = '\0';
	return 0;
}

static int
log_begin_in(struct log *log, const char *path, uint64_t ring_size)
{
	struct log_header layout;
	uint64_t size;
	int r;

	layout = log_layout(ring_size, path != NULL, &size);
	r = store_prepare(&log->store, log->arena, log->name, NULL, path, size);
	if (r < 0)
		return r;
	r = log_map(log, &layout);
	if (r == 0) {
		log->next_seq = log->tail_seq = 1;
		log_format(log, &layout);
		r = store_replace(NULL, &log->store);
	}
	if (r < 0)
		store_drop(&log->store);
	return r;
}

/* A log without entries; in the arena, if it cannot be in the file. */
static int
log_begin(struct log *log, const struct log_options *options, uint64_t ring_size)
{
	int r = epoch_make(log->epoch);

	if (r < 0)
		return r;
	log->new_epoch = true;
	log_take_options(log, options);
	if (options->path != NULL && log->path_error == 0) {
		log->path_error = log_begin_in(log, options->path, ring_size);
		if (log->path_error == 0)
			return 0;
	}
	return log_begin_in(log, NULL, ring_size);
}

/* What was damaged, in a file, and can be read in part. */
static int
log_adopt_damaged(struct log *log)
{
	int r;

	if (!log_salvage(log))
		return -EBADMSG;
	r = epoch_make(log->epoch);
	if (r < 0)
		return r;
	log->new_epoch = true;
	log_set_epoch(log);
	return 0;
}

/* Written in this boot the file's pages are the kernel's, as the arena's are; else they are what
 * was on the disk, and that is all only if it was closed. */
static bool
log_intact(const struct log *log)
{
	return log->store.path == NULL || log_same_boot(log)
	    || log->hot->clean == log->hot->commits;
}

/* 0: adopted.  -EBADMSG: it is none. */
static int
log_adopt(struct log *log)
{
	struct log_header header;
	int r;

	if (log->store.size < sizeof header)
		return -EBADMSG;
	if (log->store.memory == NULL) {
		r = store_map(&log->store, log->store.size);
		if (r < 0)
			return r;
	}
	header = *(struct log_header *)log->store.memory;
	if (!log_header_valid(&header, log->name, log->store.size))
		return -EBADMSG;
	r = log_map(log, &header);
	if (r < 0)
		return r;
	memcpy(log->epoch, header.epoch, EPOCH_LENGTH);
	store_settle(&log->store, log->epoch);
	if (!log_intact(log) || !log_recover(log))
		r = log_adopt_damaged(log);
	if (r < 0 || log->store.path == NULL)
		return r;
	log->hot->clean = 0;
	log_set_boot(log);
	return store_sync(&log->store);
}

/* What was read back of a damaged one, and the damage. */
static void
log_forget(struct log *log)
{
	log->head = log->tail = log->commits = log->last_event = 0;
	log->position = (struct position){ .consumed = 0 };
	log->rare = (struct log_rare){ .state = STATE_STARTING };
	memset(log->kept, 0, sizeof log->kept);
	store_drop(&log->store);
}

/* In the ring that it was left in: its lines are no longer than four of them fit. */
static int
log_stay(struct log *log, const struct log_options *options)
{
	size_t max_line = log_ring_size(log) / 4;

	log_take_options(log, options);
	if (log->max_line > max_line) {
		log->max_line = max_line;
		log->line_room = max_line + ENCODER_SLACK;
	}
	return 0;
}

static int
log_attach(struct log *log, const struct log_options *options)
{
	uint64_t ring_size = 0;
	int r = log_ring_size_of(options, &ring_size);

	if (r < 0)
		return r;
	r = store_find(&log->store, log->arena, log->name, options->path);
	if (r < 0 && arena_has(log->arena, EXTENT_LOG, log->name))
		return r;
	if (r < 0) {
		log->path_error = r == -ENOENT ? 0 : r;
		return log_begin(log, options, ring_size);
	}
	r = log_adopt(log);
	if (r == 0)
		r = options->as_left ? log_stay(log, options) : log_change(log, options);
	if (r == 0)
		return 0;
	if (r != -EBADMSG) {
		store_release(&log->store);
		return r;
	}
	log_forget(log);
	return log_begin(log, options, ring_size);
}

static struct log *
log_new(struct arena *arena, const char *name)
{
	struct log *log = calloc(1, sizeof *log);

	if (log == NULL)
		return NULL;
	log->arena = arena;
	log->head_limit = log->floor_seq = log->left_seq = UINT64_MAX;
	log->kept_size = KEPT_MAX;
	log->rare.state = STATE_STARTING;
	log->wake.run = log_wake;
	log->expired_turn = loop_turns();
	if (encoder_init(&log->encoder, name) < 0) {
		free(log);
		return NULL;
	}
	strcpy(log->name, name);
	return log;
}

int
log_open(struct arena *arena, const char *name, const struct log_options *options,
    struct log **ret)
{
	struct encoder encoder;
	struct log *log;
	int r = encoder_init(&encoder, name);

	if (r < 0)
		return r;
	log = log_new(arena, name);
	if (log == NULL)
		return -ENOMEM;
	r = log_attach(log, options);
	if (r < 0) {
		free(log);
		return r;
	}
	*ret = log;
	return 0;
}

/* Nobody waits for room in a log that is closed: its pump has ended. */
static void
log_end(struct log *log)
{
	turn_task_cancel(&log->wake);
	log_abandon_cursors(log);
	promise_unref(log->room);
	free(log->latency);
	free(log);
}

/* First all of it, and then the word that says so. */
static void
log_finish_file(struct log *log)
{
	if (store_sync(&log->store) < 0)
		return;
	log->hot->clean = log->commits;
	(void)store_sync(&log->store);
}

void
log_close(struct log *log)
{
	if (log == NULL)
		return;
	if (log->store.path != NULL)
		log_finish_file(log);
	store_release(&log->store);
	log_end(log);
}

void
log_drop(struct log *log)
{
	if (log == NULL)
		return;
	store_drop(&log->store);
	paths_drop(log->arena, log->name);
	log_end(log);
}

/* ------------------------------------------------------------------ accessors */

const char *
log_name(const struct log *log)
{
	return log->name;
}

const char *
log_epoch(const struct log *log)
{
	return log->epoch;
}

bool
log_new_epoch(const struct log *log)
{
	return log->new_epoch;
}

int
log_path_error(const struct log *log)
{
	return log->path_error;
}

uint64_t
log_next_seq(const struct log *log)
{
	return log->next_seq;
}

uint64_t
log_tail_seq(const struct log *log)
{
	log_expire((struct log *)log);   /* what is too old is not kept, whenever it goes */
	return log->tail_seq;
}

struct position
log_position(const struct log *log)
{
	return log->position;
}

void *
log_kept(struct log *log)
{
	return log->kept;
}

struct crash_place *
log_crash_place(struct log *log)
{
	return &log->hot->crash;
}

void
log_set_kept_size(struct log *log, size_t size)
{
	log->kept_size = size < KEPT_MAX ? ((uint32_t)size + 7) / 8 * 8 : KEPT_MAX;
}

uint64_t
log_chain(const struct log *log)
{
	return log->rare.chain;
}

void
log_set_chain(struct log *log, uint64_t chain)
{
	log->rare_changed |= chain != log->rare.chain;
	log->rare.chain = chain;
}

int
log_set_unit(struct log *log, const char *unit)
{
	return encoder_set_unit(&log->encoder, unit);
}

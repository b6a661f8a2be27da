#include "sinks/unix_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x656c626174786e75)   /* "unxtable" */
#define SLOTS_MIN 1024u

static uint64_t
round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static uint64_t
power_of_two(uint64_t value)
{
	uint64_t power = 1;

	while (power < value)
		power *= 2;
	return power;
}

static uint64_t
page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ------------------------------------------------------------------- shapes */

/* All answers to one `subscribe`, which are true together: a line each, and in the reply every
 * pattern and stream by name. */
static uint64_t
subscribe_answer_max(const struct unix_limits *limits)
{
	return limits->request + (uint64_t)limits->subscriptions * 320 + 4096;
}

struct unix_shape
unix_shape_for(const struct unix_options *options)
{
	const struct unix_limits *limits = &options->limits;
	uint64_t outbox = limits->outbox, answer = subscribe_answer_max(limits);
	uint32_t slots = (uint32_t)limits->connections;

	return (struct unix_shape){
		.slots = slots < SLOTS_MIN ? SLOTS_MIN : slots,
		.cursors = (uint32_t)limits->subscriptions,
		.patterns = (uint32_t)limits->subscriptions,
		.outbox = power_of_two(outbox < answer ? answer : outbox),
		.receive = power_of_two(limits->request + 2),
	};
}

bool
unix_shape_serves(const struct unix_shape *shape, const struct unix_options *options)
{
	struct unix_shape need = unix_shape_for(options);

	return need.slots <= shape->slots && need.cursors <= shape->cursors
	    && need.patterns <= shape->patterns && need.outbox <= shape->outbox
	    && need.receive <= shape->receive;
}

static uint64_t
cold_offset(const struct unix_shape *shape)
{
	return round_up(UNIX_HOME + shape->outbox + sizeof(struct unix_slot) + UNIX_OWN
	    + shape->receive, 64);
}

static uint64_t
shape_stride(const struct unix_shape *shape)
{
	uint64_t cold = sizeof(struct unix_cold)
	    + shape->patterns * sizeof(struct unix_pattern)
	    + shape->cursors * sizeof(struct unix_cursor);

	return round_up(cold_offset(shape) + cold, page_size());
}

static uint64_t
shape_size(const struct unix_shape *shape)
{
	return page_size() + shape->slots * shape_stride(shape);
}

/* -------------------------------------------------------------------- table */

uint32_t
unix_table_checksum(const struct unix_table_header *header)
{
	uint32_t sum = arena_checksum(0, &header->magic, sizeof header->magic);

	sum = arena_checksum(sum, &header->version, sizeof header->version);
	return arena_checksum(sum, &header->shape, sizeof header->shape);
}

static bool
header_valid(const struct extent *extent)
{
	const struct unix_table_header *header = extent->memory;

	return extent->size >= sizeof *header && header->magic == MAGIC
	    && header->version == UNIX_TABLE_VERSION
	    && header->checksum == unix_table_checksum(header)
	    && extent->size == shape_size(&header->shape) && header->used <= header->shape.slots;
}

struct unix_table
unix_table_view(struct extent *extent)
{
	struct unix_table_header *header = extent->memory;

	return (struct unix_table){
		.extent = extent,
		.header = header,
		.shape = header->shape,
		.stride = shape_stride(&header->shape),
	};
}

/* Over an extent with a header that is right. */
static int
table_open(struct arena *arena, struct extent *extent, struct unix_table **ret)
{
	struct unix_table *table = calloc(1, sizeof *table);

	if (table == NULL)
		return -ENOMEM;
	*table = unix_table_view(extent);
	table->arena = arena;
	table->taken = calloc((table->shape.slots + 63) / 64, sizeof *table->taken);
	if (table->taken == NULL) {
		free(table);
		return -ENOMEM;
	}
	*ret = table;
	return 0;
}

int
unix_table_adopt(struct arena *arena, const char *name, struct unix_table **ret)
{
	struct extent *extent;
	int r;

	if (!arena_has(arena, EXTENT_CONNECTIONS, name))
		return -ENOENT;
	r = arena_take(arena, EXTENT_CONNECTIONS, name, page_size(), false, &extent);
	if (r < 0)
		return r;
	if (!header_valid(extent)) {
		arena_drop(arena, extent);
		return -EPROTONOSUPPORT;
	}
	r = table_open(arena, extent, ret);
	if (r < 0)
		extent_release(arena, extent);
	return r;
}

int
unix_table_new(struct arena *arena, const char *name, const struct unix_shape *shape,
    const struct unix_table *former, struct unix_table **ret)
{
	struct unix_table_header *header;
	struct extent *extent;
	int r = arena_take(arena, EXTENT_CONNECTIONS, name, shape_size(shape), false, &extent);

	if (r < 0)
		return r;
	header = extent->memory;
	*header = (struct unix_table_header){
		.magic = MAGIC,
		.version = UNIX_TABLE_VERSION,
		.shape = *shape,
	};
	if (former != NULL) {
		header->listener = former->header->listener;
		header->listener_table = former->header->listener_table;
	}
	r = table_open(arena, extent, ret);
	if (r < 0) {
		arena_drop(arena, extent);
		return r;
	}
	__atomic_store_n(&header->checksum, unix_table_checksum(header), __ATOMIC_RELEASE);
	return 0;
}

void
unix_table_close(struct unix_table *table, bool drop)
{
	if (drop)
		arena_drop(table->arena, table->extent);
	else
		extent_release(table->arena, table->extent);
	free(table->taken);
	free(table);
}

int64_t
unix_table_free_slot(const struct unix_table *table)
{
	uint32_t slots = table->shape.slots;

	for (uint32_t i = 0; i < slots; i += 64) {
		uint64_t bits = ~table->taken[i / 64];

		if (bits != 0 && i + (uint32_t)__builtin_ctzll(bits) < slots)
			return i + (uint32_t)__builtin_ctzll(bits);
	}
	return -1;
}

void
unix_table_mark(struct unix_table *table, uint32_t index, bool taken)
{
	uint64_t bit = UINT64_C(1) << (index % 64);

	if (taken) {
		table->taken[index / 64] |= bit;
		table->connections++;
	} else {
		table->taken[index / 64] &= ~bit;
		table->connections--;
	}
}

static uint64_t
place_offset(const struct unix_table *table, uint32_t index)
{
	return page_size() + index * table->stride;
}

struct unix_slot *
unix_table_slot(const struct unix_table *table, uint32_t index)
{
	char *place = (char *)table->extent->memory + place_offset(table, index);

	return (struct unix_slot *)(void *)(place + UNIX_HOME + table->shape.outbox);
}

/* ------------------------------------------------------------------- a slot */

void
unix_slot_set_state(struct unix_slot *slot, enum unix_slot_state state)
{
	__atomic_store_n(&slot->word, (slot->word & ~UINT64_C(3)) | state, __ATOMIC_RELEASE);
}

/* Where an empty outbox begins. */
static uint64_t
outbox_home(const struct unix_table *table)
{
	return table->shape.outbox - UNIX_HOME;
}

/* The kernel writes its counts here, and must not fault while it is killing us. */
void
unix_slot_lock(struct unix_table *table, const struct unix_slot *slot)
{
	size_t offset = (size_t)((const char *)slot - (const char *)table->extent->memory);

	(void)extent_lock(table->extent, offset, sizeof *slot);
}

void
unix_slot_init(struct unix_table *table, uint32_t index)
{
	struct unix_slot *slot = unix_table_slot(table, index);

	if (table->header->used <= index)
		__atomic_store_n(&table->header->used, index + 1, __ATOMIC_RELEASE);
	unix_slot_lock(table, slot);
	memset(slot, 0, sizeof *slot);
	slot->index = index;
	for (int i = 0; i < 2; i++) {
		slot->send[i].head = outbox_home(table);
		slot->send[i].tail = outbox_home(table);
	}
	__atomic_store_n(&slot->word, ++table->header->generations << 2 | UNIX_INIT,
	    __ATOMIC_RELEASE);
}

void
unix_slot_discard(struct unix_table *table, struct unix_slot *slot)
{
	uint64_t offset = place_offset(table, slot->index);

	extent_discard(table->extent, table->arena, (size_t)offset, (size_t)table->stride);
}

void
unix_slot_store_name(const struct unix_table *table, const struct unix_slot *slot,
    char name[static UNIX_STORE_NAME_SIZE])
{
	snprintf(name, UNIX_STORE_NAME_SIZE, "c-%" PRIu64 "-%" PRIu32 "-%" PRIu64,
	    table->extent->id, slot->index, unix_slot_generation(slot));
}

char *
unix_slot_ring(const struct unix_table *table, struct unix_slot *slot)
{
	(void)table;
	return (char *)(slot + 1) + UNIX_OWN;
}

char *
unix_slot_outbox(const struct unix_table *table, struct unix_slot *slot)
{
	return (char *)slot - table->shape.outbox;
}

struct unix_cold *
unix_slot_cold(const struct unix_table *table, struct unix_slot *slot)
{
	char *place = (char *)slot - table->shape.outbox - UNIX_HOME;

	return (struct unix_cold *)(void *)(place + cold_offset(&table->shape));
}

struct unix_id *
unix_slot_id(const struct unix_table *table, struct unix_slot *slot, uint32_t index)
{
	return &unix_slot_cold(table, slot)->id[index];
}

struct unix_pattern *
unix_slot_pattern(const struct unix_table *table, struct unix_slot *slot, uint32_t index)
{
	struct unix_pattern *far = (struct unix_pattern *)(unix_slot_cold(table, slot) + 1);

	if (index < UNIX_PATTERNS_NEAR)
		return &slot->pattern[index];
	return &far[index - UNIX_PATTERNS_NEAR];
}

struct unix_cursor *
unix_slot_cursor(const struct unix_table *table, struct unix_slot *slot, uint32_t index)
{
	struct unix_pattern *patterns = (struct unix_pattern *)(unix_slot_cold(table, slot) + 1);
	struct unix_cursor *far = (struct unix_cursor *)(patterns + table->shape.patterns);

	if (index < UNIX_CURSORS_NEAR)
		return &slot->cursor[index];
	return &far[index - UNIX_CURSORS_NEAR];
}

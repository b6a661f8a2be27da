#include "sources/inlet.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A receive with less room than this is not worth its system call. */
#define ROOM_MIN (INLET_BATCH / 2)

#define PAGE ((size_t)4096)
#define INLETS_MAGIC UINT64_C(0x73656c6e69747761)   /* "awtinles", as the bytes lie */

/* At the bulk's beginning. */
struct inlet_head {
	uint64_t magic;
	uint64_t count, half;
};

_Static_assert(sizeof(struct inlet) <= INLET_SIZE, "an inlet fits its place");
_Static_assert(sizeof(struct inlet_head) <= INLET_SIZE, "so does what is said of all");

static size_t
page_align(size_t size)
{
	return (size + PAGE - 1) & ~(PAGE - 1);
}

struct inlet_layout
inlet_layout(size_t count, size_t max)
{
	return (struct inlet_layout){ .count = count, .half = page_align(max + INLET_BATCH) };
}

size_t
inlet_table_size(const struct inlet_layout *layout)
{
	return page_align((1 + layout->count) * INLET_SIZE);
}

size_t
inlet_offset(const struct inlet_layout *layout, size_t i)
{
	return inlet_table_size(layout) + 2 * i * layout->half;
}

size_t
inlet_layout_size(const struct inlet_layout *layout)
{
	return inlet_offset(layout, layout->count);
}

struct inlet *
inlet_at(const struct inlet_layout *layout, size_t i)
{
	return (struct inlet *)(void *)(layout->memory + (1 + i) * INLET_SIZE);
}

static char *
inlet_place(const struct inlet_layout *layout, size_t i, uint32_t half, size_t offset)
{
	return (char *)layout->memory + inlet_offset(layout, i) + half * layout->half + offset;
}

/* What was stored so far is in memory before what follows: for who comes after our death the
 * compiler's order is all it takes. */
static void
barrier(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void
inlet_init(struct inlet *inlet, uint32_t generation)
{
	const struct inlet fresh = {
		.generation = (inlet->generation > generation ? inlet->generation : generation) + 1,
	};

	*inlet = fresh;
	barrier();
	inlet->state = INLET_INIT;
}

static const struct inlet_slot *
inlet_active(const struct inlet *inlet)
{
	return &inlet->slot[inlet->receives & 1];
}

uint64_t
inlet_received(const struct inlet *inlet)
{
	const struct inlet_slot *slot = inlet_active(inlet);

	/* The kernel writes it behind the compiler's back. */
	return slot->base + *(const volatile unsigned int *)&slot->header.msg_len;
}

const char *
inlet_data(const struct inlet_layout *layout, size_t i, size_t *ret_length)
{
	const struct inlet *inlet = inlet_at(layout, i);
	const struct inlet_slot *slot = inlet_active(inlet);
	uint64_t done = inlet_done_offset(inlet->done);
	/* It may lie before base or behind it: the difference wraps, and fits. */
	size_t offset = slot->offset + (size_t)(done - slot->base);

	*ret_length = (size_t)(inlet_received(inlet) - done);
	return inlet_place(layout, i, slot->half, offset);
}

/* -------------------------------------------------------------------- receive */

/* Where the next bytes go: behind those that are left, which move if there is too little room. */
static void
inlet_prepare(const struct inlet_layout *layout, size_t i, struct inlet_slot *slot)
{
	const struct inlet *inlet = inlet_at(layout, i);
	const struct inlet_slot *active = inlet_active(inlet);
	size_t left;
	const char *data = inlet_data(layout, i, &left);

	slot->base = inlet_received(inlet);
	slot->half = active->half;
	slot->offset = left > 0 ? active->offset + (uint32_t)(slot->base - active->base) : 0;
	if (layout->half - slot->offset >= ROOM_MIN)
		return;
	slot->half ^= 1;
	slot->offset = (uint32_t)left;
	memcpy(inlet_place(layout, i, slot->half, 0), data, left);
}

ssize_t
inlet_receive(const struct inlet_layout *layout, size_t i, int fd, size_t limit)
{
	struct inlet *inlet = inlet_at(layout, i);
	struct inlet_slot *slot = &inlet->slot[(inlet->receives + 1) & 1];
	size_t room;
	long r;

	inlet_prepare(layout, i, slot);
	room = layout->half - slot->offset;
	if (room > INLET_BATCH)
		room = INLET_BATCH;
	slot->iov.iov_base = inlet_place(layout, i, slot->half, slot->offset);
	slot->iov.iov_len = room < limit ? room : limit;
	slot->header = (struct mmsghdr){ .msg_hdr = { .msg_iov = &slot->iov, .msg_iovlen = 1 } };
	barrier();
	inlet->receives++;
	barrier();
	/* Not by the libc, which may emulate it in memory of its own. */
	r = syscall(SYS_recvmmsg, fd, &slot->header, 1U, MSG_DONTWAIT, NULL);
	barrier();
	return r < 0 ? -errno : (ssize_t)slot->header.msg_len;
}

/* ------------------------------------------------------------------- recovery */

static bool
inlet_slot_valid(const struct inlet_layout *layout, const struct inlet_slot *slot)
{
	return slot->half <= 1 && slot->offset <= layout->half
	    && slot->header.msg_len <= layout->half - slot->offset;
}

bool
inlet_recover(const struct inlet_layout *layout, size_t i, uint64_t committed)
{
	struct inlet *inlet = inlet_at(layout, i);
	const struct inlet_slot *slot = inlet_active(inlet);
	uint64_t received = inlet_received(inlet), done;

	if (!inlet_slot_valid(layout, slot))
		return false;
	if (inlet_done_offset(committed) > inlet_done_offset(inlet->done))
		inlet->done = committed;
	done = inlet_done_offset(inlet->done);
	/* All that is left lies in the half, before the active slot's last byte. */
	return done <= received && received - done <= slot->offset + slot->header.msg_len;
}

/* ------------------------------------------------------------------ other limits */

void
inlet_layout_write(const struct inlet_layout *layout)
{
	struct inlet_head *head = (struct inlet_head *)(void *)layout->memory;

	head->count = layout->count;
	head->half = layout->half;
	barrier();
	head->magic = INLETS_MAGIC;
}

bool
inlet_layout_read(void *memory, size_t size, struct inlet_layout *ret)
{
	const struct inlet_head *head = memory;
	struct inlet_layout layout = { memory, (size_t)head->count, (size_t)head->half };

	if (head->magic != INLETS_MAGIC || layout.count == 0 || layout.count > size / INLET_SIZE
	    || layout.half > size || layout.half % PAGE != 0 || inlet_layout_size(&layout) != size)
		return false;
	*ret = layout;
	return true;
}

static size_t
inlet_left(const struct inlet_layout *layout, size_t i)
{
	const struct inlet *inlet = inlet_at(layout, i);

	return (size_t)(inlet_received(inlet) - inlet_done_offset(inlet->done));
}

struct inlet_layout
inlet_layout_for(size_t count, size_t max, const struct inlet_layout *from)
{
	struct inlet_layout layout = inlet_layout(count, max);

	for (size_t i = 0; i < from->count; i++) {
		const struct inlet *inlet = inlet_at(from, i);

		if (inlet->state == INLET_FREE)
			continue;
		if (layout.count <= i)
			layout.count = i + 1;
		if (inlet->state != INLET_CLOSING && layout.half < inlet_left(from, i))
			layout.half = page_align(inlet_left(from, i));
	}
	return layout;
}

/* What is left of it comes to lie at the beginning. */
static void
inlet_copy(const struct inlet_layout *from, const struct inlet_layout *to, size_t i)
{
	struct inlet *inlet = inlet_at(to, i);
	size_t left;
	const char *data = inlet_data(from, i, &left);

	inlet->done = inlet_at(from, i)->done;
	inlet->crash = inlet_at(from, i)->crash;
	inlet->slot[0].base = inlet_received(inlet_at(from, i));
	inlet->slot[0].offset = (uint32_t)left;
	memcpy(inlet_place(to, i, 0, 0), data, left);
}

void
inlet_layout_copy(const struct inlet_layout *from, const struct inlet_layout *to)
{
	for (size_t i = 0; i < from->count && i < to->count; i++) {
		inlet_at(to, i)->generation = inlet_at(from, i)->generation;
		inlet_at(to, i)->state = inlet_at(from, i)->state;
		if (inlet_at(from, i)->state != INLET_FREE
		    && inlet_at(from, i)->state != INLET_CLOSING)
			inlet_copy(from, to, i);
	}
}

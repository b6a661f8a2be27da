#include "daemon/rate.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SLOTS 512
#define NAME_MAX_LENGTH 79

struct slot {
	uint64_t since;              /* 0: free */
	uint64_t suppressed;
	uint32_t lines;
	char name[NAME_MAX_LENGTH + 1];   /* whose first line was not shown */
};

static struct slot slots[SLOTS];

/* FNV-1a */
static struct slot *
rate_slot(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return &slots[hash % SLOTS];
}

static bool
slot_is_over(const struct slot *slot, uint64_t mono_ns)
{
	return mono_ns - slot->since >= RATE_WINDOW_NS;
}

bool
rate_allows(const char *name, uint64_t mono_ns)
{
	struct slot *slot = rate_slot(name);

	/* With lines owed it stays closed until rate_each_over() has told. */
	if (slot->since == 0 || (slot_is_over(slot, mono_ns) && slot->suppressed == 0))
		*slot = (struct slot){ .since = mono_ns != 0 ? mono_ns : 1 };
	if (slot->lines < RATE_BURST) {
		slot->lines++;
		return true;
	}
	if (slot->suppressed++ == 0)
		snprintf(slot->name, sizeof slot->name, "%s", name);
	return false;
}

void
rate_each_over(uint64_t mono_ns,
    void (*each)(const char *name, uint64_t suppressed, void *context), void *context)
{
	for (struct slot *slot = slots; slot < slots + SLOTS; slot++) {
		if (slot->since == 0 || !slot_is_over(slot, mono_ns))
			continue;
		if (slot->suppressed > 0)
			each(slot->name, slot->suppressed, context);
		slot->since = 0;
	}
}

void
rate_reset(void)
{
	memset(slots, 0, sizeof slots);
}

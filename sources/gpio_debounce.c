#include "sources/gpio_debounce.h"

void
gpio_debounce_hold(struct gpio_kept *kept, const struct gpio_edge *edge)
{
	kept->pending = 1;
	kept->pending_value = edge->rising;
	kept->pending_ns = edge->mono_ns;
}

uint64_t
gpio_debounce_due(const struct gpio_kept *kept, uint64_t debounce_ns)
{
	return kept->pending ? kept->pending_ns + debounce_ns : UINT64_MAX;
}

bool
gpio_debounce_release(struct gpio_kept *kept)
{
	kept->pending = 0;
	if (kept->pending_value == kept->value)
		return false;
	kept->value = kept->pending_value;
	return true;
}

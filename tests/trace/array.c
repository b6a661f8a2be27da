/* An array's iterator: async/'s, whose items are addresses; here they are values again, and those
 * that are promises say so. */
#include <stdlib.h>

#include "tests/trace/activation.h"
#include "tests/trace/instance.h"
#include "tests/trace/keep.h"
#include "tests/trace/value.h"

struct array {
	struct sync_iterator iterator;
	struct sync_iterator *addresses;
};

static enum completion_type
array_next(struct sync_iterator *iterator, union value value, struct sync_result *ret)
{
	struct sync_iterator *addresses = ((struct array *)iterator)->addresses;
	enum completion_type type = addresses->ops->next(addresses, value, ret);

	if (ret->kind == RESULT_VALUE) {
		ret->value = *(const union value *)ret->value.constant;
		ret->promise = value_in_result(ret->value);
	}
	return type;
}

static void
array_free(struct sync_iterator *iterator)
{
	sync_iterator_free(((struct array *)iterator)->addresses);
	free(iterator);
}

struct sync_iterator *
array_iterator_new(const struct generator *generator)
{
	static const struct sync_iterator_ops ops = { .next = array_next, .free = array_free };
	struct array *array = calloc(1, sizeof *array);
	union value *items = keep_alloc(generator->item_count * sizeof *items);

	for (size_t i = 0; i < generator->item_count; i++)
		items[i] = evaluate(&generator->items[i], NULL);
	if (array == NULL)
		die("no memory");
	array->iterator.ops = &ops;
	array->addresses = array_values(items, generator->item_count, sizeof *items);
	if (array->addresses == NULL)
		die("no memory");
	return &array->iterator;
}

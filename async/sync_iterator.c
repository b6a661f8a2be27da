#include "async/sync_iterator.h"

#include <stdlib.h>

void
sync_iterator_free(struct sync_iterator *iterator)
{
	if (iterator != NULL)
		iterator->ops->free(iterator);
}

struct completion
sync_iterator_close(struct sync_iterator *iterator, struct completion completion)
{
	struct sync_result result = { .kind = RESULT_VALUE };
	enum completion_type type;

	if (iterator->ops->return_ == NULL)
		return completion;
	type = iterator->ops->return_(iterator, value_undefined(), &result);
	if (completion.type == COMPLETION_THROW)
		return completion;
	if (type == COMPLETION_THROW)
		return (struct completion){ .type = COMPLETION_THROW, .value = result.value };
	if (result.kind == RESULT_NOT_OBJECT)
		return (struct completion){ .type = COMPLETION_THROW,
			.value = value_number(TYPE_ERROR) };
	return completion;
}

struct completion
sync_iterator_spread(struct sync_iterator *iterator,
    void (*each)(void *context, const struct sync_result *result), void *context)
{
	for (;;) {
		struct sync_result result = { .kind = RESULT_VALUE };

		if (iterator->ops->next(iterator, value_undefined(), &result) == COMPLETION_THROW)
			return (struct completion){ .type = COMPLETION_THROW, .value = result.value };
		if (result.kind == RESULT_NOT_OBJECT)
			return (struct completion){ .type = COMPLETION_THROW,
				.value = value_number(TYPE_ERROR) };
		if (result.kind == RESULT_DONE)
			return (struct completion){ .type = COMPLETION_NORMAL };
		each(context, &result);
	}
}

struct completion
iterator_spread(struct iterator *iterator)
{
	(void)iterator;
	return (struct completion){ .type = COMPLETION_THROW, .value = value_number(TYPE_ERROR) };
}

/* --------------------------------------------------------------------- array */

struct array_iterator {
	struct sync_iterator iterator;
	const char *items;
	size_t left, size;
};

static enum completion_type
array_next(struct sync_iterator *iterator, union value value, struct sync_result *ret)
{
	struct array_iterator *array = (struct array_iterator *)iterator;

	(void)value;
	*ret = (struct sync_result){ .kind = RESULT_DONE };
	if (array->left == 0)
		return COMPLETION_NORMAL;
	*ret = (struct sync_result){ .value.constant = array->items, .kind = RESULT_VALUE };
	array->items += array->size;
	array->left--;
	return COMPLETION_NORMAL;
}

static void
array_free(struct sync_iterator *iterator)
{
	free(iterator);
}

struct sync_iterator *
array_values(const void *items, size_t count, size_t size)
{
	static const struct sync_iterator_ops ops = { .next = array_next, .free = array_free };
	struct array_iterator *array = malloc(sizeof *array);

	if (array == NULL)
		return NULL;
	*array = (struct array_iterator){ { &ops }, items, count, size };
	return &array->iterator;
}

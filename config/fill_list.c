/* fill_list.c - the kinds that are arrays. */
#include "config/fill.h"

/* An array of as many items as the option allows; *ret_items is then room for them. */
static bool
list_begin(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, size_t size, void **ret_items)
{
	int64_t count = (int64_t)json_array_size(value), bound;

	if (!json_is_array(value) ||
	    (option->min != NULL && bound_integer(option, option->min, &bound) == 0 &&
	    count < bound) ||
	    (option->max != NULL && bound_integer(option, option->max, &bound) == 0 &&
	    count > bound))
		return fill_wrong(fill, place, option, value);
	*ret_items = pool_alloc(fill->pool, json_array_size(value) * size);
	return *ret_items != NULL || fill_no_memory(fill);
}

bool
fill_strings(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, struct option_strings *ret)
{
	const struct option one = { .kind = OPTION_KIND_STRING, .empty = option->empty };
	void *room;
	const char **items;
	bool ok = true;

	if (!list_begin(fill, place, option, value, sizeof *items, &room))
		return false;
	items = room;
	for (size_t i = 0; i < json_array_size(value); i++) {
		struct place item = { place, NULL, i };

		if (!fill_scalar(fill, &item, &one, json_array_get(value, i), &items[i]))
			ok = false;
	}
	*ret = (struct option_strings){ items, json_array_size(value) };
	return ok;
}

bool
fill_ids(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, struct option_ids *ret)
{
	void *room;
	uint32_t *items;
	bool ok = true;

	if (!list_begin(fill, place, option, value, sizeof *items, &room))
		return false;
	items = room;
	for (size_t i = 0; i < json_array_size(value); i++) {
		struct place item = { place, NULL, i };

		if (!fill_id(fill, &item, option, json_array_get(value, i), &items[i]))
			ok = false;
	}
	*ret = (struct option_ids){ items, json_array_size(value) };
	return ok;
}

bool
fill_objects(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, struct option_objects *ret)
{
	void *room;
	bool ok = true;

	if (!list_begin(fill, place, option, value, option->size, &room))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		struct place item = { place, NULL, i };

		if (!fill_object(fill, &item, json_array_get(value, i), option->options, NULL, NULL,
		        (char *)room + i * option->size))
			ok = false;
	}
	*ret = (struct option_objects){ room, json_array_size(value) };
	return ok;
}

bool
fill_typed_list(const struct fill *fill, const struct place *place, const struct option *option,
    json_t *value, struct option_typed_list *ret)
{
	void *room;
	struct option_typed *items;
	bool ok = true;

	if (!list_begin(fill, place, option, value, sizeof *items, &room))
		return false;
	items = room;
	for (size_t i = 0; i < json_array_size(value); i++) {
		struct place item = { place, NULL, i };

		if (!fill_typed(fill, &item, (enum config_table)option->table,
		    json_array_get(value, i),
		        &items[i]))
			ok = false;
	}
	*ret = (struct option_typed_list){ items, json_array_size(value) };
	return ok;
}

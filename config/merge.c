/* merge.c - JSON Merge Patch (RFC 7396).  Depth is bounded by json_check()'s. */
#include <stdbool.h>
#include <string.h>

#include "config/document.h"

static bool
ignored(const char *name)
{
	return strcmp(name, "$schema") == 0 || strcmp(name, "$comment") == 0;
}

static json_t *copy_clean(json_t *value);

static json_t *
copy_array(json_t *array)
{
	json_t *copy = json_array(), *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (json_array_append_new(copy, copy_clean(item)) < 0) {
			json_decref(copy);
			return NULL;
		}
	}
	return copy;
}

static json_t *
copy_object(json_t *object)
{
	json_t *copy = json_object(), *item;
	const char *name;

	json_object_foreach(object, name, item) {
		if (!ignored(name) && json_object_set_new(copy, name, copy_clean(item)) < 0) {
			json_decref(copy);
			return NULL;
		}
	}
	return copy;
}

/* What is within an array is no patch: nulls stay, and only what is ignored goes. */
static json_t *
copy_clean(json_t *value)
{
	if (json_is_array(value))
		return copy_array(value);
	if (json_is_object(value))
		return copy_object(value);
	return json_incref(value);
}

static int
merge_member(json_t *object, const char *name, json_t *patch)
{
	if (ignored(name))
		return 0;
	if (!json_is_null(patch))
		return json_object_set_new(object, name,
		    merge_patch(json_object_get(object, name), patch));
	(void)json_object_del(object, name);   /* there may be none */
	return 0;
}

json_t *
merge_patch(json_t *target, json_t *patch)
{
	json_t *merged, *item;
	const char *name;

	if (!json_is_object(patch))
		return copy_clean(patch);
	merged = json_is_object(target) ? json_copy(target) : json_object();
	if (merged == NULL)
		return NULL;
	json_object_foreach(patch, name, item) {
		if (merge_member(merged, name, item) < 0) {
			json_decref(merged);
			return NULL;
		}
	}
	return merged;
}

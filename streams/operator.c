#include "streams/operator.h"

#include "async/async_generator.h"
#include "base/json.h"

struct iterator *
operator_new(const struct operator_ops *ops, const void *options, void *kept,
    struct iterator *upstream)
{
	struct iterator *iterator = async_generator_over(ops->name, ops->run, ops->size, upstream);
	struct operator *operator;

	if (iterator == NULL)
		return NULL;
	operator = async_generator_frame(iterator);
	operator->upstream = upstream;
	operator->options = options;
	operator->kept = kept;
	return iterator;
}

bool
json_value_number(const struct json_value *value, double *ret)
{
	switch (value->kind) {
	case JSON_INTEGER:
		*ret = (double)value->integer;
		return true;
	case JSON_UNSIGNED:
		*ret = (double)value->unsigned_integer;
		return true;
	case JSON_DOUBLE:
		*ret = value->number;
		return true;
	case JSON_TEXT:
		return json_span_double((struct json_span){ value->text.data, value->text.length },
		    ret) == 0;
	case JSON_NULL_VALUE:
	case JSON_BOOL:
	case JSON_STRING:
	case JSON_BASE64:
		break;
	}
	return false;
}

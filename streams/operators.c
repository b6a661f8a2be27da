/* All operators: one line each. */
#include "streams/operators.h"

const struct operator_ops *const operator_table[] = {
	&map_operator,
	&filter_operator,
	&scale_operator,
	&deadband_operator,
	&take_operator,
	&drop_operator,
	NULL,
};

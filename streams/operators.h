/* operators.h - the ops of all operators, for operators.c and for tests. */
#ifndef STREAMS_OPERATORS_H
#define STREAMS_OPERATORS_H

#include "streams/operator.h"

extern const struct operator_ops map_operator;
extern const struct operator_ops filter_operator;
extern const struct operator_ops scale_operator;
extern const struct operator_ops deadband_operator;
extern const struct operator_ops take_operator;
extern const struct operator_ops drop_operator;

#endif

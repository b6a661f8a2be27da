/* output.h - stdout, in whole lines: gathered while lines are at hand, written before a wait. */
#ifndef CLIENTS_OUTPUT_H
#define CLIENTS_OUTPUT_H

#include <stdint.h>

#include "clients/buffer.h"

/* Where what is to be printed is gathered; a line is complete with its "\n". */
struct buffer *output(void);

/* Writes what was gathered.  0, or as wait_for(): after a signal the line in hand is finished,
 * unless its reader takes nothing until the deadline or a second signal. */
int output_flush(uint64_t deadline);

/* True when enough is gathered that it should be written although more is at hand. */
bool output_full(void);

#endif

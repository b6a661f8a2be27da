/* fake-fdstore.h - the fd store in this process's memory, in place of base/fdstore's client. */
#ifndef TESTS_FAKE_FDSTORE_H
#define TESTS_FAKE_FDSTORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fdstore.h"

extern bool fake_store_is_there;
extern bool fake_store_is_busy;      /* pushes get -EAGAIN */

/* Called behind each push, if it is set. */
extern void (*fake_store_pushed)(void);

/* What is stored is handed over, as by a restart. */
void fake_store_hand_over(void);

/* How many are stored. */
size_t fake_store_count(void);

/* Closes and forgets everything. */
void fake_store_clear(void);

#endif

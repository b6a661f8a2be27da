/* table.h - answers as an aligned table, or as one block an answer where that is too wide.
 *
 * The columns are the members that the answers have, so a newer daemon's show without a newer
 * awaitctl; members of members are "outer.inner". */
#ifndef CLIENTS_TABLE_H
#define CLIENTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "clients/buffer.h"
#include "clients/view.h"

struct table;

/* `first`: the heading of the column of subjects.  `hidden`: names that are left out, NULL ended.
 * Both must outlive the table. */
struct table *table_new(const char *first, const char *const *hidden);
void table_free(struct table *table);

/* Copies what it needs. */
void table_add(struct table *table, struct view subject, struct view answer);

/* Appends headings and rows; nothing for a table without rows. */
void table_print(const struct table *table, struct buffer *buffer);

#endif

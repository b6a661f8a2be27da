/* The tables of a sink: the newest, in which connections are made, and older ones, whose shape was
 * too small for a later config, until the last of their connections is gone: a peer keeps the
 * limits that it was greeted with. */
#include "sinks/unix_private.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* The first has the sink's own name, others one that no sink can have. */
static void
table_name(const struct unix_sink *sink, unsigned int number, char name[static ARENA_NAME_MAX + 1])
{
	if (number == 0)
		snprintf(name, ARENA_NAME_MAX + 1, "%s", sink->name);
	else
		snprintf(name, ARENA_NAME_MAX + 1, "%s/%u", sink->name, number);
}

/* Ids grow. */
static void
table_add(struct unix_sink *sink, struct unix_table *table)
{
	LIST_INSERT_HEAD(&sink->tables, table, link);
	if (sink->table == NULL || table->extent->id > sink->table->extent->id)
		sink->table = table;
}

static int
adopt_all(struct unix_sink *sink)
{
	char name[ARENA_NAME_MAX + 1];
	struct unix_table *table;
	int r = 0;

	for (unsigned int i = 0; i < UNIX_TABLES && r == 0; i++) {
		table_name(sink, i, name);
		r = unix_table_adopt(sink->arena, name, &table);
		if (r == 0)
			table_add(sink, table);
		else if (r == -ENOENT || r == -EPROTONOSUPPORT)
			r = 0;
	}
	return r;
}

int
unix_tables_grow(struct unix_sink *sink, const struct unix_options *options)
{
	struct unix_shape shape = unix_shape_for(options);
	char name[ARENA_NAME_MAX + 1];
	struct unix_table *table;
	unsigned int number = 0;
	int r;

	do
		table_name(sink, number, name);
	while (arena_has(sink->arena, EXTENT_CONNECTIONS, name) && ++number < UNIX_TABLES);
	if (number == UNIX_TABLES)
		return -ENOSPC;
	r = unix_table_new(sink->arena, name, &shape, sink->table, &table);
	if (r < 0)
		return r;
	table_add(sink, table);
	unix_tables_consider(sink);
	return 0;
}

int
unix_tables_open(struct unix_sink *sink)
{
	int r = adopt_all(sink);

	if (r == 0 && (sink->table == NULL
	    || !unix_shape_serves(&sink->table->shape, &sink->options)))
		r = unix_tables_grow(sink, &sink->options);
	if (r < 0 && sink->table != NULL && r != -ENOMEM) {
		unix_log(sink, LOG_WARNING, "goes on with the limits that it had: %s",
		    strerror(-r));
		r = 0;
	}
	if (r < 0)
		unix_tables_close(sink, false);
	return r;
}

void
unix_tables_close(struct unix_sink *sink, bool drop)
{
	struct unix_table *table;

	turn_task_cancel(&sink->tidy);
	while ((table = LIST_FIRST(&sink->tables)) != NULL) {
		LIST_REMOVE(table, link);
		unix_table_close(table, drop);
	}
	sink->table = NULL;
}

/* ------------------------------------------------------------------- tidying up */

static void
counters_add(struct unix_counters *to, const struct unix_counters *from)
{
	to->accepted += from->accepted;
	to->refused += from->refused;
	to->deliveries += from->deliveries;
	to->bytes += from->bytes;
	to->lost += from->lost;
}

static void
tidy(struct turn_task *task)
{
	struct unix_sink *sink = (struct unix_sink *)((char *)task - offsetof(struct unix_sink, tidy));
	struct unix_table *table, *next;

	for (table = LIST_FIRST(&sink->tables); table != NULL; table = next) {
		next = LIST_NEXT(table, link);
		if (table == sink->table || table->connections > 0)
			continue;
		counters_add(&sink->table->header->counters, &table->header->counters);
		LIST_REMOVE(table, link);
		unix_table_close(table, true);
	}
}

void
unix_tables_consider(struct unix_sink *sink)
{
	sink->tidy.run = tidy;
	loop_at_turn_end(&sink->tidy);
}

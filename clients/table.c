#include "clients/table.h"

#include <stdlib.h>
#include <string.h>

#include "clients/terminal.h"
#include "clients/text.h"

#define COLUMNS_MAX 64u
#define BETWEEN 2u

struct cell {
	char *text; /* NULL: this answer has no such member */
	size_t length, columns;
	bool number;
};

struct row {
	struct cell cells[COLUMNS_MAX];
};

struct table {
	const char *const *hidden;
	struct row heading;
	size_t n_columns;
	struct row *rows;
	size_t n_rows;
};

static void
cell_set(struct cell *cell, struct view value)
{
	struct buffer text = { 0 };

	free(cell->text);
	if (view_type(value) == VIEW_NULL)
		buffer_text(&text, "-");
	else
		text_show(&text, value);
	*cell = (struct cell) {
		.text = memory_string(text.data, text.length),
		.length = text.length,
		.columns = text_columns(text.data, text.length),
		.number = view_type(value) == VIEW_NUMBER,
	};
	buffer_free(&text);
}

struct table *
table_new(const char *first, const char *const *hidden)
{
	struct table *table = memory_resize(NULL, sizeof *table);

	*table = (struct table) { .hidden = hidden, .n_columns = 1 };
	cell_set(&table->heading.cells[0], (struct view) { first, strlen(first) });
	return table;
}

static void
row_clear(struct row *row)
{
	for (size_t i = 0; i < COLUMNS_MAX; i++)
		free(row->cells[i].text);
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	row_clear(&table->heading);
	for (size_t i = 0; i < table->n_rows; i++)
		row_clear(&table->rows[i]);
	free(table->rows);
	free(table);
}

static bool
is_hidden(const struct table *table, struct view name)
{
	for (const char *const *hidden = table->hidden; *hidden != NULL; hidden++)
		if (view_is(name, *hidden))
			return true;
	return false;
}

/* The column of that name, made if it is new; COLUMNS_MAX when there are too many. */
static size_t
find_column(struct table *table, struct view name)
{
	for (size_t i = 1; i < table->n_columns; i++)
		if (view_is(name, table->heading.cells[i].text))
			return i;
	if (table->n_columns == COLUMNS_MAX)
		return COLUMNS_MAX;
	cell_set(&table->heading.cells[table->n_columns], name);
	return table->n_columns++;
}

static void
add_member(struct table *table, struct view name, struct view value)
{
	size_t column;

	if (is_hidden(table, name))
		return;
	column = find_column(table, name);
	if (column < COLUMNS_MAX)
		cell_set(&table->rows[table->n_rows - 1].cells[column], value);
}

/* Members of members become "outer.inner", as deep as the line goes. */
static void
add_members(struct table *table, const struct buffer *prefix, struct view object)
{
	struct view_walk walk = view_walk(object);
	struct view key, value;

	while (view_next(&walk, &key, &value)) {
		struct buffer name = { 0 };

		buffer_append(&name, prefix->data, prefix->length);
		buffer_view(&name, view_inside(key));
		if (view_type(value) == VIEW_OBJECT) {
			buffer_text(&name, ".");
			add_members(table, &name, value);
		} else {
			add_member(table, (struct view) { name.data, name.length }, value);
		}
		buffer_free(&name);
	}
}

void
table_add(struct table *table, struct view subject, struct view answer)
{
	table->rows = memory_resize(table->rows, (table->n_rows + 1) * sizeof *table->rows);
	memset(&table->rows[table->n_rows++], 0, sizeof *table->rows);
	cell_set(&table->rows[table->n_rows - 1].cells[0], subject);
	add_members(table, &(struct buffer) { 0 }, answer);
}

static size_t
column_width(const struct table *table, size_t column)
{
	size_t width = table->heading.cells[column].columns;

	for (size_t i = 0; i < table->n_rows; i++)
		if (table->rows[i].cells[column].columns > width)
			width = table->rows[i].cells[column].columns;
	return width;
}

static bool
column_is_numbers(const struct table *table, size_t column)
{
	for (size_t i = 0; i < table->n_rows; i++)
		if (table->rows[i].cells[column].text != NULL && !table->rows[i].cells[column].number)
			return false;
	return true;
}

static void
print_cell(const struct table *table, const struct row *row, size_t column, struct buffer *buffer)
{
	const struct cell *cell = &row->cells[column];
	size_t padding = column_width(table, column) - cell->columns;
	bool right = column_is_numbers(table, column);

	buffer_spaces(buffer, right ? padding : 0);
	buffer_append(buffer, cell->text, cell->length);
	if (column + 1 < table->n_columns)
		buffer_spaces(buffer, (right ? 0 : padding) + BETWEEN);
}

static void
print_row(const struct table *table, const struct row *row, enum ink ink, struct buffer *buffer)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		bool inked = i == 0 || row == &table->heading;

		if (inked)
			ink_on(buffer, ink);
		print_cell(table, row, i, buffer);
		if (inked)
			ink_off(buffer);
	}
	buffer_text(buffer, "\n");
}

static void
print_block(const struct table *table, const struct row *row, struct buffer *buffer)
{
	size_t width = 0;

	for (size_t i = 1; i < table->n_columns; i++)
		if (table->heading.cells[i].columns > width)
			width = table->heading.cells[i].columns;
	ink_on(buffer, INK_BOLD);
	buffer_append(buffer, row->cells[0].text, row->cells[0].length);
	ink_off(buffer);
	buffer_text(buffer, "\n");
	for (size_t i = 1; i < table->n_columns; i++) {
		const struct cell *heading = &table->heading.cells[i];

		if (row->cells[i].text == NULL)
			continue;
		buffer_spaces(buffer, 2);
		buffer_append(buffer, heading->text, heading->length);
		buffer_spaces(buffer, width - heading->columns + BETWEEN);
		buffer_append(buffer, row->cells[i].text, row->cells[i].length);
		buffer_text(buffer, "\n");
	}
}

/* Without what the last column has beyond its heading, for that may be cut off. */
static size_t
least_width(const struct table *table)
{
	size_t width = table->heading.cells[table->n_columns - 1].columns;

	for (size_t i = 0; i + 1 < table->n_columns; i++)
		width += column_width(table, i) + BETWEEN;
	return width;
}

static void
print_rows(const struct table *table, struct buffer *buffer)
{
	struct buffer lines = { 0 };

	print_row(table, &table->heading, INK_DIM, &lines);
	for (size_t i = 0; i < table->n_rows; i++)
		print_row(table, &table->rows[i], INK_BOLD, &lines);
	text_append_fitting(buffer, &lines, terminal_columns());
	buffer_free(&lines);
}

void
table_print(const struct table *table, struct buffer *buffer)
{
	if (table->n_rows == 0)
		return;
	if (least_width(table) <= terminal_columns()) {
		print_rows(table, buffer);
		return;
	}
	for (size_t i = 0; i < table->n_rows; i++)
		print_block(table, &table->rows[i], buffer);
}

#include "config/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/document.h"

void
report_free(struct report *report)
{
	pool_free(&report->pool);
	free(report->entries);
	*report = (struct report){ 0 };
}

bool
report_empty(const struct report *report)
{
	return report->count == 0 && !report->no_memory;
}

static size_t
escaped_length(const char *name)
{
	size_t length = strlen(name);

	for (; *name != '\0'; name++)
		length += *name == '~' || *name == '/';
	return length;
}

static size_t
place_length(const struct place *place)
{
	size_t length = 0;

	for (; place != NULL; place = place->parent)
		length += 1 + (place->name != NULL ? escaped_length(place->name) : 20);
	return length;
}

/* RFC 6901, 3: ~ is ~0, / is ~1. */
static char *
name_escape(char *to, const char *name)
{
	for (; *name != '\0'; name++) {
		*to = *name == '/' || *name == '~' ? '~' : *name;
		if (*to++ == '~')
			*to++ = *name == '/' ? '1' : '0';
	}
	return to;
}

static char *
place_write(char *to, const struct place *place)
{
	if (place == NULL)
		return to;
	to = place_write(to, place->parent);
	*to++ = '/';
	if (place->name == NULL)
		return to + sprintf(to, "%zu", place->index);
	return name_escape(to, place->name);
}

const char *
place_pointer(struct pool *pool, const struct place *place, const char *below)
{
	size_t size = place_length(place) + strlen(below) + 2;
	char *pointer = pool_alloc(pool, size), *to;

	if (pointer == NULL)
		return NULL;
	to = place_write(pointer, place);
	if (below[0] != '/' && below[0] != '\0')
		*to++ = '/';
	memcpy(to, below, strlen(below) + 1);
	return pointer;
}

static struct report_entry *
entry_add(struct report *report)
{
	size_t room = report->room * 2 + 8;
	struct report_entry *entries;

	if (report->count == REPORT_MAX) {
		report->more++;
		return NULL;
	}
	if (report->count == report->room) {
		entries = realloc(report->entries, room * sizeof *entries);
		if (entries == NULL) {
			report->no_memory = true;
			return NULL;
		}
		report->entries = entries;
		report->room = room;
	}
	entries = &report->entries[report->count];
	*entries = (struct report_entry){ .order = report->count++, .pointer = "" };
	return entries;
}

static void
entry_message(struct report *report, struct report_entry *entry, const char *format, va_list args)
{
	entry->message = pool_vprintf(&report->pool, format, args);
	if (entry->message == NULL || entry->pointer == NULL)
		report->no_memory = true;
}

void
report_add(struct report *report, const struct place *place, enum report_at at, const char *format,
    ...)
{
	struct report_entry *entry = entry_add(report);
	va_list args;

	if (entry == NULL)
		return;
	entry->pointer = place_pointer(&report->pool, place, "");
	entry->at = at;
	va_start(args, format);
	entry_message(report, entry, format, args);
	va_end(args);
}

void
report_add_member(struct report *report, const struct place *place, const char *member,
    const char *format, va_list args)
{
	struct report_entry *entry = entry_add(report);

	if (entry == NULL)
		return;
	entry->pointer = place_pointer(&report->pool, place, member);
	entry_message(report, entry, format, args);
}

void
report_add_offset(struct report *report, size_t file, size_t offset, const char *pointer,
    const char *format, ...)
{
	struct report_entry *entry = entry_add(report);
	va_list args;

	if (entry == NULL)
		return;
	entry->pointer = pool_text(&report->pool, pointer, strlen(pointer));
	entry->fixed = true;
	entry->file = file;
	entry->offset = offset;
	va_start(args, format);
	entry_message(report, entry, format, args);
	va_end(args);
}

void
report_add_file(struct report *report, size_t file, const char *format, ...)
{
	struct report_entry *entry = entry_add(report);
	va_list args;

	if (entry == NULL)
		return;
	entry->fixed = entry->whole_file = true;
	entry->file = file;
	va_start(args, format);
	entry_message(report, entry, format, args);
	va_end(args);
}

/* ------------------------------------------------------------- the result */

struct error_list {
	struct config_errors errors;
	struct pool pool;
};

static int
by_place(const void *left, const void *right)
{
	const struct report_entry *a = left, *b = right;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Where counting lines has come to, in one file. */
struct cursor {
	const struct document_file *file;
	size_t offset;
	unsigned int line, column;
};

static void
cursor_move(struct cursor *cursor, const struct document_file *file, size_t offset)
{
	unsigned int line, column;

	if (cursor->file != file)
		*cursor = (struct cursor){ .file = file, .line = 1, .column = 1 };
	json_line_column(file->text + cursor->offset, offset - cursor->offset, &line, &column);
	cursor->column = line > 1 ? column : cursor->column + column - 1;
	cursor->line += line - 1;
	cursor->offset = offset;
}

static int
errors_fill(struct error_list *list, const struct report *report, const struct document *document)
{
	struct config_error *items = pool_alloc(&list->pool, report->count * sizeof *items);
	struct cursor cursor = { 0 };

	if (items == NULL)
		return -1;
	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *entry = &report->entries[i];
		const struct document_file *file = &document->files[entry->file];

		items[i].file = pool_text(&list->pool, file->name, strlen(file->name));
		if (items[i].file == NULL)
			return -1;
		items[i].pointer = entry->pointer;
		items[i].message = entry->message;
		if (entry->whole_file)
			continue;
		cursor_move(&cursor, file, entry->offset);
		items[i].line = cursor.line;
		items[i].column = cursor.column;
	}
	list->errors = (struct config_errors){ items, report->count, report->more };
	return 0;
}

struct config_errors *
report_finish(struct report *report, const struct document *document)
{
	struct error_list *list = calloc(1, sizeof *list);

	if (list == NULL || report->no_memory)
		goto no_memory;
	for (size_t i = 0; i < report->count; i++) {
		struct report_entry *entry = &report->entries[i];

		if (!entry->fixed)
			document_locate(document, entry->pointer, entry->at, &entry->file,
			    &entry->offset);
	}
	qsort(report->entries, report->count, sizeof *report->entries, by_place);
	list->pool = report->pool;
	report->pool = (struct pool){ 0 };
	if (errors_fill(list, report, document) < 0)
		goto no_memory;
	report_free(report);
	return &list->errors;
no_memory:
	if (list != NULL)
		config_errors_free(&list->errors);
	report_free(report);
	return NULL;
}

void
config_errors_free(struct config_errors *errors)
{
	struct error_list *list = (struct error_list *)errors;   /* its first member */

	if (list == NULL)
		return;
	pool_free(&list->pool);
	free(list);
}

/* A pointer or message may quote what a file says: control characters would break the line. */
static void
write_plain(const char *text, FILE *to)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			fprintf(to, "\\u%04x", (unsigned int)*text);
		else
			fputc(*text, to);
	}
}

void
config_errors_write(const struct config_errors *errors, FILE *to)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct config_error *error = &errors->items[i];

		fprintf(to, "%s:", error->file);
		if (error->line > 0)
			fprintf(to, "%u:%u:", error->line, error->column);
		if (error->pointer[0] != '\0') {
			fputc(' ', to);
			write_plain(error->pointer, to);
			fputc(':', to);
		}
		fputc(' ', to);
		write_plain(error->message, to);
		fputc('\n', to);
	}
	if (errors->more > 0)
		fprintf(to, "and %zu more errors\n", errors->more);
}

char *
config_errors_text(const struct config_errors *errors)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	if (to == NULL)
		return NULL;
	config_errors_write(errors, to);
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

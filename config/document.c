#include "config/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* Adds an empty file; takes the name over. */
static struct document_file *
file_add(struct document *document, char *name)
{
	struct document_file *files;

	if (name == NULL)
		return NULL;
	if (document->count == document->room) {
		files = realloc(document->files, (document->room * 2 + 4) * sizeof *files);
		if (files == NULL) {
			free(name);
			return NULL;
		}
		document->files = files;
		document->room = document->room * 2 + 4;
	}
	files = &document->files[document->count++];
	*files = (struct document_file){ .name = name };
	return files;
}

struct repeats {
	struct report *report;
	const struct document_file *file;
	size_t index;
};

static void
repeated(void *context, const char *pointer, size_t first, size_t second)
{
	const struct repeats *repeats = context;
	const char *slash = strrchr(pointer, '/');
	unsigned int line, column;

	json_line_column(repeats->file->text, first, &line, &column);
	report_add_offset(repeats->report, repeats->index, second, pointer,
	    "member \"%s\" is there twice, first in line %u; remove one of them",
	    slash == NULL ? pointer : slash + 1, line);
}

/* The token that a byte of the text belongs to, or the one before it. */
static struct json_span
token_at(const struct document_file *file, size_t offset)
{
	struct json_walk walk;
	struct json_token token, next;

	json_walk_begin(&walk, file->text, file->length);
	token = next = json_walk_next(&walk);
	while (next.kind != JSON_TOKEN_END && (size_t)(next.span.text - file->text) < offset) {
		token = next;
		next = json_walk_next(&walk);
	}
	return token.span;
}

/* What jansson refuses of a text that json_check() has passed; it tells where that ends.  Nothing
 * else can be wrong with it, so any other error (it does not set one wherever it should) is that
 * there is no memory. */
static int
file_refused(const struct document *document, size_t index, const json_error_t *error,
    struct report *report)
{
	const struct document_file *file = &document->files[index];
	struct json_span span = token_at(file, error->position > 0 ? (size_t)error->position : 0);
	const char *message;

	switch (json_error_code(error)) {
	case json_error_numeric_overflow:
		message = "a number out of range: integers have 64 bits, others end at 1.8e308";
		break;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		message = "\\u0000 is no part of any string of a config; remove it";
		break;
	default:
		report->no_memory = true;
		return -ENOMEM;
	}
	report_add_offset(report, index, (size_t)(span.text - file->text), "", "%s", message);
	return -EINVAL;
}

static int
file_parse(struct document *document, size_t index, struct report *report)
{
	struct document_file *file = &document->files[index];
	struct repeats repeats = { report, file, index };
	struct json_checked checked;
	enum json_fault fault = json_check(file->text, file->length, &checked);
	json_error_t error = { 0 };

	if (fault != JSON_FAULT_NONE) {
		report_add_offset(report, index, checked.stop, "", "%s", json_fault_message(fault));
		return -EINVAL;
	}
	if (file->text[checked.begin] != '{') {
		report_add_offset(report, index, checked.begin, "",
		    "must be an object: {\"streams\": {...}, \"sinks\": {...}}");
		return -EINVAL;
	}
	if (positions_map(&file->positions, file->text, file->length, repeated, &repeats) < 0) {
		report->no_memory = true;
		return -ENOMEM;
	}
	file->json = json_loadb(file->text, file->length, 0, &error);
	if (file->json == NULL)
		return file_refused(document, index, &error, report);
	return 0;
}

/* Reads and parses one file; takes the name over. */
static int
file_read(struct document *document, char *name, struct report *report)
{
	struct document_file *file = file_add(document, name);
	size_t index = document->count - 1;
	const char *message;
	int r;

	if (file == NULL) {
		report->no_memory = true;
		return -ENOMEM;
	}
	r = config_read_file(file->name, &file->text, &file->length, &message);
	if (r == 0)
		return file_parse(document, index, report);
	if (r == -ENOMEM)
		report->no_memory = true;
	else if (message != NULL)
		report_add_file(report, index, "%s", message);
	else
		report_add_file(report, index, "cannot be read: %s", strerror(-r));
	return r;
}

static int
merge_all(struct document *document, struct report *report)
{
	json_t *merged = json_object(), *next;

	for (size_t i = 0; i < document->count; i++) {
		next = merge_patch(merged, document->files[i].json);
		json_decref(merged);
		merged = next;
	}
	if (merged == NULL) {
		report->no_memory = true;
		return -ENOMEM;
	}
	document->root = merged;
	return 0;
}

/* All files of the folder, though some are wrong: the first error counts. */
static int
folder_read(struct document *document, char **paths, struct report *report)
{
	int r = 0, one;

	for (char **path = paths; *path != NULL; path++) {
		one = file_read(document, strdup(*path), report);
		if (r == 0)
			r = one;
	}
	return r;
}

static int
folder_refused(struct document *document, char *name, int error, struct report *report)
{
	if (error == -ENOMEM || file_add(document, name) == NULL) {
		if (error == -ENOMEM)
			free(name);
		report->no_memory = true;
		return -ENOMEM;
	}
	report_add_file(report, document->count - 1, "the folder cannot be read: %s",
	    strerror(-error));
	return error;
}

int
document_read(struct document *document, const char *path, struct report *report)
{
	size_t length = strlen(path);
	char **paths, *folder = malloc(length + 3);
	int r, r_folder;

	if (folder == NULL) {
		report->no_memory = true;
		return -ENOMEM;
	}
	memcpy(folder, path, length);
	memcpy(folder + length, ".d", 3);
	r = file_read(document, strdup(path), report);
	r_folder = config_read_folder(folder, &paths);
	if (r_folder < 0) {
		r_folder = folder_refused(document, folder, r_folder, report);
	} else {
		r_folder = folder_read(document, paths, report);
		config_read_folder_free(paths);
		free(folder);
	}
	if (r == 0)
		r = r_folder;
	if (report->no_memory)
		return -ENOMEM;
	return r < 0 ? r : merge_all(document, report);
}

int
document_read_text(struct document *document, const char *name, const char *text, size_t length,
    struct report *report)
{
	struct document_file *file = file_add(document, strdup(name));
	int r;

	if (file == NULL || (file->text = malloc(length + 1)) == NULL) {
		report->no_memory = true;
		return -ENOMEM;
	}
	memcpy(file->text, text, length);
	file->text[length] = '\0';
	file->length = length;
	r = file_parse(document, document->count - 1, report);
	return r < 0 ? r : merge_all(document, report);
}

void
document_free(struct document *document)
{
	for (size_t i = 0; i < document->count; i++) {
		struct document_file *file = &document->files[i];

		free(file->name);
		free(file->text);
		positions_free(&file->positions);
		json_decref(file->json);
	}
	free(document->files);
	json_decref(document->root);
	*document = (struct document){ 0 };
}

void
document_locate(const struct document *document, const char *pointer, enum report_at at,
    size_t *ret_file, size_t *ret_offset)
{
	struct position_found best = { 0 };
	size_t file = 0;

	for (size_t i = 0; i < document->count; i++) {
		struct position_found found = positions_find(&document->files[i].positions,
		    pointer);

		if (i == 0 || found.depth >= best.depth) {
			best = found;
			file = i;
		}
	}
	*ret_file = file;
	*ret_offset = at == REPORT_AT_KEY && best.depth == SIZE_MAX ? best.key : best.value;
}

/* document.h - the files of a config, read, checked as JSON, and merged (RFC 7396). */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <jansson.h>

#include "config/positions.h"
#include "config/report.h"

struct document_file {
	char *name;
	char *text;                  /* ended by a NUL */
	size_t length;
	struct positions positions;
	json_t *json;                /* NULL: it could not be read or is no JSON object */
};

/* Zeroed: an empty one. */
struct document {
	struct document_file *files;
	size_t count, room;
	json_t *root;                /* merged; NULL after an error */
};

/* Reads PATH and PATH.d/, tells all that is wrong with the files as such, and merges them if
 * nothing is.  0; -EINVAL: a text is wrong; the -errno of a file that could not be read; -ENOMEM.
 */
int document_read(struct document *document, const char *path, struct report *report);

/* The same with one text, which is copied. */
int document_read_text(struct document *document, const char *name, const char *text,
    size_t length, struct report *report);

void document_free(struct document *document);

/* Where the merged value at the pointer was written: the file that says the most of it, the last
 * one of several. */
void document_locate(const struct document *document, const char *pointer, enum report_at at,
    size_t *ret_file, size_t *ret_offset);

/* config/merge.c: target (borrowed, or NULL) changed as patch says, without $schema and $comment;
 * a new reference, or NULL: no memory. */
json_t *merge_patch(json_t *target, json_t *patch);

/* config/read.c: a regular file's text with a NUL behind it, which the caller frees.  -errno, and
 * what is wrong. */
int config_read_file(const char *path, char **ret_text, size_t *ret_length,
    const char **ret_message);

/* config/read.c: the paths of PATH.d's .json files in the order of their names, an array ended by
 * NULL, which the caller frees by config_read_folder_free(); none at all if there is no such
 * folder. -errno. */
int config_read_folder(const char *path, char ***ret);
void config_read_folder_free(char **paths);

#endif
